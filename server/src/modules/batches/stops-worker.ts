import { runSweep, type UpkeepDependencies } from '../../platform/loop/index.ts'
import { trimBatches, workStops } from './stops-store.ts'

const EVERY_MS = 250
const ROWS_AT_ONCE = 1_000
/** One after the other: with more of them in a round nothing else of the worker would have its turn. */
const STOPS_A_ROUND = 200
const TRIM_EVERY_MS = 15 * 60_000

/** Gives back, tells of and cancels what batches and subaccounts have stopped. In the worker; any number may run. */
export function startStops(deps: UpkeepDependencies): Promise<void> {
  const working = runSweep(deps, {
    name: 'batches and subaccounts',
    everyMs: EVERY_MS,
    async round() {
      for (let done = 0; done < STOPS_A_ROUND; done += 1) {
        if (deps.signal.aborted || (await workStops(deps.pool, ROWS_AT_ONCE)) === undefined) return false
      }
      return true
    },
  })
  const trimming = runSweep(deps, {
    name: 'old batches',
    everyMs: TRIM_EVERY_MS,
    round: async () => (await trimBatches(deps.pool, ROWS_AT_ONCE)) >= ROWS_AT_ONCE,
  })
  return Promise.all([working, trimming]).then(() => undefined)
}
