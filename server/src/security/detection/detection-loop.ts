import { runLoop } from '../../platform/loop/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import { evaluate, trim } from './detection-store.ts'

/** An alarm is at most this much, and one evaluation, later than what it is about. */
export const EVALUATE_EVERY_MS = 5_000
const TRIM_EVERY_MS = 60_000
const CLIENTS_AT_ONCE = 500
const TRIM_BATCH = 5_000

/** Evaluates and trims until the signal aborts, in any number of processes: the database lets one at a time. */
export async function startDetectionLoop(deps: {
  readonly pool: Queryable
  readonly log: Logger
  readonly signal: AbortSignal
}): Promise<void> {
  const { pool, log, signal } = deps
  await Promise.all([
    runLoop({
      name: 'detect attacks',
      everyMs: EVALUATE_EVERY_MS,
      log,
      signal,
      round: async () => {
        const { clients, alerts, flagged } = await evaluate(pool, CLIENTS_AT_ONCE)
        if (alerts > 0 || flagged > 0) log.warn({ alerts, flagged }, 'An attack was noticed')
        // A full round means that more are waiting.
        return clients >= CLIENTS_AT_ONCE ? 0 : undefined
      },
    }),
    runLoop({
      name: 'trim signals of attack',
      everyMs: TRIM_EVERY_MS,
      log,
      signal,
      round: async () => ((await trim(pool, TRIM_BATCH)) >= TRIM_BATCH ? 0 : undefined),
    }),
  ])
}
