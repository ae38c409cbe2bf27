import type { Queryable } from '../../platform/postgres/index.ts'
import { siteOf } from '../../platform/networks/index.ts'
import { beginAttempt, endAttempt } from './limits-store.ts'
import type { Bucket, Limiter } from './limiter.ts'

/** A log-in before the password is looked at. */
export interface LogInAttempt {
  /** Blind index of the address that was typed, whether anybody has it or not. */
  readonly identifier: Buffer
  /** From `clientKeyOf`. */
  readonly clientKey: string
  /** A key of the device that has signed in as this person before, null for any other: the caller has checked its cookie. */
  readonly knownDevice: string | null
}

export type Admission =
  | { readonly admitted: true }
  | {
      readonly admitted: false
      /** `pace`: wait. `failures`: too many failed in a row; only a reset, or a log-in from the other kind of device, opens it again. */
      readonly reason: 'pace' | 'failures'
      readonly retryAfterSeconds: number
    }

export interface LogInLimits {
  /** Counts the attempt as failed and says whether the password may be looked at. The same for addresses that nobody has. */
  admit(attempt: LogInAttempt): Promise<Admission>
  /** After a full log-in or a reset: failures of the identifier count from 0 again. */
  succeeded(identifier: Buffer): Promise<void>
  /** Nobody looked at the password, for example because the hash queue was full: it was no failure. */
  notChecked(attempt: LogInAttempt): Promise<void>
}

const MINUTE = 60
const DAY_SECONDS = 86_400

/** What is told to wait where only a reset helps: long enough that no client tries it by itself. */
const LOCKED_SECONDS = DAY_SECONDS

/**
 * Limits of log-in in layers. An address limit slows only devices that nobody knows: an office behind one address goes on while somebody
 * in it guesses. Guesses at one account from anywhere are slowed by counters of their own, which a known device does not share, so that an
 * attacker locks no owner out; in a row they end at 50 + 50, not more than the 100 of NIST SP 800-63B-4 §3.2.2.
 */
export function createLogInLimits(deps: {
  readonly pool: Queryable
  readonly limiter: Limiter
}): LogInLimits {
  return {
    async admit(attempt) {
      const taken = await deps.limiter.takeAll(bucketsOf(attempt))
      if (!taken.allowed)
        return { admitted: false, reason: 'pace', retryAfterSeconds: taken.retryAfterSeconds }
      const isBegun = await beginAttempt(deps.pool, attempt.identifier, attempt.knownDevice !== null)
      return isBegun
        ? { admitted: true }
        : { admitted: false, reason: 'failures', retryAfterSeconds: LOCKED_SECONDS }
    },

    succeeded: (identifier) => endAttempt(deps.pool, identifier, false, 'success'),

    notChecked: (attempt) =>
      endAttempt(deps.pool, attempt.identifier, attempt.knownDevice !== null, 'not_checked'),
  }
}

/** The buckets that an attempt takes from. */
export function bucketsOf(attempt: LogInAttempt): Bucket[] {
  const identifier = attempt.identifier.toString('hex')
  if (attempt.knownDevice !== null)
    return [
      // Someone who sits at it may guess as fast as he mistypes, and no faster.
      {
        bucket: 'log_in.device',
        key: `${identifier} ${attempt.knownDevice}`,
        capacity: 10,
        refillPerSecond: 1 / MINUTE,
      },
    ]
  const site = siteOf(attempt.clientKey)
  return [
    {
      bucket: 'log_in.pair',
      key: `${identifier} ${attempt.clientKey}`,
      capacity: 5,
      refillPerSecond: 1 / (2 * MINUTE),
    },
    // Over all clients: a thousand addresses guess at one account no faster than this.
    { bucket: 'log_in.identifier', key: identifier, capacity: 20, refillPerSecond: 1 / (3 * MINUTE) },
    // 30 new devices of an office at once, and two a minute after that.
    { bucket: 'log_in.client', key: attempt.clientKey, capacity: 30, refillPerSecond: 1 / 30 },
    // Whoever has a /48 has 65,536 of these clients.
    ...(site === null ? [] : [{ bucket: 'log_in.site', key: site, capacity: 120, refillPerSecond: 1 / 8 }]),
  ]
}
