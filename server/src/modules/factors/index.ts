/**
 * What people do with their own second factors: add, list, remove, make recovery codes.
 *
 * Tables owned: none; security/factors has them. Events: none; audit and alarms `second_factor.added`, `.removed`, `.recovery_codes_made`,
 * written with the change.
 * Invariants: a session that has shown no factor adds the first and nothing else; every other change needs one that was shown within five
 * minutes; with the first factor the sessions from before it end and a new one is made; the last factor that a workspace demands stays;
 * seeds and recovery codes are shown once.
 */
export { createOwnFactors } from './factors-service.ts'
export type { OwnFactors } from './factors-service.ts'
export { factorOperations } from './factor-operations.ts'
