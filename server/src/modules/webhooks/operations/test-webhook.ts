import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { WebhookDelivery } from '../webhook.ts'
import type { Webhooks } from '../webhooks-service.ts'

export const testWebhook = defineOperation({
  id: 'webhooks.test',
  method: 'POST',
  path: '/v1/webhooks/{webhookId}/test',
  summary: 'Send a test event',
  description:
    'An event of the type webhook.test; in the format of a vendor samples of its events, as the vendor sends. See what became of it in the deliveries.',
  scope: 'webhooks:write',
  risk: 'write',
  audit: 'webhook.tested',
  faults: ['not_found', 'conflict'],
  status: 202,
  input: z.strictObject({ webhookId: z.string() }),
  output: WebhookDelivery,
  handle: (context: OperationContext<{ webhooks: Webhooks }>, input) =>
    context.services.webhooks.test(context, idOf('webhook', input.webhookId)),
})
