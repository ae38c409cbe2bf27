/**
 * Webhook endpoints: where a workspace wants its events, and what became of each delivery.
 *
 * Tables owned: webhook_endpoint, webhook_delivery (the engine adds deliveries in the transaction of their event).
 * Events: none; audit `webhook.created`, `.changed`, `.deleted`, `.secret_rotated`, `.tested`, `.replayed`, `.failed_replayed`.
 * Invariants: a secret is shown once and sealed by the keyring; after a rotation both secrets sign for 24 hours, where a format has room
 * for two; a vendor's format tells of messages only, in its own words, and what it has no word for is not sent; deliveries are
 * at least once, tried eleven times within a day; an endpoint that took nothing in all that time, or answers 410, is disabled and
 * says why; connections go only to addresses that were checked, redirects are not followed; an endpoint that hangs holds up itself only.
 */
export { createWebhooks } from './webhooks-service.ts'
export type { Webhooks } from './webhooks-service.ts'
export { createWebhookObserver } from './webhook-observer.ts'
export { createWebhookDispatcher } from './dispatcher.ts'
export { createWebhook } from './operations/create-webhook.ts'
export { deleteWebhook } from './operations/delete-webhook.ts'
export { getWebhookVerification } from './operations/get-webhook-verification.ts'
export { getWebhook } from './operations/get-webhook.ts'
export { listWebhooks } from './operations/list-webhooks.ts'
export { rotateWebhookSecret } from './operations/rotate-webhook-secret.ts'
export { testWebhook } from './operations/test-webhook.ts'
export { updateWebhook } from './operations/update-webhook.ts'
export { namesTold } from './told.ts'
export { webhookOperations } from './webhook-operations.ts'
export { getWebhookStatistics } from './operations/get-webhook-statistics.ts'
export { listWebhookDeliveries } from './operations/list-webhook-deliveries.ts'
export type { ClaimedDelivery, DispatchStore } from './dispatch-store.ts'
export type { TrySettlement } from './schedule.ts'
export { endpointUrl, SECURITY_EVENT, type WebhookFormat } from './webhook.ts'
export { newSigningSecret, sendgridHeaders } from './signing.ts'
export { mandrillMessageId, readMandrillMessageId, sendgridRequestId } from './vendor-ids.ts'
