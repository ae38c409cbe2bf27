import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { ReplayedWebhooks } from '../webhook.ts'
import type { Webhooks } from '../webhooks-service.ts'

export const replayFailedWebhooks = defineOperation({
  id: 'webhooks.replayFailed',
  method: 'POST',
  path: '/v1/webhooks/{webhookId}/replay-failed',
  summary: 'Deliver failed events again, the oldest first',
  description:
    'At most limit of them; ask again with until of the answer while left is more than 0. Each keeps its webhook-id and has all its tries anew.',
  scope: 'webhooks:write',
  risk: 'write',
  audit: 'webhook.failed_replayed',
  faults: ['invalid_request', 'not_found', 'conflict'],
  status: 202,
  input: z.strictObject({
    webhookId: z.string(),
    limit: z.int().min(1).max(1_000).default(1_000),
    until: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('Only what had failed at this time. Default: now.'),
  }),
  output: ReplayedWebhooks,
  handle: (context: OperationContext<{ webhooks: Webhooks }>, { webhookId, ...request }) =>
    context.services.webhooks.replayFailed(context, idOf('webhook', webhookId), request),
})
