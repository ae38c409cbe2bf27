/**
 * Suppressions: addresses that a workspace must not mail.
 *
 * Tables owned: suppression (the engine adds to it on hard bounces; bounces, complaints and unsubscribes through engine.suppress_with),
 * suppression_import, suppression_refusal, suppression_exemption (asked by a trigger of suppression). Events: none; audit `suppression.added`,
 * `.changed`, `.removed`, `.withdrawn`, `suppression_exemption.*`, `suppression_import.*`.
 * Invariants: an address is listed once and found by its blind index; it and its note are stored sealed and opened with the reason on
 * record; adding, importing and reporting never let anything through that was stopped; an import takes each line once.
 */
export { createSuppressions, sealReadableNotes } from './suppressions-service.ts'
export type { Suppressions } from './suppressions-service.ts'
export { createSuppressionExemptions } from './exemptions-service.ts'
export type { SuppressionExemptions } from './exemptions-service.ts'
export { addExemption, deleteExemption, listExemptions } from './operations/exemptions.ts'
export { createSuppressionImports } from './imports-service.ts'
export type { SuppressionImports } from './imports-service.ts'
export { addressForEntry } from './carried-address.ts'
export { findOptOut, keepOptOut, optOutEntry } from './opt-out.ts'
export { startSuppressionUpkeep } from './suppression-upkeep.ts'
export { addSuppression } from './operations/add-suppression.ts'
export { deleteSuppressionByEmail } from './operations/delete-suppression-by-email.ts'
export { deleteSuppression } from './operations/delete-suppression.ts'
export { getSuppression } from './operations/get-suppression.ts'
export { listSuppressions } from './operations/list-suppressions.ts'
export { withdrawSuppressions } from './operations/withdraw-suppressions.ts'
export { suppressionOperations } from './suppression-operations.ts'
export { Suppression } from './suppression.ts'
