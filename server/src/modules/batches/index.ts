/**
 * Batches: messages that are paused or cancelled together.
 *
 * Tables owned: batch, operations.stop (shared with subaccounts), rows of operations.pause that stops name. Events: message.held, .released,
 * .cancelled of what is stopped; audit `batch.*`. Invariants: a stop holds from its commit, also for what is accepted later, because claims ask it
 * and nobody else; what waits is cancelled when it would have gone and not before, so that a cancellation is taken back until then; whoever
 * stops or gives back, each recipient has one outcome.
 */
export { createBatches } from './batches-service.ts'
export type { Batches } from './batches-service.ts'
export { startStops } from './stops-worker.ts'
export { workStops } from './stops-store.ts'
export { batchOperations } from './batch-operations.ts'
export { createBatch, getBatch, listBatches, updateBatch } from './operations/batches.ts'
