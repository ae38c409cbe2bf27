import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'

const DOMAIN_STATES = ['pending', 'verified', 'failing'] as const
export type DomainState = (typeof DOMAIN_STATES)[number]

/** `unknown`: DNS could not be asked (SERVFAIL, no answer). It counts neither for nor against the domain. */
export const RECORD_STATES = ['pending', 'ok', 'wrong', 'missing', 'unknown'] as const

const RECORD_PURPOSES = ['dkim', 'dkim-standby', 'dkim-ed25519', 'return-path', 'dmarc'] as const
export type RecordPurpose = (typeof RECORD_PURPOSES)[number]

/** What the last check saw of one record; kept in sending_domain.checks. */
export const RecordCheck = z.object({
  purpose: z.enum(RECORD_PURPOSES),
  state: z.enum(RECORD_STATES),
  found: z.array(z.string()),
  advice: z.string().nullable(),
})
export type RecordCheck = z.output<typeof RecordCheck>

const DnsRecord = z.object({
  purpose: z.enum(RECORD_PURPOSES),
  type: z.enum(['CNAME', 'TXT']),
  name: z.string().describe('The full name to publish at.'),
  value: z.string().describe('What to publish.'),
  required: z.boolean().describe('Whether the domain can be used without it.'),
  state: z.enum(RECORD_STATES),
  found: z.array(z.string()).describe('What DNS answered at the last check.'),
  advice: z.string().nullable().describe('What to change.'),
})

export const Domain = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(DOMAIN_STATES).describe('Mail may be sent from verified domains only.'),
  createdAt: Instant,
  verifiedAt: Instant.nullable(),
  checkedAt: Instant.nullable(),
  failingSince: Instant.nullable().describe(
    'Since when a verified domain lacks its records; it stays usable for 72 hours.',
  ),
  inertUntil: Instant.nullable().describe(
    'Until when mail from it is held, because it is new in an established workspace; another owner can let it go (changes.approve).',
  ),
  records: z.array(DnsRecord).describe('The DNS records to publish.'),
})

export interface Selector {
  readonly selector: string
  readonly algorithm: 'rsa' | 'ed25519'
  readonly role: 'active' | 'standby'
  readonly publicKey: string
}
