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
  /** Of DKIM records; absent in checks from before keys could be rotated. */
  selector: z.string().optional(),
  state: z.enum(RECORD_STATES),
  found: z.array(z.string()),
  advice: z.string().nullable(),
})
export type RecordCheck = z.output<typeof RecordCheck>

/**
 * What a key is for. `pending`: waits until DNS shows its record; `active`: signs; `standby`: published, for an emergency; `retiring`: signs
 * no more, mail under way still needs its record; `removable`: its private key is destroyed, its record may go.
 */
const KEY_STATES = ['pending', 'active', 'standby', 'retiring', 'removable'] as const
export type KeyState = (typeof KEY_STATES)[number]

const DkimKey = z.object({
  selector: z.string(),
  algorithm: z.enum(['rsa', 'ed25519']),
  state: z
    .enum(KEY_STATES)
    .describe(
      'pending: signs as soon as DNS shows its record; active: signs; standby: published, for an emergency; retiring: signs no more, mail under way still needs its record; removable: its private half is destroyed, delete its record.',
    ),
  createdAt: Instant,
  ageDays: z.int().min(0),
  until: Instant.nullable().describe(
    'Of a retiring one: when its private half is destroyed; leave its record until then.',
  ),
  hint: z.string().nullable().describe('What to think of; keys that sign are best changed every 180 days.'),
})

const DnsRecord = z.object({
  purpose: z.enum(RECORD_PURPOSES),
  type: z.enum(['CNAME', 'TXT']),
  name: z.string().describe('The full name to publish at.'),
  value: z.string().describe('What to publish.'),
  delegated: z
    .string()
    .nullable()
    .describe(
      'Of keys: the name in zone that a CNAME may lead to instead, so that keys change without the owner of the domain. It needs whoever runs the installation to publish the zone.',
    ),
  required: z.boolean().describe('Whether the domain can be used without it.'),
  state: z.enum(RECORD_STATES),
  found: z.array(z.string()).describe('What DNS answered at the last check.'),
  advice: z.string().nullable().describe('What to change.'),
  checkedAt: Instant.nullable().describe('When DNS was last asked for it.'),
  dkim: DkimKey.nullable().describe('Of DKIM records: whose key it publishes.'),
})

const Rotation = z.object({
  state: z
    .enum(['waiting', 'retiring', 'removable'])
    .describe(
      'waiting: DNS does not show the new records yet; retiring: new keys sign, and the old records must stay; removable: delete the old records.',
    ),
  since: Instant.nullable().describe('Of a waiting one: when it was begun.'),
  until: Instant.nullable().describe('Of a retiring one: until when the old records must stay.'),
})

export const DomainTls = z
  .enum(['opportunistic', 'required'])
  .describe(
    'required: mail from it goes only to servers that take it in TLS, and bounces elsewhere. It holds for mail that is accepted from then on.',
  )
export type DomainTls = z.output<typeof DomainTls>

export const Domain = z.object({
  id: z.string(),
  number: z.int().describe('Never used twice; programs of other vendors name domains by it.'),
  name: z.string(),
  isDefault: z.boolean().describe('Whether programs get it that ask for the workspace’s default domain.'),
  tls: DomainTls,
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
  rotation: Rotation.nullable().describe('The change of DKIM keys that goes on; null where none does.'),
  zone: z.string().describe('The zone of the installation: BULKHEAD_DELEGATION_ZONE, or else its host name.'),
  records: z.array(DnsRecord).describe('The DNS records to publish, and those that may go.'),
})

export interface Selector {
  readonly selector: string
  readonly algorithm: 'rsa' | 'ed25519'
  readonly role: KeyState
  /** What a pending one becomes once DNS shows it; null for all others. */
  readonly becomes: 'active' | 'standby' | null
  readonly publicKey: string
  readonly createdAt: Date
  /** When the private half of a retiring one is destroyed. */
  readonly retireAt: Date | null
}

/** A selector whose key is to be made. */
export type NewSelector = Pick<Selector, 'selector' | 'algorithm' | 'role' | 'becomes'>
