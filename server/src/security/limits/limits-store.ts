import type { Queryable } from '../../platform/postgres/index.ts'

interface TakenRow {
  readonly allowed: boolean
  readonly retry_after_seconds: number
}

/** A bucket as the database knows it. */
export interface BucketRow {
  readonly bucket: string
  readonly key: Buffer
  readonly cost: number
  readonly capacity: number
  readonly refillPerSecond: number
}

/** Takes from all buckets or from none; one row for each, in their order. */
export async function takeTokens(pool: Queryable, buckets: readonly BucketRow[]): Promise<TakenRow[]> {
  const { rows } = await pool.query<TakenRow>(
    'select allowed, retry_after_seconds from engine.take_tokens($1, $2, $3, $4, $5)',
    [
      buckets.map((item) => item.bucket),
      buckets.map((item) => item.key),
      buckets.map((item) => item.cost),
      buckets.map((item) => item.capacity),
      buckets.map((item) => item.refillPerSecond),
    ],
  )
  return rows
}

/** Counts a failure ahead of the attempt; false where too many failed in a row. */
export async function beginAttempt(
  pool: Queryable,
  identifier: Buffer,
  knownDevice: boolean,
): Promise<boolean> {
  const { rows } = await pool.query<{ begun: boolean }>('select engine.begin_attempt($1, $2) as begun', [
    identifier,
    knownDevice,
  ])
  return rows[0]?.begun === true
}

export async function endAttempt(
  pool: Queryable,
  identifier: Buffer,
  knownDevice: boolean,
  outcome: 'success' | 'not_checked',
): Promise<void> {
  await pool.query('select engine.end_attempt($1, $2, $3)', [identifier, knownDevice, outcome])
}
