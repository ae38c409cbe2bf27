/**
 * Log-in and sessions of people.
 *
 * Tables owned: account.login_attempt, account.device, account.session (with security/access), all through functions of the engine. Events:
 * none. Audit: `session.created`, `.ended`, `.strengthened`, `log_in.abandoned`, `person.reset_demanded`.
 * Invariants: an address that nobody has, a wrong password, an account that is suspended, must set a new password or is a decoy, and a
 * breached password get one answer after the same work; a password alone opens nothing but the way to add a second factor, and from an
 * unknown device not that without the mailbox; parallel guesses are no more than their budget; a challenge works once, from the network
 * that showed the password; the owner of an account hears of a right password without second factor within a minute, whatever dies.
 */
export { openDevices } from './client-facts.ts'
export { createLogInSet } from './log-in-set.ts'
export type { LogInSet } from './log-in-set.ts'
export type { LogIn, LogInStep } from './log-in-service.ts'
export type { NewSession, SessionIssuer } from './session-issuer.ts'
export type { Sessions } from './sessions-service.ts'
export { SignedIn, Transport } from './session-views.ts'
export { sessionOperations } from './session-operations.ts'
export { signIn } from './sign-in-answer.ts'
