import type { DomainState, RecordCheck } from './domain.ts'
import { checkOf } from './records.ts'
import type { ExpectedRecord } from './records.ts'

/** For how long a verified domain is usable after its records vanished: a DNS mishap over a weekend stops no mail. */
export const GRACE_MS = 72 * 3_600_000

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

export interface Standing {
  readonly state: DomainState
  readonly failingSince: Date | null
}

/**
 * What a check makes of a domain. Required records that are all there verify it; one that is surely absent or wrong fails it, a
 * verified one only after 72 hours; what DNS could not say changes nothing.
 */
export function afterCheck(
  before: Standing,
  expected: readonly ExpectedRecord[],
  checks: readonly RecordCheck[],
  now: Date,
): Standing {
  const required = expected.filter((record) => record.required)
  const states = required.map((record) => checkOf(record, checks)?.state)
  if (states.length > 0 && states.every((state) => state === 'ok'))
    return { state: 'verified', failingSince: null }
  const surelyAbsent = states.some((state) => state === 'wrong' || state === 'missing')
  if (!surelyAbsent) return before
  switch (before.state) {
    case 'pending':
      return before
    case 'failing':
      return before
    case 'verified': {
      const since = before.failingSince ?? now
      return now.getTime() - since.getTime() >= GRACE_MS
        ? { state: 'failing', failingSince: since }
        : { state: 'verified', failingSince: since }
    }
  }
}

/**
 * When to look again, in milliseconds. New domains often, because somebody waits: a quarter of their age, from a minute to six
 * hours; verified ones daily; those in doubt hourly. While keys wait for DNS (`waitingMs`: for how long) as for a new domain, because somebody
 * publishes their records. `random` (0 to 1) spreads them by a tenth.
 */
export function nextCheckInMs(
  standing: Standing,
  ageMs: number,
  random: number,
  waitingMs: number | null = null,
): number {
  const spread = 0.95 + random * 0.1
  if (waitingMs !== null && standing.state !== 'pending')
    return spread * Math.min(HOUR_MS, Math.max(MINUTE_MS, waitingMs / 4))
  switch (standing.state) {
    case 'pending':
      return spread * Math.min(6 * HOUR_MS, Math.max(MINUTE_MS, ageMs / 4))
    case 'verified':
      return spread * (standing.failingSince === null ? 24 * HOUR_MS : HOUR_MS)
    case 'failing':
      return spread * HOUR_MS
  }
}

/**
 * Whether a selector counts as published after a check, null for no change. During the grace time nothing is switched off: a key
 * that receivers still find would otherwise stop being used because our resolver had a bad day.
 */
export function publishedAfter(after: Standing, check: RecordCheck | undefined): boolean | null {
  switch (check?.state) {
    case 'ok':
      return true
    case 'wrong':
    case 'missing':
      return after.state === 'verified' && after.failingSince !== null ? null : false
    case 'pending':
    case 'unknown':
    case undefined:
      return null
  }
}
