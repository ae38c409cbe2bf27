/**
 * Epochs of a workspace: every credential of a kind ended at once.
 *
 * Tables owned: none; security/epochs has the floors. Events: none; audit `epoch.bumped`.
 * Invariants: what it costs does not depend on how many credentials there are; a workspace reaches itself and no other.
 */
export { createEpochs } from './epochs-service.ts'
export type { Epochs } from './epochs-service.ts'
export { epochOperations } from './epoch-operations.ts'
