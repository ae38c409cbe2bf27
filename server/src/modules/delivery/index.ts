/**
 * Delivery: the engine that takes queue rows to their outcome.
 *
 * Claims and settles the table queue, writes outcome, event and suppression (all through functions of the engine schema), owns
 * worker_lease and the local journals. Emits message.delivered, .deferred, .bounced, .expired, .suppressed, .uncertain.
 * Invariants: a row is settled by the lease that holds it or not at all; a reply is journalled before its connection takes the
 * next message; no reply after the final dot is uncertain, never silently sent twice; no network wait inside a transaction.
 */
export { createDeliveryStore } from './delivery-store.ts'
export { journalDirectoryOf, startEngine, type Engine, type EngineDependencies } from './engine.ts'
export { createDeliveryObserver, type DeliveryObserver } from './observer.ts'
export { startSharedClock } from './shared-clock.ts'
export { createSiteFinder, type Outbound, type SiteDependencies } from './sites.ts'
