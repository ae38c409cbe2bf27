/**
 * Sending domains: what a workspace may put behind the @ of From, once the domain's DNS shows it.
 *
 * Tables owned: sending_domain, dkim_selector. Events: none; audit `domain.added`, `domain.verified`, `domain.failing`, `domain.checked`,
 * `domain.deleted`.
 * Invariants: a domain is usable only in the state `verified`, and becomes so only by DNS that names our keys (in development `*.test`
 * domains are trusted); what DNS could not say changes nothing; a verified domain whose records vanish stays usable for 72 hours;
 * private keys never leave the keyring; no network or keyring call runs inside a transaction.
 */
export { createDomains } from './domains-service.ts'
export type { Domains } from './domains-service.ts'
export { tellClaims } from './tell-claims.ts'
export { createDomainRecheck } from './recheck.ts'
export { domainOperations } from './domain-operations.ts'
export { Domain } from './domain.ts'
