import { runSweep, type UpkeepDependencies } from '../../platform/loop/index.ts'
import { endLists } from './lists-store.ts'

const EVERY_MS = 15_000
const AT_ONCE = 5_000

/** Takes away what is left of lists that were deleted. In the worker. */
export function startListUpkeep(deps: UpkeepDependencies): Promise<void> {
  return runSweep(deps, {
    name: 'end lists',
    everyMs: EVERY_MS,
    round: async () => (await endLists(deps.pool, AT_ONCE)) > 0,
  })
}
