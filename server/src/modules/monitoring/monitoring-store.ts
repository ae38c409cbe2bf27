import type { Queryable } from '../../platform/postgres/index.ts'
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

    /** Recipients by state over all workspaces; reads the whole ledger. */
    async ledger(): Promise<LedgerRow[]> {
      const { rows } = await pool.query<LedgerRow>('select state, recipients from engine.ledger(null)')
      return rows
    },
  }
}
