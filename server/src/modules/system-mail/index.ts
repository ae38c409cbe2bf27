/**
 * System mail: what the product itself writes to people (verification, reset, invitation, notices), sent as the installation's own
 * workspace.
 *
 * Tables owned: none; the row of the installation's workspace and its sending domain are made here. Events: none; audit
 * `installation.prepared`, `system_mail.domain_added`, `system_mail.tested`.
 * Invariants: it goes the one way in, like all mail; one letter per `dedupe` within 24 hours, whoever asks how often; links are in
 * sensitive mail only, whose content nobody can read and whose key is destroyed; no key opens the workspace, no suppression list holds
 * the mail up.
 */
export { createSystemMail } from './system-mail-service.ts'
export type { SystemLetter, SystemMail } from './system-mail-service.ts'
export { writeLetter } from './letters.ts'
export type { LetterFacts, LetterKind } from './letters.ts'
export { networkName, deviceName, plainName } from './plain-words.ts'
export { systemMailOperations } from './system-mail-operations.ts'
