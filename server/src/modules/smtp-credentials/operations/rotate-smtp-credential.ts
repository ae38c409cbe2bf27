import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { overlapInput } from '../../../security/access/index.ts'
import { SmtpCredentialWithSecret } from '../smtp-credential.ts'
import type { SmtpCredentials } from '../smtp-credentials-service.ts'

export const rotateSmtpCredential = defineOperation({
  id: 'smtpCredentials.rotate',
  method: 'POST',
  path: '/v1/smtp-credentials/{smtpCredentialId}/rotate',
  summary: 'Make a new user name and password in the place of one',
  description:
    'The new one has the same name, networks, senders and expiry. The old one ends after the overlap; open sessions of it are closed then.',
  scope: 'smtp-credentials:write',
  risk: 'credential',
  audit: 'smtp_credential.rotated',
  faults: ['invalid_request', 'missing_scope', 'not_found', 'conflict'],
  status: 201,
  input: z.strictObject({ smtpCredentialId: z.string(), overlapHours: overlapInput }),
  output: SmtpCredentialWithSecret,
  handle: (context: OperationContext<{ smtpCredentials: SmtpCredentials }>, input) =>
    context.services.smtpCredentials.rotate(
      context,
      idOf('smtpCredential', input.smtpCredentialId),
      input.overlapHours,
    ),
})
