/**
 * Sending domains: what a workspace may put behind the @ of From, once the domain's DNS shows it.
 *
 * Tables owned: sending_domain, dkim_selector, dkim_disposal. Events: none; audit `domain.added`, `domain.verified`, `domain.failing`,
 * `domain.checked`, `domain.changed`, `domain.deleted`, `domain.rotation_begun`, `domain.rotation_cancelled`, `domain.keys_changed`, `domain.key_destroyed`.
 * Invariants: a domain is usable only in the state `verified`, and becomes so only by DNS that names our keys (in development `*.test`
 * domains are trusted); what DNS could not say changes nothing; a verified domain whose records vanish stays usable for 72 hours;
 * private keys never leave the keyring; a key signs only after DNS showed it; a selector that is no more leaves no private key behind; no network or keyring call runs inside a transaction.
 */
export { createDomains } from './domains-service.ts'
export type { Domains } from './domains-service.ts'
export { tellClaims } from './tell-claims.ts'
export { createKeyDisposal } from './key-disposal.ts'
export { createDomainRecheck } from './recheck.ts'
export { addDomain } from './operations/add-domain.ts'
export { deleteDomain } from './operations/delete-domain.ts'
export { getDomain } from './operations/get-domain.ts'
export { listDomains } from './operations/list-domains.ts'
export { updateDomain } from './operations/update-domain.ts'
export { verifyDomain } from './operations/verify-domain.ts'
export { domainOperations } from './domain-operations.ts'
export { Domain } from './domain.ts'
