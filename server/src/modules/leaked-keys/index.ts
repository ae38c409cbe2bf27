/**
 * Reports of API keys that were found where others can read them: from GitHub's secret scanning (signed by it), or from whoever holds the key.
 *
 * Tables owned: none; engine.report_leaked acts on api_key. Audit: `credential.leaked`, `api_key.revoked`; alert: `credential.leaked`.
 * Invariants: whoever reports a key shows it, so that a report takes away only what its sender could have used; a signed report counts
 * only where its signature is of a key of the configured list; no answer and no log repeats a key; what can do more than send ends at once.
 */
export { createLeakedKeys, SIGNED_REPORT_BYTES_MAX } from './leaked-keys-service.ts'
export type { LeakedKeys, SignedFinding } from './leaked-keys-service.ts'
export { createReportKeys } from './report-keys.ts'
export { leakedKeyOperations } from './leaked-key-operations.ts'
