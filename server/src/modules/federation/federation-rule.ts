import { z } from 'zod'
import { invalidField } from '../../kernel/faults.ts'
import { Instant } from '../../platform/http/listing.ts'
import { ALL_SCOPES, boundsShown, hashSecret } from '../../security/access/index.ts'

export const LIFETIME_SECONDS_MAX = 3_600
const STARS_MAX = 3

/** Claims that the rule compares by itself, or that say nothing of who the workload is. */
const OWN_CLAIMS = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti']

export const Claims = z
  .record(z.string().min(1).max(100), z.union([z.string().max(500), z.boolean(), z.int()]))
  .refine((claims) => Object.keys(claims).length <= 20, 'names more than 20 claims')
  .refine(
    (claims) => !Object.keys(claims).some((name) => OWN_CLAIMS.includes(name)),
    `names one of ${OWN_CLAIMS.join(', ')}, which have fields of their own or say nothing`,
  )

export type Claims = z.output<typeof Claims>

export const RuleScopes = z
  .array(z.enum(ALL_SCOPES))
  .min(1)
  .max(ALL_SCOPES.length)
  .refine((scopes) => new Set(scopes).size === scopes.length, 'names a scope twice')

export const FederationRule = z.object({
  id: z.string(),
  name: z.string(),
  issuer: z.string().describe('URL of the platform that vouches for the workload.'),
  audience: z.string(),
  subject: z.string().describe('The workload. * stands for any characters but :, and at the end for any.'),
  claims: z.record(z.string(), z.union([z.string(), z.boolean(), z.int()])),
  scopes: z.array(z.string()),
  lifetimeSeconds: z.int(),
  ...boundsShown,
  createdAt: Instant,
  createdBy: z.string(),
  lastUsedAt: Instant.nullable(),
  revokedAt: Instant.nullable(),
})

/** What a rule says, as its binding holds it. */
export interface RuleTerms {
  readonly id: string
  readonly workspaceId: string
  readonly issuer: string
  readonly audience: string
  readonly subject: string
  readonly claims: Claims
  readonly scopes: readonly string[]
  readonly lifetimeSeconds: number
  readonly allowedCidrs: readonly string[]
  readonly allowedSenders: readonly string[]
}

/** No secret and no other binding has this form. */
const LABEL = 'bulkhead federation rule binding 1'

/** The 32 bytes whose peppered form is the column `binding`. JSON keeps the fields apart; the order of lists says nothing. */
export function ruleDigest(terms: RuleTerms): Buffer {
  return hashSecret(
    JSON.stringify([
      LABEL,
      terms.id,
      terms.workspaceId,
      terms.issuer,
      terms.audience,
      terms.subject,
      Object.entries(terms.claims).sort(([a], [b]) => (a < b ? -1 : 1)),
      [...terms.scopes].sort(),
      terms.lifetimeSeconds,
      [...terms.allowedCidrs].sort(),
      [...terms.allowedSenders].sort(),
    ]),
  )
}

/**
 * The URL of an issuer, exactly as its tokens say it (OpenID Connect Core §2: https, no query, no fragment). `allowLoopback`: http to this
 * host too, for development. Throws `invalid_request`.
 */
export function readIssuer(text: string, allowLoopback: boolean): string {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '' || /[?#\s]/.test(text))
    throw invalidField('issuer', 'is not a URL without user, query and fragment', 'Write https://host/path.')
  if (!isFetchable(url, allowLoopback))
    throw invalidField('issuer', 'is not https', 'Write https://host/path.')
  return text
}

/** https, or in development http to this host. */
export function isFetchable(url: URL, allowLoopback: boolean): boolean {
  if (url.protocol === 'https:') return true
  return (
    allowLoopback && url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)
  )
}

/** A subject, or a pattern of one. Throws `invalid_request` for one that begins with *, or has more than three. */
export function readSubject(text: string): string {
  if (text.startsWith('*') || text.includes('**') || text.split('*').length - 1 > STARS_MAX) {
    throw invalidField(
      'subject',
      'begins with *, doubles it or has more than three',
      'Name the workload as far as you can: repo:example/shop:ref:refs/heads/main, or repo:example/shop:*.',
    )
  }
  return text
}

/**
 * Whether a subject is one of the pattern: * stands for any characters but `:`, so that nobody writes the fields that stand behind it, and at the end
 * for any. No regular expressions; the time is at most the product of both lengths.
 */
export function isSubject(pattern: string, subject: string): boolean {
  let places = new Set([0])
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern.charAt(at)
    const next = new Set<number>()
    if (char === '*' && at === pattern.length - 1) return places.size > 0
    for (const place of places) {
      if (char !== '*') {
        if (subject[place] === char) next.add(place + 1)
        continue
      }
      for (let end = place; ; end++) {
        if (next.has(end)) break
        next.add(end)
        if (end >= subject.length || subject[end] === ':') break
      }
    }
    if (next.size === 0) return false
    places = next
  }
  return places.has(subject.length)
}

/** Whether a token's claims are those of a rule: the same type and value for each. */
export function hasClaims(wanted: Claims, token: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(([name, value]) => Object.hasOwn(token, name) && token[name] === value)
}
