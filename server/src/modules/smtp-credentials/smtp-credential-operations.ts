import { createSmtpCredential } from './operations/create-smtp-credential.ts'
import { listSmtpCredentials } from './operations/list-smtp-credentials.ts'
import { revokeSmtpCredential } from './operations/revoke-smtp-credential.ts'
import { rotateSmtpCredential } from './operations/rotate-smtp-credential.ts'

export const smtpCredentialOperations = [
  createSmtpCredential,
  listSmtpCredentials,
  rotateSmtpCredential,
  revokeSmtpCredential,
]
