import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { WantedLimit } from '../limit.ts'
import { Quotas, type QuotasService } from '../quotas-service.ts'

type Context = OperationContext<{ quotas: QuotasService }>

const limits = z
  .array(WantedLimit)
  .max(20)
  .describe('All of them: those that are left out end. Empty: none. What was counted stays counted.')

export const setOwnQuotas = defineOperation({
  id: 'quotas.set',
  method: 'PUT',
  path: '/v1/quotas',
  summary: 'Limit what the own workspace sends',
  description:
    'Never above what whoever runs the server allows; those limits hold besides. In force within two seconds.',
  scope: 'policies:write',
  risk: 'write',
  audit: 'quotas.set',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject({ limits }),
  output: Quotas,
  handle: (context: Context, input) => context.services.quotas.setOwn(context, input.limits),
})

export const setWorkspaceQuotas = defineOperation({
  id: 'quotas.setForWorkspace',
  method: 'PUT',
  path: '/v1/workspaces/{workspaceId}/quotas',
  summary: 'Limit what a workspace sends',
  description:
    "Needs the operator's key. The workspace can set lower limits besides, and for its credentials. In force within two seconds.",
  scope: 'workspaces:write',
  risk: 'installation',
  audit: 'quotas.installation_set',
  faults: ['invalid_request', 'not_found'],
  status: 200,
  input: z.strictObject({ workspaceId: z.string(), limits }),
  output: Quotas,
  handle: (context: Context, input) =>
    context.services.quotas.setFor(context.actor, idOf('workspace', input.workspaceId), input.limits),
})

export const setApiKeyQuotas = defineOperation({
  id: 'quotas.setForApiKey',
  method: 'PUT',
  path: '/v1/api-keys/{apiKeyId}/quotas',
  summary: 'Limit what an API key sends',
  description:
    "Never above the workspace's limits, which hold besides. A key that takes its place by rotation has the same limits and the same use.",
  scope: 'api-keys:write',
  risk: 'write',
  audit: 'quotas.credential_set',
  faults: ['invalid_request', 'not_found'],
  status: 200,
  input: z.strictObject({ apiKeyId: z.string(), limits }),
  output: Quotas,
  handle: (context: Context, input) =>
    context.services.quotas.setCredential(context, 'apiKey', idOf('apiKey', input.apiKeyId), input.limits),
})

export const setSmtpCredentialQuotas = defineOperation({
  id: 'quotas.setForSmtpCredential',
  method: 'PUT',
  path: '/v1/smtp-credentials/{smtpCredentialId}/quotas',
  summary: 'Limit what an SMTP credential sends',
  description:
    "Never above the workspace's limits, which hold besides. A credential that takes its place by rotation has the same limits and the same use.",
  scope: 'smtp-credentials:write',
  risk: 'write',
  audit: 'quotas.credential_set',
  faults: ['invalid_request', 'not_found'],
  status: 200,
  input: z.strictObject({ smtpCredentialId: z.string(), limits }),
  output: Quotas,
  handle: (context: Context, input) =>
    context.services.quotas.setCredential(
      context,
      'smtpCredential',
      idOf('smtpCredential', input.smtpCredentialId),
      input.limits,
    ),
})
