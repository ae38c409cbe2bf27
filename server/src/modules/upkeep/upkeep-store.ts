import type { Queryable } from '../../platform/postgres/index.ts'

/** The duties' statements; each answers how many rows it touched. */
export function createUpkeepStore(pool: Queryable) {
  async function count(statement: string, values: readonly unknown[] = []): Promise<number> {
    const found = await pool.query<{ n: number }>(statement, values)
    return found.rows[0]?.n ?? 0
  }
  return {
    releaseLeases: () => count('select engine.release_leases(null) as n'),
    expire: (limit: number) => count('select engine.expire($1) as n', [limit]),
    ensurePartitions: (daysAhead: number) => count('select engine.ensure_partitions($1) as n', [daysAhead]),
    trimIdempotency: (limit: number) => count('select engine.trim_idempotency($1) as n', [limit]),
    trimWebhooks: (days: number, limit: number) =>
      count('select engine.trim_webhooks(make_interval(days => $1), $2) as n', [days, limit]),
    trimCaptured: (keep: number, limit: number) =>
      count('select engine.trim_captured($1, $2) as n', [keep, limit]),
  }
}
