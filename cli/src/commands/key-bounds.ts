import { texts, type Flag } from '../command.ts'
import { UsageError } from '../failure.ts'
import { relative } from '../instants.ts'

/** Flags that bound a credential; what is left out is taken from the key that is used. */
export const allowedCidrs = texts(
  'allow-cidr',
  'NETWORK',
  'A network from which it works, such as 192.0.2.0/24. Default: those of your own key.',
)
export const allowedSenders = texts(
  'allow-sender',
  'SENDER',
  'As whom it may send: ann@example.com or @example.com. Default: those of your own key.',
)

/** Hours for which the old one goes on. */
export const overlap: Flag<number> = {
  name: 'overlap-hours',
  placeholder: 'N',
  description: 'How long the old one goes on working, at most 168; 0 ends it at once. Default 24.',
  read(typed) {
    const value = typed.at(-1) ?? '24'
    if (!/^\d{1,3}$/.test(value) || Number(value) > 168)
      throw new UsageError(`--overlap-hours ${value}: write a whole number from 0 to 168.`)
    return Number(value)
  },
}

/** A list that was not given is not sent, so that the server takes that of the key that asks. */
export function given(list: readonly string[]): string[] | undefined {
  return list.length === 0 ? undefined : [...list]
}

export interface Bounds {
  readonly allowedCidrs: readonly string[]
  readonly allowedSenders: readonly string[]
  readonly expiresAt: string | null
}

/** Bounds as lines of facts. */
export function boundFacts(bounds: Bounds, now: number): [string, string][] {
  return [
    ['Networks', bounds.allowedCidrs.join(', ') || 'all'],
    ['Senders', bounds.allowedSenders.join(', ') || 'all'],
    ['Expires', bounds.expiresAt === null ? 'never' : relative(bounds.expiresAt, now)],
  ]
}

interface Ended {
  readonly revokedAt: string | null
  readonly expiresAt: string | null
  readonly endsAt: string | null
  readonly killed: boolean
  readonly leakedAt?: string | null
}

/** Whether a credential works, and if not why. */
export function stateOf(row: Ended, now: number): string {
  if (row.revokedAt !== null) return 'revoked'
  if (row.killed) return 'ended'
  const ends = [row.expiresAt, row.endsAt].filter((end) => end !== null).map((end) => Date.parse(end))
  if (ends.some((end) => end <= now)) return 'expired'
  if (row.leakedAt !== undefined && row.leakedAt !== null) return 'leaked'
  return row.endsAt === null ? 'active' : 'ending'
}

/** `2 h ago from 192.0.2.0/24`. */
export function lastUse(
  row: { readonly lastUsedAt: string | null; readonly lastUsedFrom: { readonly network: string } | null },
  now: number,
): string {
  const when = relative(row.lastUsedAt, now)
  return row.lastUsedFrom === null ? when : `${when} from ${row.lastUsedFrom.network}`
}
