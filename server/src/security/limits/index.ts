/**
 * Limits: who may try how often.
 *
 * Tables owned: detection.bucket, detection.failures, reached through functions of the engine. Invariants: counting and deciding are one
 * statement; keys are HMACs; no address by itself locks a known device out; a limit that cannot be asked refuses.
 */
export { clientKeyOf, networkAround as networkOf } from '../../platform/networks/index.ts'
export { createKeyedDigest } from './keyed-digest.ts'
export type { KeyedDigest } from './keyed-digest.ts'
export { createLimiter } from './limiter.ts'
export type { Bucket, Limiter, Taken } from './limiter.ts'
export { createLogInLimits } from './log-in-limits.ts'
export type { Admission, LogInAttempt, LogInLimits } from './log-in-limits.ts'
export { createReadingBudgets } from './reading-budget.ts'
export type { Reader, ReadingBudget, ReadingBudgets } from './reading-budget.ts'
