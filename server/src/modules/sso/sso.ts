import { createHash } from 'node:crypto'
import { z } from 'zod'
import { DomainName } from '../../platform/http/domain-name.ts'
import { Instant } from '../../platform/http/listing.ts'
import { ROLES } from '../../security/access/index.ts'

/** What a newcomer may become; nobody becomes an owner by what a provider says. */
export const DEFAULT_ROLES = ROLES.filter((role) => role !== 'owner')

export const Domains = z.array(DomainName).min(1).max(20)

export const Connection = z.object({
  issuer: z.string(),
  clientId: z.string(),
  domains: z.array(z.string()).describe('Domains of the addresses that the provider may speak for.'),
  defaultRole: z
    .enum(ROLES)
    .nullable()
    .describe('What newcomers become; null: only who is invited comes in.'),
  redirectUri: z.string().describe('To be registered at the provider.'),
  testedAt: Instant.nullable().describe('When it was last tried; until then nobody signs in through it.'),
  changedAt: Instant,
})
export type ConnectionView = z.output<typeof Connection>

/** Where a browser goes, and what it keeps until it is back. */
export const Departure = z.object({
  url: z.string().describe('Send the browser there.'),
  verifier: z.string().describe('Keep it in this tab, and give it to POST /v1/sso/finish.'),
  expiresAt: Instant,
})
export type DepartureView = z.output<typeof Departure>

/**
 * What only the page holds makes the verifier of PKCE (RFC 7636 §4.1) and the nonce: what is stored of a log-in opens nothing, and a
 * code that somebody else's browser brings back is worth nothing here.
 */
export function secretsOf(token: string): {
  readonly verifier: string
  readonly challenge: string
  readonly nonce: string
} {
  const verifier = digest(`bulkhead sso verifier 1\n${token}`)
  return { verifier, challenge: digest(verifier), nonce: digest(`bulkhead sso nonce 1\n${token}`) }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
