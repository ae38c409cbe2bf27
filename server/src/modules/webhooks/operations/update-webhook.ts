import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { EventTypes, FormatEvents, Signing, Webhook, WEBHOOK_FORMATS } from '../webhook.ts'
import type { Webhooks } from '../webhooks-service.ts'

export const updateWebhook = defineOperation({
  id: 'webhooks.update',
  method: 'PATCH',
  path: '/v1/webhooks/{webhookId}',
  summary: 'Change, enable or disable a webhook endpoint',
  description:
    'What waited while it was disabled is sent when it is enabled, if it is not older than seven days.',
  scope: 'webhooks:write',
  risk: 'write',
  stepUpSeconds: 300,
  audit: 'webhook.changed',
  faults: ['invalid_request', 'not_found', 'conflict', 'unavailable'],
  status: 200,
  input: z.strictObject({
    webhookId: z.string(),
    url: z.string().min(1).max(2048).optional(),
    description: z.string().trim().max(500).optional().describe('An empty text removes it.'),
    eventTypes: EventTypes.optional(),
    format: z
      .enum(WEBHOOK_FORMATS)
      .optional()
      .describe(
        'A format with secrets of another kind gets a new one: rotate it to see one. What the format cannot tell falls away from eventTypes.',
      ),
    formatEvents: FormatEvents.optional(),
    signing: Signing.optional(),
    state: z.enum(['enabled', 'disabled']).optional(),
  }),
  output: Webhook,
  handle: (context: OperationContext<{ webhooks: Webhooks }>, { webhookId, ...change }) =>
    context.services.webhooks.update(context, idOf('webhook', webhookId), change),
})
