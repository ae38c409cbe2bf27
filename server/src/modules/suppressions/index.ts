/**
 * Suppressions: addresses that a workspace must not mail.
 *
 * Tables owned: suppression (the engine adds to it on hard bounces). Events: none; audit `suppression.added`, `suppression.removed`.
 * Invariants: an address is listed once and found by its blind index; it and its note are stored sealed and opened for display only, with the
 * reason on record; the first entry with its evidence stays when an address is added again.
 */
export { createSuppressions, sealReadableNotes } from './suppressions-service.ts'
export type { Suppressions } from './suppressions-service.ts'
export { suppressionOperations } from './suppression-operations.ts'
