import { z } from 'zod'
import { Instant } from '../../platform/http/listing.ts'

export const LINK_DOMAIN_STATES = ['pending', 'verified', 'failing'] as const
export type LinkDomainState = (typeof LINK_DOMAIN_STATES)[number]

export const LinkDomain = z
  .object({
    id: z.string(),
    name: z.string(),
    state: z.enum(LINK_DOMAIN_STATES).describe('Links of new mail lead to the oldest verified one.'),
    record: z.object({
      type: z.literal('CNAME'),
      name: z.string().describe('The name to publish at.'),
      value: z.string().describe('What to publish.'),
      found: z.array(z.string()).describe('What DNS answered at the last check.'),
      advice: z.string().nullable().describe('What to change.'),
    }),
    createdAt: Instant,
    verifiedAt: Instant.nullable(),
    checkedAt: Instant.nullable(),
    failingSince: Instant.nullable().describe(
      'Since when a verified one lacks its record; it is used for 72 hours more.',
    ),
  })
  .meta({ id: 'LinkDomain' })

/** For how long a verified one is used after its record vanished, as sending domains are. */
const GRACE_MS = 72 * 3_600_000
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

export interface LinkDomainStanding {
  readonly state: LinkDomainState
  readonly failingSince: Date | null
}

/** `right`: all is there; `wrong`: something surely is not; `unknown`: DNS could not say, which changes nothing. */
export function standingAfter(
  before: LinkDomainStanding,
  seen: 'right' | 'wrong' | 'unknown',
  now: Date,
): LinkDomainStanding {
  switch (seen) {
    case 'right':
      return { state: 'verified', failingSince: null }
    case 'unknown':
      return before
    case 'wrong': {
      if (before.state !== 'verified') return before
      const since = before.failingSince ?? now
      return {
        state: now.getTime() - since.getTime() >= GRACE_MS ? 'failing' : 'verified',
        failingSince: since,
      }
    }
  }
}

/** When to look again, in milliseconds: new ones often, because somebody waits. */
export function linkCheckInMs(standing: LinkDomainStanding, ageMs: number): number {
  if (standing.state === 'pending') return Math.min(6 * HOUR_MS, Math.max(MINUTE_MS, ageMs / 4))
  return standing.state === 'verified' && standing.failingSince === null ? 24 * HOUR_MS : HOUR_MS
}
