/**
 * Passwords of people: what may be one, how it is stored, whether it is known to everybody.
 *
 * Tables owned: none; a `StoredPassword` is kept beside the person it belongs to.
 * Invariants: a stored password cannot be tested without the keyring, and opens nothing in another row than its own; the same work is
 * done for people who do not exist; at most so many hashes run and wait as the queue allows, whatever comes in; a password in a breach
 * list is neither set nor does it open anything; nothing here logs or keeps a password.
 */
export { IMPORTED_FILE, createBreached } from './breached.ts'
export type { Breached } from './breached.ts'
export { createHashQueue } from './hash-queue.ts'
export type { HashQueue } from './hash-queue.ts'
export { createPasswordCheck } from './password-check.ts'
export type { PasswordAnswer, PasswordCheck } from './password-check.ts'
export { createPasswordSet } from './password-set.ts'
export type { PasswordSet } from './password-set.ts'
export { judgePassword } from './password-rules.ts'
export { createPasswords } from './passwords.ts'
export type { Passwords, StoredPassword } from './passwords.ts'
