import type { Queryable } from '../../platform/postgres/index.ts'
import { runLoop } from '../../platform/loop/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { workBatch } from './queue-store.ts'

/** How soon an act begins when nothing is at work. */
const IDLE_MS = 250
const FAST_MS = 150
const SLOW_MS = 400
const ROWS_LEAST = 100
const ROWS_MOST = 5_000
/** Rows are looked at this many times as fast as they are changed. */
const WALK = 10

/**
 * Works off acts on the queue, batch by batch, until the signal aborts; resolves then. Any number may run: each batch is one transaction
 * of one act. A batch takes some 150 to 400 ms of the database, so that claims beside it never wait long.
 */
export function startQueueActs(deps: {
  readonly pool: Queryable
  readonly log: Logger
  readonly signal: AbortSignal
}): Promise<void> {
  let rows = 1_000
  return runLoop({
    name: 'acts on the queue',
    everyMs: IDLE_MS,
    log: deps.log,
    signal: deps.signal,
    async round() {
      const started = performance.now()
      const batch = await workBatch(deps.pool, rows * WALK, rows)
      if (batch === undefined) return undefined
      const tookMs = performance.now() - started
      if (tookMs > SLOW_MS) rows = Math.max(ROWS_LEAST, Math.floor(rows / 2))
      else if (tookMs < FAST_MS && batch.rows >= rows) rows = Math.min(ROWS_MOST, rows * 2)
      return 0
    },
  })
}
