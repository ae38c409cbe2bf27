import { z } from 'zod'
import { idOf, listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { DELIVERY_TYPES, WebhookDelivery } from '../webhook.ts'
import type { Webhooks } from '../webhooks-service.ts'

export const listWebhookDeliveries = defineOperation({
  id: 'webhooks.deliveries',
  method: 'GET',
  path: '/v1/webhooks/{webhookId}/deliveries',
  summary: 'List deliveries of an endpoint',
  description:
    'In the order of their commits this is also a pull feed: go on from the cursor of the last delivery you have seen, and none is missed. Deliveries are kept for seven days.',
  scope: 'webhooks:read',
  risk: 'read',
  audit: 'webhook.deliveries_listed',
  faults: ['invalid_request', 'not_found'],
  status: 200,
  input: z.strictObject({
    webhookId: z.string(),
    ...listInput,
    order: z
      .enum(['oldest', 'newest'])
      .default('oldest')
      .describe('newest: for people; what is committed later than the first page is not in the list.'),
    state: z.enum(['pending', 'delivered', 'failed']).optional(),
    type: z.enum(DELIVERY_TYPES).optional(),
    since: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('Deliveries of events of this time or later.'),
  }),
  output: pageOf(WebhookDelivery),
  handle: (context: OperationContext<{ webhooks: Webhooks }>, { webhookId, ...query }) =>
    context.services.webhooks.deliveries(context, idOf('webhook', webhookId), query),
})
