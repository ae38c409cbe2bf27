import { z } from 'zod'
import { idOf } from '../../../platform/http/listing.ts'
import { defineOperation } from '../../../platform/http/operation.ts'
import type { OperationContext } from '../../../platform/http/operation.ts'
import { WebhookStatistics } from '../webhook.ts'
import type { Webhooks } from '../webhooks-service.ts'

export const getWebhookStatistics = defineOperation({
  id: 'webhooks.statistics',
  method: 'GET',
  path: '/v1/webhooks/{webhookId}/statistics',
  summary: 'Show how deliveries to an endpoint went over time',
  scope: 'webhooks:read',
  risk: 'read',
  audit: 'webhook.statistics_read',
  faults: ['invalid_request', 'not_found'],
  status: 200,
  input: z.strictObject({
    webhookId: z.string(),
    period: z
      .enum(['24h', '7d'])
      .default('24h')
      .describe('24h in bins of 30 minutes, 7d in bins of 4 hours.'),
  }),
  output: WebhookStatistics,
  handle: (context: OperationContext<{ webhooks: Webhooks }>, input) =>
    context.services.webhooks.statistics(context, idOf('webhook', input.webhookId), input.period),
})
