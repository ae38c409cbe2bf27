import { z } from 'zod'
import { Instant } from '../../../platform/http/listing.ts'
import { defineEmptyOperation, defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Staff } from '../staff-service.ts'
import { Why } from '../staff.ts'

type Context = OperationContext<{ staff: Staff }>

export const staffBumpEpoch = defineOperation({
  id: 'staffEpochs.bump',
  method: 'POST',
  path: '/v1/epochs',
  summary: 'End every credential of a kind, of a workspace or of all',
  description:
    'What was made until now is dead within a second. Staff keys are not reached: the operator revokes them one by one.',
  scope: 'credentials:kill',
  risk: 'safety',
  audit: 'epoch.bumped',
  faults: ['invalid_request', 'not_found'],
  status: 201,
  input: z.strictObject({
    scope: z.enum(['installation', 'workspace']),
    workspaceId: z.string().optional().describe('Needed for the scope workspace.'),
    class: z.enum(['any', 'session', 'api_key', 'smtp_credential']),
    reason: Why,
  }),
  output: z.object({ floor: z.number().int(), bumpedAt: Instant }),
  handle: (context: Context, input) => context.services.staff.bumpEpoch(context.actor, input),
})

export const staffRevokeCredential = defineEmptyOperation({
  id: 'staffCredentials.revoke',
  method: 'POST',
  path: '/v1/credentials/revoke',
  summary: 'Revoke an API key or an SMTP credential of any workspace',
  description: 'The workspace sees it in its audit stream, with the reason.',
  scope: 'credentials:kill',
  risk: 'safety',
  audit: ['api_key.revoked', 'smtp_credential.revoked'],
  faults: ['invalid_request', 'not_found'],
  input: z.strictObject({ credentialId: z.string().describe('key_… or smtp_….'), reason: Why }),
  handle: (context: Context, input) =>
    context.services.staff.revokeCredential(context.actor, input.credentialId, input.reason),
})
