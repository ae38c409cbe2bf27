import type { Queryable } from '../../platform/postgres/index.ts'

/** The duties' statements; each answers how many rows it touched. */
export function createUpkeepStore(pool: Queryable) {
  async function count(statement: string, values: readonly unknown[] = []): Promise<number> {
    const found = await pool.query<{ n: number }>(statement, values)
    return found.rows[0]?.n ?? 0
  }
  return {
    /** Asks nothing; to see whether, and how soon, the database answers. */
    probe: () => count('select 1 as n'),
    releaseLeases: () => count('select engine.release_leases(null) as n'),
    expire: (limit: number) => count('select engine.expire($1) as n', [limit]),
    endShredded: (limit: number) => count('select engine.end_shredded($1) as n', [limit]),
    expireContainments: (limit: number) => count('select engine.expire_containments($1) as n', [limit]),
    ensurePartitions: (daysAhead: number) => count('select engine.ensure_partitions($1) as n', [daysAhead]),
    dropOldPartitions: (days: number) =>
      count('select engine.drop_old_partitions(now() - make_interval(days => $1)) as n', [days]),
    /** Sensitive messages that are done and whose content is still there, with its content key. */
    async sensitiveLeftovers(
      limit: number,
    ): Promise<{ readonly message_id: string; readonly workspace_id: string; readonly key_id: string }[]> {
      return (
        await pool.query<{ message_id: string; workspace_id: string; key_id: string }>(
          'select message_id, workspace_id, key_id from engine.sensitive_leftovers(null, $1)',
          [limit],
        )
      ).rows
    },
    async eraseSensitive(messageIds: readonly string[]): Promise<void> {
      await pool.query('select engine.erase_sensitive($1)', [messageIds])
    },
    trimIdempotency: (limit: number) => count('select engine.trim_idempotency($1) as n', [limit]),
    trimDoorRequests: (limit: number) => count('select engine.trim_door_requests($1) as n', [limit]),
    trimWebhooks: (days: number, limit: number) =>
      count('select engine.trim_webhooks(make_interval(days => $1), $2) as n', [days, limit]),
    trimSites: (limit: number) => count('select engine.trim_sites($1) as n', [limit]),
    trimCaptured: (keep: number, limit: number) =>
      count('select engine.trim_captured($1, $2) as n', [keep, limit]),
  }
}
