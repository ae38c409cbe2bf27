import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { SmtpCredentials } from '../smtp-credentials-service.ts'

export const revokeSmtpCredential = defineEmptyOperation({
  id: 'smtpCredentials.revoke',
  method: 'DELETE',
  path: '/v1/smtp-credentials/{smtpCredentialId}',
  summary: 'Revoke an SMTP credential',
  description: 'New log-ins fail within a second; open sessions are closed.',
  scope: 'smtp-credentials:write',
  risk: 'safety',
  audit: 'smtp_credential.revoked',
  faults: ['not_found'],
  input: z.strictObject({ smtpCredentialId: z.string() }),
  handle: (context: OperationContext<{ smtpCredentials: SmtpCredentials }>, input) =>
    context.services.smtpCredentials.revoke(context, idOf('smtpCredential', input.smtpCredentialId)),
})
