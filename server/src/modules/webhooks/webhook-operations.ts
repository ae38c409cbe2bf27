import { createWebhook } from './operations/create-webhook.ts'
import { deleteWebhook } from './operations/delete-webhook.ts'
import { getWebhook } from './operations/get-webhook.ts'
import { getWebhookDelivery } from './operations/get-webhook-delivery.ts'
import { getWebhookVerification } from './operations/get-webhook-verification.ts'
import { getWebhookStatistics } from './operations/get-webhook-statistics.ts'
import { listMessageDeliveries } from './operations/list-message-deliveries.ts'
import { listWebhookDeliveries } from './operations/list-webhook-deliveries.ts'
import { listWebhooks } from './operations/list-webhooks.ts'
import { replayFailedWebhooks } from './operations/replay-failed-webhooks.ts'
import { replayWebhookDelivery } from './operations/replay-webhook-delivery.ts'
import { rotateWebhookSecret } from './operations/rotate-webhook-secret.ts'
import { testWebhook } from './operations/test-webhook.ts'
import { updateWebhook } from './operations/update-webhook.ts'

export const webhookOperations = [
  createWebhook,
  listWebhooks,
  getWebhook,
  updateWebhook,
  deleteWebhook,
  rotateWebhookSecret,
  getWebhookStatistics,
  getWebhookVerification,
  listWebhookDeliveries,
  listMessageDeliveries,
  getWebhookDelivery,
  replayFailedWebhooks,
  replayWebhookDelivery,
  testWebhook,
]
