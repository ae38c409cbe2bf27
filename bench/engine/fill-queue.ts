import { setTimeout as delay } from 'node:timers/promises'
import { superuserPool } from '../database.ts'
import type { Pool } from '../../server/src/platform/postgres/index.ts'

const ROWS_PER_MESSAGE = 1000
const MESSAGES_PER_STATEMENT = 250
const VACUUM_ROWS = 100_000
const AT_A_TIME = 2

/**
 * Puts rows into the bulk lane that are due tomorrow: copies of the newest message of the lane, a thousand rows each, for the same workspace and
 * a thousand destinations, for at most `maxSeconds`; answers how many. Only what claims, settlements and their indexes see is made: queue rows
 * and their messages, no recipients.
 */
export async function fillWaiting(
  pool: Pool,
  options: { readonly rows: number; readonly maxSeconds: number; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  const wanted = Math.ceil(options.rows / ROWS_PER_MESSAGE)
  const endMs = performance.now() + options.maxSeconds * 1000
  let left = wanted
  const fill = async (): Promise<void> => {
    while (left > 0 && performance.now() < endMs) {
      options.signal?.throwIfAborted()
      const messages = Math.min(left, MESSAGES_PER_STATEMENT)
      left -= messages
      await insertWaiting(pool, messages)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, fill))
  if (options.rows >= VACUUM_ROWS) {
    // As autovacuum will, but now: it must not run into the measurement.
    await pool.query('vacuum (analyze) queue_bulk')
    await pool.query('checkpoint')
    await delay(1000)
  }
  return (wanted - left) * ROWS_PER_MESSAGE
}

async function insertWaiting(pool: Pool, messages: number): Promise<void> {
  // Into the partition itself: triggers of the whole table, which keep a copy of what a statement wrote, would double the time.
  // The head of an id is its time, by which tables are partitioned; the tail makes it another one.
  await pool.query(
    `with template as (
       select * from message where lane = 'bulk' order by id desc limit 1
     ), made as (
       insert into message (id, workspace_id, lane, source, sensitive, from_domain, tags, size_bytes, recipient_count,
                            send_at, expires_at, actor, summary)
       select (substr(t.id::text, 1, 19) || substr(gen_random_uuid()::text, 20))::uuid, t.workspace_id, t.lane, t.source, t.sensitive,
              t.from_domain, t.tags, t.size_bytes, ${ROWS_PER_MESSAGE}, t.send_at, now() + interval '3 days', t.actor, t.summary
       from template t, generate_series(1, $1::integer)
       returning id, workspace_id
     )
     insert into queue_bulk (lane, message_id, number, workspace_id, destination, due, expires_at)
     select 'bulk', m.id, n, m.workspace_id, n, clock_timestamp() + interval '20 hours', now() + interval '3 days'
     from made m, generate_series(1, ${ROWS_PER_MESSAGE}) n`,
    [messages],
  )
}

/** What the bulk lane holds: ready to be claimed, in lines of sites, and for later. */
export async function countQueue(
  data: string,
): Promise<{ readonly ready: number; readonly inLines: number; readonly later: number }> {
  const pool = superuserPool(data)
  try {
    const { rows } = await pool.query<{ ready: number; lines: number; later: number }>(
      `select count(*) filter (where line = 0 and lease is null and due <= now())::integer as ready,
              count(*) filter (where line <> 0)::integer as lines,
              count(*) filter (where line = 0 and due > now())::integer as later
       from queue_bulk`,
    )
    const [row] = rows
    return { ready: row?.ready ?? 0, inLines: row?.lines ?? 0, later: row?.later ?? 0 }
  } finally {
    await pool.end()
  }
}
