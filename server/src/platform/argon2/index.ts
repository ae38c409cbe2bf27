/** Argon2id (RFC 9106): memory-hard hashes of passwords, computed outside of the event loop. */
export { argon2id } from './argon2.ts'
export type { Argon2Costs } from './argon2.ts'
