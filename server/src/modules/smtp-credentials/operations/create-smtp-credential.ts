import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { boundsInput } from '../../../security/access/index.ts'
import { SmtpCredentialWithSecret } from '../smtp-credential.ts'
import type { SmtpCredentials } from '../smtp-credentials-service.ts'

export const createSmtpCredential = defineOperation({
  id: 'smtpCredentials.create',
  method: 'POST',
  path: '/v1/smtp-credentials',
  summary: 'Make an SMTP user name and password',
  description:
    'Both are generated. The password is shown once. It sends, so whoever asks needs messages:send, and it reaches at most as far: networks, senders and end.',
  scope: 'smtp-credentials:write',
  risk: 'credential',
  audit: 'smtp_credential.created',
  faults: ['invalid_request', 'missing_scope'],
  status: 201,
  input: z.strictObject({
    name: z.string().trim().min(1).max(200).describe('What the credential is for.'),
    ...boundsInput,
    expiresAt: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('Default: that of the key that asks, or never.'),
  }),
  output: SmtpCredentialWithSecret,
  handle: (context: OperationContext<{ smtpCredentials: SmtpCredentials }>, input) =>
    context.services.smtpCredentials.create(context, {
      ...input,
      expiresAt: input.expiresAt === undefined ? undefined : new Date(input.expiresAt),
    }),
})
