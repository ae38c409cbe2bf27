import type { Queryable } from '../../platform/postgres/index.ts'
import type { KeyedDigest } from './keyed-digest.ts'
import { takeTokens } from './limits-store.ts'

/** A token bucket: `capacity` tokens at once, `refillPerSecond` after that, at most a week from empty to full. */
export interface Bucket {
  /** Name of the limit, at most 60 characters. */
  readonly bucket: string
  /** Who is limited; only an HMAC of it is stored. */
  readonly key: string
  /** Default 1. */
  readonly cost?: number
  readonly capacity: number
  readonly refillPerSecond: number
}

export interface Taken {
  readonly allowed: boolean
  /** Until the same would be allowed if nobody else takes; 0 where it was. Rounded up. */
  readonly retryAfterSeconds: number
}

export interface Limiter {
  /** Takes tokens from one bucket. */
  take(bucket: Bucket): Promise<Taken>
  /** Takes from all of up to ten buckets, or from none; the wait is the longest. */
  takeAll(buckets: readonly Bucket[]): Promise<Taken>
}

/**
 * Limits that hold over all processes: counting and deciding are one statement, so that parallel requests wait for each other and never get
 * more than the bucket holds (GHSA-7h8m-vrxx-vr4m: parallel checks beat a lock-out). Throws where the database or the keyring is away:
 * a limit that cannot be asked is not a limit that is off.
 */
export function createLimiter(deps: { readonly pool: Queryable; readonly digest: KeyedDigest }): Limiter {
  async function takeAll(buckets: readonly Bucket[]): Promise<Taken> {
    const rows = await takeTokens(
      deps.pool,
      await Promise.all(
        buckets.map(async (item) => ({
          bucket: item.bucket,
          key: await deps.digest(`${item.bucket}\0${item.key}`),
          cost: item.cost ?? 1,
          capacity: item.capacity,
          refillPerSecond: item.refillPerSecond,
        })),
      ),
    )
    return {
      allowed: rows.length === buckets.length && rows.every((row) => row.allowed),
      retryAfterSeconds: Math.ceil(Math.max(0, ...rows.map((row) => row.retry_after_seconds))),
    }
  }
  return { takeAll, take: (bucket) => takeAll([bucket]) }
}
