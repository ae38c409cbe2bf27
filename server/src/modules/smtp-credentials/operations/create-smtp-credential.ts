import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { SmtpCredentialWithSecret } from '../smtp-credential.ts'
import type { SmtpCredentials } from '../smtp-credentials-service.ts'

export const createSmtpCredential = defineOperation({
  id: 'smtpCredentials.create',
  method: 'POST',
  path: '/v1/smtp-credentials',
  summary: 'Make an SMTP user name and password',
  description: 'Both are generated. The password is shown once.',
  scope: 'smtp-credentials:write',
  risk: 'credential',
  audit: 'smtp_credential.created',
  faults: ['invalid_request'],
  status: 201,
  input: z.strictObject({ name: z.string().trim().min(1).max(200).describe('What the credential is for.') }),
  output: SmtpCredentialWithSecret,
  handle: (context: OperationContext<{ smtpCredentials: SmtpCredentials }>, input) =>
    context.services.smtpCredentials.create(context, input),
})
