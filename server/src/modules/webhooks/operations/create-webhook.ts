import { z } from 'zod'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { EventTypes, FormatEvents, Signing, WEBHOOK_FORMATS, WebhookWithSecret } from '../webhook.ts'
import type { Webhooks } from '../webhooks-service.ts'

export const createWebhook = defineOperation({
  id: 'webhooks.create',
  method: 'POST',
  path: '/v1/webhooks',
  summary: 'Add a webhook endpoint',
  description:
    'Events are signed as Standard Webhooks has it, or in the way of the vendor whose format the endpoint has. The secret is shown once.',
  scope: 'webhooks:write',
  risk: 'credential',
  audit: 'webhook.created',
  faults: ['invalid_request', 'conflict', 'unavailable'],
  status: 201,
  input: z.strictObject({
    url: z.string().min(1).max(2048),
    description: z.string().trim().max(500).optional(),
    eventTypes: EventTypes.default([]),
    format: z.enum(WEBHOOK_FORMATS).default('bulkhead'),
    formatEvents: FormatEvents.optional(),
    signing: Signing.optional(),
  }),
  output: WebhookWithSecret,
  handle: (context: OperationContext<{ webhooks: Webhooks }>, input) =>
    context.services.webhooks.create(context, input),
})
