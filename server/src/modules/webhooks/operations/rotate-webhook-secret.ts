import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { WebhookWithSecret } from '../webhook.ts'
import type { Webhooks } from '../webhooks-service.ts'

export const rotateWebhookSecret = defineOperation({
  id: 'webhooks.rotateSecret',
  method: 'POST',
  path: '/v1/webhooks/{webhookId}/rotate-secret',
  summary: 'Make a new signing secret',
  description:
    'The new secret is shown once. The old one signs as well for 24 hours; in the formats sendgrid and mandrill, whose requests carry one signature, only the new one signs from now on.',
  scope: 'webhooks:write',
  risk: 'credential',
  audit: 'webhook.secret_rotated',
  faults: ['not_found', 'unavailable'],
  status: 200,
  input: z.strictObject({ webhookId: z.string() }),
  output: WebhookWithSecret,
  handle: (context: OperationContext<{ webhooks: Webhooks }>, input) =>
    context.services.webhooks.rotateSecret(context, idOf('webhook', input.webhookId)),
})
