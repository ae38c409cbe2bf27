import { runLoop } from '../../platform/loop/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { InstallationMetrics } from './installation-metrics.ts'
import type { MonitoringStore } from './monitoring-store.ts'

const READ_EVERY_MS = 10_000
const LEDGER_EVERY_MS = 15_000
/** The ledger is counted row by row: it may take a two-hundredth of the time. */
const LEDGER_REST = 200

/** Reads the gauges of the installation until the signal aborts. A database that is away leaves them as they were, and their time stands still. */
export async function runMonitoring(deps: {
  readonly store: MonitoringStore
  readonly metrics: InstallationMetrics
  readonly log: Logger
  readonly signal: AbortSignal
  readonly nowMs: () => number
  readonly readEveryMs?: number
}): Promise<void> {
  const { store, metrics, log, nowMs } = deps
  const signal = AbortSignal.any([deps.signal])
  await Promise.all([
    runLoop({
      name: 'read the gauges of the installation',
      everyMs: deps.readEveryMs ?? READ_EVERY_MS,
      log,
      signal,
      round: async () => {
        metrics.setQueue(await store.queueDepth(), nowMs())
        metrics.setGauges(await store.gauges())
        return undefined
      },
    }),
    runLoop({
      name: 'balance the ledger',
      everyMs: LEDGER_EVERY_MS,
      log,
      signal,
      round: async () => {
        const began = performance.now()
        try {
          metrics.setLedger(await store.countLedger())
        } catch (error) {
          // A count that the database had no time for would take as long again: it rests for as long as one that worked.
          log.warn({ err: error }, 'The ledger could not be counted for the gauges; it is counted later')
        }
        return Math.max(LEDGER_EVERY_MS, (performance.now() - began) * LEDGER_REST)
      },
    }),
  ])
}
