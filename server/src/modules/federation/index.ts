/**
 * Workload federation: a job proves who it is with the OpenID Connect token of its platform and gets a key for minutes, so that no secret
 * lies there.
 *
 * Tables owned: federation_rule, federation_use. Audit: `federation_rule.created`, `federation_rule.revoked`, `federation.exchanged`.
 * Invariants: only people make rules, and none gives more than its maker had; a rule is bound by an HMAC, so that whoever writes to the
 * database makes none; a token gives one key, once, and every refusal reads the same; what an issuer answers is bounded in size and time
 * and comes from a checked address.
 */
export { createFederation } from './federation-service.ts'
export type { Federation } from './federation-service.ts'
export { createIssuerKeys } from './issuer-keys.ts'
export type { IssuerKeys } from './issuer-keys.ts'
export { federationOperations } from './federation-operations.ts'
