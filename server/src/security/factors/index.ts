/**
 * Second factors: passkeys, authenticator apps, recovery codes.
 *
 * Tables owned: account.passkey, account.totp, account.recovery_code, account.challenge, account.factor_guesses, through functions of the
 * engine. Alarms and audit records: `second_factor.added`, `.removed`, `.recovery_codes_made`, `.recovery_code_used`, `.cloned`, `.forged`,
 * `.locked`, each in the commit of what it tells.
 * Invariants: a session that has shown no factor adds none to a person who has one; the first factor ends every session from before it;
 * a challenge is answered once, within five minutes, for the purpose, person and session it was made for; a code and a recovery code work
 * once, whoever is faster; guesses are taken before they are judged; a passkey that was planted, moved or changed in the database opens
 * nothing; seeds are opened in the keyring alone.
 */
export { createFactors } from './factors.ts'
export type { Factors, FactorState } from './factors.ts'
export type { Addition, Assertion } from './passkeys.ts'
export type { CodeVerdict } from './one-time-codes.ts'
export type { ChallengeUse } from './challenges.ts'
export { AssertionResponse, RegistrationResponse } from '../../platform/webauthn/index.ts'
