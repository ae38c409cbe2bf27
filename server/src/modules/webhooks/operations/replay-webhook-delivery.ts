import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { WebhookDelivery } from '../webhook.ts'
import type { Webhooks } from '../webhooks-service.ts'

export const replayWebhookDelivery = defineOperation({
  id: 'webhooks.replay',
  method: 'POST',
  path: '/v1/webhooks/{webhookId}/deliveries/{deliveryId}/replay',
  summary: 'Deliver an event again',
  description: 'It keeps its webhook-id, so that a receiver can tell that it had it before.',
  scope: 'webhooks:write',
  risk: 'write',
  audit: 'webhook.replayed',
  faults: ['not_found', 'conflict'],
  status: 202,
  input: z.strictObject({ webhookId: z.string(), deliveryId: z.string() }),
  output: WebhookDelivery,
  handle: (context: OperationContext<{ webhooks: Webhooks }>, input) =>
    context.services.webhooks.replay(
      context,
      idOf('webhook', input.webhookId),
      idOf('delivery', input.deliveryId),
    ),
})
