import { runLoop } from '../../platform/loop/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { rollStatistics, trimStatistics, wakeStatistics } from './statistics-store.ts'

const EVERY_MS = 1_000
const WAKE_EVERY_MS = 2_000
/** So far back: a message whose transaction was slow is found by the next look too. */
const WAKE_BACK_MS = 10_000
const WAKE_MESSAGES_MAX = 20_000
/** Of messages, outcomes and events each: a turn is short, and a crash costs little. */
const ROWS_MAX = 2_000
/** Then others of this process have their turn. */
const ROUND_MS = 2_000
/** Between turns of history: it is in nobody's way. */
const REST_MS = 50
const TRIM_EVERY_MS = 600_000
const TRIM_ROWS = 10_000

/** Counts what happened, in any number of processes at once; resolves when the signal has aborted. */
export async function startStatistics(deps: {
  readonly pool: Queryable
  readonly log: Logger
  readonly signal: AbortSignal
  readonly nowMs: () => number
  /** Host of the relay that takes all mail; null: mail goes to many places. */
  readonly relay: string | null
}): Promise<void> {
  const { pool, log, signal, nowMs } = deps
  await Promise.all([
    runLoop({
      name: 'look for mail to count',
      everyMs: WAKE_EVERY_MS,
      log,
      signal,
      round: async () => {
        await wakeStatistics(pool, new Date(nowMs() - WAKE_BACK_MS), WAKE_MESSAGES_MAX)
        return undefined
      },
    }),
    runLoop({
      name: 'count what became of mail',
      everyMs: EVERY_MS,
      log,
      signal,
      round: async () => {
        const began = performance.now()
        while (!signal.aborted && performance.now() - began < ROUND_MS) {
          const counted = await rollStatistics(pool, ROWS_MAX, deps.relay)
          if (counted === null) return undefined
          if (counted >= ROWS_MAX) return REST_MS
        }
        return REST_MS
      },
    }),
    runLoop({
      name: 'let old statistics go',
      everyMs: TRIM_EVERY_MS,
      log,
      signal,
      round: async () => ((await trimStatistics(pool, TRIM_ROWS)) >= TRIM_ROWS ? REST_MS : undefined),
    }),
  ])
}
