/**
 * Containments: cutting off what is suspicious, for a time, with a reason, and lifting it by two people.
 *
 * Tables owned: containment, containment_approval, written by functions of the engine only. Events: containment.changed to the workspace's
 * webhooks; audit `containment.contained`, `containment.lift_requested`, `containment.lifted`, `containment.expired`, written by the engine
 * in the act's transaction. Invariants: when create answers, nothing contained commits any more; a containment changes nothing but itself,
 * so that a lift restores exactly what was; what staff contained only staff lift; only who was there before lifts, and never alone.
 */
export { shownActor } from './containment.ts'
export { createContainments } from './containments-service.ts'
export type { Containments } from './containments-service.ts'
export { containmentOperations } from './containment-operations.ts'
