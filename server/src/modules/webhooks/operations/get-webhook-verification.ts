import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { WebhookVerification } from '../webhook.ts'
import type { Webhooks } from '../webhooks-service.ts'

export const getWebhookVerification = defineOperation({
  id: 'webhooks.getVerification',
  method: 'GET',
  path: '/v1/webhooks/{webhookId}/verification',
  summary: 'Show what the requests of an endpoint are verified with',
  description: 'No secret: those are shown where they are made.',
  scope: 'webhooks:read',
  risk: 'read',
  audit: 'webhook.verification_read',
  faults: ['not_found'],
  status: 200,
  input: z.strictObject({ webhookId: z.string() }),
  output: WebhookVerification,
  handle: (context: OperationContext<{ webhooks: Webhooks }>, input) =>
    context.services.webhooks.verification(context, idOf('webhook', input.webhookId)),
})
