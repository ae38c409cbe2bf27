import { z } from 'zod'
import { listInput, pageOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { Webhook } from '../webhook.ts'
import type { Webhooks } from '../webhooks-service.ts'

export const listWebhooks = defineOperation({
  id: 'webhooks.list',
  method: 'GET',
  path: '/v1/webhooks',
  summary: 'List webhook endpoints, newest first',
  scope: 'webhooks:read',
  risk: 'read',
  audit: 'webhook.listed',
  faults: ['invalid_request'],
  status: 200,
  input: z.strictObject(listInput),
  output: pageOf(Webhook),
  handle: (context: OperationContext<{ webhooks: Webhooks }>, input) =>
    context.services.webhooks.list(context, input),
})
