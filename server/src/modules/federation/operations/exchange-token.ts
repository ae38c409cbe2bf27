import { z } from 'zod'
import { Instant } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Federation } from '../federation-service.ts'
import { TOKEN_CHARS_MAX } from '../workload-token.ts'

export const exchangeToken = defineOperation({
  id: 'federation.exchange',
  method: 'POST',
  path: '/v1/federation/token',
  summary: 'Exchange the token of a workload for a key',
  description:
    'Takes no authentication but the token. It is exchanged once; every refusal reads the same, and the log of the installation says what was wrong.',
  scope: 'public',
  risk: 'credential',
  audit: 'federation.exchanged',
  faults: ['invalid_request', 'unauthenticated', 'contained', 'too_many_requests', 'unavailable'],
  status: 200,
  input: z.strictObject({
    rule: z.string().min(1).max(100).describe('The id of the rule, fdr_….'),
    token: z.string().min(1).max(TOKEN_CHARS_MAX).describe('The OpenID Connect token of the workload.'),
  }),
  output: z.object({
    key: z.string().describe('The key. It is shown this once and cannot be shown again.'),
    id: z.string(),
    workspaceId: z.string(),
    scopes: z.array(z.string()),
    expiresAt: Instant,
  }),
  handle: (context: OperationContext<{ federation: Federation }>, input) =>
    context.services.federation.exchange(input.rule, input.token, context.client.address),
})
