/**
 * Who is asking: resolves API keys, SMTP credentials and the operator's key to principals.
 *
 * Tables read: api_key, smtp_credential, through functions of the engine (a credential is looked up before its workspace is known).
 * Invariants: every failure reads the same; a credential that was revoked is dead within a second; a database that is away is
 * `unavailable` and never `wrong password`; no secret is stored, logged or compared in readable form.
 */
export { createAccess } from './access.ts'
export type { Access, SmtpIdentity } from './access.ts'
export { hashSecret, mintApiKey, randomBase62 } from './key-format.ts'
export { ALL_SCOPES } from './scopes.ts'
