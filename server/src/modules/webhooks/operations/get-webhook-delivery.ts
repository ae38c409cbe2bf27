import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { WebhookDeliveryDetail } from '../webhook.ts'
import type { Webhooks } from '../webhooks-service.ts'

export const getWebhookDelivery = defineOperation({
  id: 'webhooks.delivery',
  method: 'GET',
  path: '/v1/webhooks/{webhookId}/deliveries/{deliveryId}',
  summary: 'Show what was sent to an endpoint and what it answered',
  description:
    'The body of an event of a message needs the scope messages:read too, that of a record of the audit log audit:read; without it there is none.',
  scope: 'webhooks:read',
  risk: 'read',
  audit: 'webhook.delivery_read',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ webhookId: z.string(), deliveryId: z.string() }),
  output: WebhookDeliveryDetail,
  handle: (context: OperationContext<{ webhooks: Webhooks }>, input) =>
    context.services.webhooks.delivery(
      context,
      idOf('webhook', input.webhookId),
      idOf('delivery', input.deliveryId),
    ),
})
