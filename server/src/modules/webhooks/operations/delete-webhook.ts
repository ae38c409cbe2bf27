import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineEmptyOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import type { Webhooks } from '../webhooks-service.ts'

export const deleteWebhook = defineEmptyOperation({
  id: 'webhooks.delete',
  method: 'DELETE',
  path: '/v1/webhooks/{webhookId}',
  summary: 'Remove a webhook endpoint and its deliveries',
  scope: 'webhooks:write',
  risk: 'write',
  audit: 'webhook.deleted',
  faults: ['not_found'],
  input: z.strictObject({ webhookId: z.string() }),
  handle: (context: OperationContext<{ webhooks: Webhooks }>, input) =>
    context.services.webhooks.remove(context, idOf('webhook', input.webhookId)),
})
