/**
 * Webhook endpoints: where a workspace wants its events, and what became of each delivery.
 *
 * Tables owned: webhook_endpoint, webhook_delivery (the engine adds deliveries in the transaction of their event).
 * Events: none; audit `webhook.created`, `.changed`, `.deleted`, `.secret_rotated`, `.tested`, `.replayed`.
 * Invariants: a secret is shown once and sealed by the keyring; after a rotation both secrets sign for 24 hours; deliveries are
 * at least once, tried eleven times within a day; an endpoint that took nothing in all that time, or answers 410, is disabled and
 * says why; connections go only to addresses that were checked, redirects are not followed; an endpoint that hangs holds up itself only.
 */
export { createWebhooks } from './webhooks-service.ts'
export type { Webhooks } from './webhooks-service.ts'
export { createWebhookDispatcher } from './dispatcher.ts'
export { webhookOperations } from './webhook-operations.ts'
export type { ClaimedDelivery, DispatchStore } from './dispatch-store.ts'
export type { TrySettlement } from './schedule.ts'
export { SECURITY_EVENT } from './webhook.ts'
