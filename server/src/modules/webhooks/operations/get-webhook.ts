import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Webhook } from '../webhook.ts'
import type { Webhooks } from '../webhooks-service.ts'

export const getWebhook = defineOperation({
  id: 'webhooks.get',
  method: 'GET',
  path: '/v1/webhooks/{webhookId}',
  summary: 'Show a webhook endpoint',
  scope: 'webhooks:read',
  risk: 'read',
  audit: 'webhook.read',
  faults: ['not_found'],
  status: 200,
  input: z.strictObject({ webhookId: z.string() }),
  output: Webhook,
  handle: (context: OperationContext<{ webhooks: Webhooks }>, input) =>
    context.services.webhooks.get(context, idOf('webhook', input.webhookId)),
})
