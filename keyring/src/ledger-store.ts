import type { Database } from './database.ts'
import { Refusal } from './refusal.ts'

export interface UnwrapRow {
  readonly number: number
  readonly chain: Buffer
  readonly at: Date
  readonly process: string
  readonly workspaceId: string
  readonly purpose: string
  readonly keyCount: number
  readonly reason: string
}

export interface UnwrapHead {
  readonly number: number
  readonly chain: Buffer
}

export interface StoredCheckpoint {
  readonly size: number
  readonly root: Buffer
  /** By which the keyring knows a row that it stored. */
  readonly seal: Buffer
}

export interface HourOfUse {
  readonly process: string
  readonly hour: Date
  readonly workspaces: number
  readonly keys: number
  readonly limited: boolean
}

export type LedgerStore = ReturnType<typeof createLedgerStore>

/** The record of what was opened and refused, of how much is ordinary, and of what was signed for the audit log. */
export function createLedgerStore(deps: { database: Database; instance: string }) {
  const { database, instance } = deps
  return {
    /** One commit: the rows, and the signed statement that covers them. Fails as a whole where a number is taken. */
    async recordUnwraps(rows: readonly UnwrapRow[], statement: string): Promise<void> {
      const last = rows.at(-1)
      if (last === undefined) return
      await database.query(
        'record_unwraps',
        `with recorded as (
           insert into keyring.unwrap_log (instance, number, chain, at, process, workspace_id, purpose, key_count, reason)
           select $1::uuid, *
             from unnest($2::bigint[], $3::bytea[], $4::timestamptz[], $5::text[], $6::uuid[], $7::text[], $8::integer[], $9::text[])
         )
         insert into keyring.unwrap_statement (instance, number, chain, statement, at)
         values ($1, $10::bigint, $11::bytea, $12, $13::timestamptz)
         on conflict (instance) do update
            set number = excluded.number, chain = excluded.chain, statement = excluded.statement, at = excluded.at`,
        [
          instance,
          rows.map((row) => row.number),
          rows.map((row) => row.chain),
          rows.map((row) => row.at),
          rows.map((row) => row.process),
          rows.map((row) => row.workspaceId),
          rows.map((row) => row.purpose),
          rows.map((row) => row.keyCount),
          rows.map((row) => row.reason),
          last.number,
          last.chain,
          statement,
          last.at,
        ],
      )
    },

    /** The last number of this instance that is committed. */
    async unwrapHead(): Promise<UnwrapHead | undefined> {
      const rows = await database.query<{ number: string; chain: Buffer }>(
        'unwrap_head',
        `select number, chain
           from keyring.unwrap_log
          where instance = $1
          order by number desc
          limit 1`,
        [instance],
      )
      return rows.map((row) => ({ number: Number(row.number), chain: row.chain }))[0]
    },

    /** The last statement of every keyring process that ever recorded an unwrap, of the last 400 days, oldest first. */
    async statements(limit: number): Promise<{ instance: string; statement: string }[]> {
      return database.query<{ instance: string; statement: string }>(
        'unwrap_statements',
        `select instance, statement
           from keyring.unwrap_statement
          where at > now() - interval '400 days'
          order by at desc
          limit $1`,
        [limit],
      )
    },

    async trimUnwraps(limit: number): Promise<number> {
      const rows = await database.query<{ trimmed: string }>(
        'trim_unwraps',
        'select keyring.trim_unwraps($1) as trimmed',
        [limit],
      )
      return Number(rows[0]?.trimmed ?? 0)
    },

    /** Which workspaces each kind of process opened within the last hour, by any keyring: what budgets count from. */
    async openedLately(limit: number): Promise<{ process: string; workspaceId: string; at: Date }[]> {
      return database.query<{ process: string; workspaceId: string; at: Date }>(
        'opened_lately',
        `select process, workspace_id as "workspaceId", max(at) as at
           from keyring.unwrap_log
          where at > now() - interval '1 hour' and at < now() + interval '5 minutes'
          group by process, workspace_id
          limit $1`,
        [limit],
      )
    },

    async recordUse(hours: readonly HourOfUse[]): Promise<void> {
      await database.query(
        'record_use',
        `insert into keyring.usage (instance, process, hour, workspaces, keys, limited)
         select $1::uuid, * from unnest($2::text[], $3::timestamptz[], $4::integer[], $5::bigint[], $6::boolean[])
         on conflict (process, hour, instance) do update
            set workspaces = excluded.workspaces, keys = excluded.keys, limited = excluded.limited`,
        [
          instance,
          hours.map((item) => item.process),
          hours.map((item) => item.hour),
          hours.map((item) => item.workspaces),
          hours.map((item) => item.keys),
          hours.map((item) => item.limited),
        ],
      )
    },

    /**
     * The 99th percentile of the hours of seven days, all keyrings together, per kind of process; hours without use count too. Hours in
     * which a budget ran out do not count, and neither does the last day: whoever exhausts a budget must not raise it, and who stays
     * just below it must not raise it within hours.
     */
    async ordinaryUse(): Promise<{ process: string; workspaces: number; keys: number }[]> {
      return database.query<{ process: string; workspaces: number; keys: number }>(
        'ordinary_use',
        `select k.process,
                percentile_disc(0.99) within group (order by coalesce(u.workspaces, 0))::float8 as workspaces,
                percentile_disc(0.99) within group (order by coalesce(u.keys, 0))::float8 as keys
           from (select distinct process from keyring.usage) as k
          cross join generate_series(date_trunc('hour', now()) - interval '8 days',
                                     date_trunc('hour', now()) - interval '25 hours', '1 hour') as h(hour)
           left join (select process, hour, sum(workspaces) as workspaces, sum(keys) as keys
                        from keyring.usage
                       group by process, hour
                      having not bool_or(limited)) as u on u.process = k.process and u.hour = h.hour
          group by k.process`,
        [],
      )
    },

    async trimUse(): Promise<void> {
      await database.query('trim_use', `delete from keyring.usage where hour < now() - interval '9 days'`, [])
    },

    async recordRefusal(row: {
      process: string
      workspaceId: string | null
      kind: 'budget' | 'access' | 'contained'
      detail: string
    }): Promise<void> {
      await database.query(
        'record_refusal',
        `insert into keyring.refusal_log (instance, process, workspace_id, kind, detail)
         values ($1, $2, $3, $4, $5)`,
        [instance, row.process, row.workspaceId, row.kind, row.detail],
      )
    },

    /**
     * Hands the last signed checkpoint of `origin` to `judge`, locked against other keyrings, and stores what it returns. What `judge`
     * throws leaves everything as it was.
     */
    async advanceCheckpoint<T extends StoredCheckpoint>(
      origin: string,
      judge: (last: StoredCheckpoint | null) => T,
    ): Promise<T> {
      return database.transaction('advance_checkpoint', async (query) => {
        const rows = await query<{ size: string; root: Buffer; seal: Buffer }>(
          'last_checkpoint_locked',
          'select size, root, seal from keyring.checkpoint where origin = $1 for update',
          [origin],
        )
        const last = rows.map((row) => ({ ...row, size: Number(row.size) }))[0] ?? null
        const next = judge(last)
        // Two first checkpoints at once: the second insert waits, changes nothing that is greater, and its asker tries again.
        const stored = await query(
          'store_checkpoint',
          `insert into keyring.checkpoint as c (origin, size, root, signed_at, seal)
           values ($1, $2, $3, now(), $5)
           on conflict (origin) do update
              set size = excluded.size, root = excluded.root, signed_at = now(), seal = excluded.seal
            where c.size = $4
        returning origin`,
          [origin, next.size, next.root, last?.size ?? -1, next.seal],
        )
        if (stored.length === 0)
          throw new Refusal('unavailable', 'Another checkpoint was signed at this moment')
        return next
      })
    },

    async lastCheckpoint(origin: string): Promise<{ size: number; root: Buffer } | null> {
      const rows = await database.query<{ size: string; root: Buffer }>(
        'last_checkpoint',
        'select size, root from keyring.checkpoint where origin = $1',
        [origin],
      )
      return rows.map((row) => ({ size: Number(row.size), root: row.root }))[0] ?? null
    },
  }
}
