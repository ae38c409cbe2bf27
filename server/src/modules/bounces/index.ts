/**
 * Bounces and complaints: what comes back after another server took the mail, and what a refusal means, in a session or in a report.
 *
 * Tables owned: bounce_report. Events: `message.returned`, `message.complained`, `message.unsubscribed`; audit `bounces.read`,
 * `quarantine.listed` and their like. Invariants: nothing is taken for a return path without our MAC; a report and what follows from it are
 * one commit; the same report twice changes nothing; only what is permanent and the recipient's own suppresses an address; what is
 * read from strangers is bounded and is read by the process that opens nothing.
 */
export { bounceOperations } from './bounce-operations.ts'
export { createBounces } from './bounces-service.ts'
export type { Bounces } from './bounces-service.ts'
export { BOUNCE_CLASSES, classifyRefusal } from './classify.ts'
export type { BounceClass, Classification, Refusal } from './classify.ts'
export { createBounceMetrics, type BounceMetrics } from './bounce-metrics.ts'
export { createBounceDoor } from './intake.ts'
export type { BounceDoor, BounceDoorDeps } from './intake.ts'
export { startReportUpkeep } from './report-upkeep.ts'
