import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { LedgerRow } from '../messages/index.ts'

export interface QueueDepth {
  readonly lane: string
  readonly state: string
  /** Null: only the age is told. */
  readonly recipients: number | null
  readonly oldestSeconds: number
}

export interface InstallationGauge {
  readonly name: string
  readonly label: string
  readonly value: number
}

export interface CountedLedger {
  readonly rows: readonly LedgerRow[]
  readonly countedAt: Date
}

/** As a worker counted it last; null: none has yet. */
export async function selectLedger(db: TenantDatabase): Promise<CountedLedger | null> {
  const [row] = await db.query<{ counts: Record<string, number>; counted_at: Date }>(
    'select counts, counted_at from engine.installation_ledger()',
  )
  if (row === undefined) return null
  const rows = Object.entries(row.counts).map(([state, recipients]) => ({ state, recipients }))
  return { rows, countedAt: row.counted_at }
}

export type MonitoringStore = ReturnType<typeof createMonitoringStore>

export function createMonitoringStore(pool: Queryable) {
  return {
    async queueDepth(): Promise<QueueDepth[]> {
      const { rows } = await pool.query<{
        lane: string
        state: string
        recipients: number | null
        oldest_seconds: number
      }>('select lane::text as lane, state, recipients, oldest_seconds from engine.queue_depth()')
      return rows.map((row) => ({
        lane: row.lane,
        state: row.state,
        recipients: row.recipients,
        oldestSeconds: row.oldest_seconds,
      }))
    },

    async gauges(): Promise<InstallationGauge[]> {
      const { rows } = await pool.query<{ name: string; label: string; value: number }>(
        'select name, label, value from engine.installation_gauges()',
      )
      return rows
    },

    /** Recipients by state over all workspaces; reads the whole ledger, and keeps what it found for `selectLedger`. */
    async countLedger(): Promise<LedgerRow[]> {
      const { rows } = await pool.query<LedgerRow>('select state, recipients from engine.count_ledger()')
      return rows
    },
  }
}
