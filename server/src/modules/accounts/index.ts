/**
 * Accounts of people: sign-up, password reset, change of address, recovery, and what the operator may do about them.
 *
 * Tables owned: account.request, account.token, account.email_change, account.recovery, account.recovery_approval, and account.person as
 * far as it is made, renamed and deleted; all through functions of the engine. Events: none; audit `person.*`, `recovery.*`; alarm
 * `recovery.started`.
 * Invariants: whatever names an address anonymously is answered before anybody looks whether it is known; a link works once, for the
 * person it was made for; a reset ends sessions, makes none and drops no factor (D-04); a new address is inert for 24 hours and the old
 * one undoes it; factors that are lost are dropped by one way only, which takes 72 hours, others of every workspace (or DNS and the
 * operator), mailbox and password; where development offers a workspace without people, one link makes its first owner, once.
 */
export { createAccounts } from './accounts-service.ts'
export type { Accounts } from './accounts-service.ts'
export { firstRunUrl } from './first-run.ts'
export type { SignUpMode } from './accounts-deps.ts'
export type { AccountLoop } from './account-loop.ts'
export { accountOperations } from './account-operations.ts'
