import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { SmtpCredential } from '../smtp-credential.ts'
import type { SmtpCredentials } from '../smtp-credentials-service.ts'

export const listSmtpCredentials = defineOperation({
  id: 'smtpCredentials.list',
  method: 'GET',
  path: '/v1/smtp-credentials',
  summary: 'List SMTP credentials, newest first',
  description: 'Revoked ones stay in the list. Passwords are never shown.',
  scope: 'smtp-credentials:read',
  risk: 'read',
  audit: 'smtp_credential.listed',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(SmtpCredential),
  handle: (context: OperationContext<{ smtpCredentials: SmtpCredentials }>, input) =>
    context.services.smtpCredentials.list(context, input),
})
