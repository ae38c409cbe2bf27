import { runSweep, type UpkeepDependencies } from '../../platform/loop/index.ts'
import { endSuppressions } from './suppressions-store.ts'

const EVERY_MS = 15_000
const AT_ONCE = 1_000

/** Takes away entries that have ended (they stop nothing from their last second on) and imports that are 90 days old. In the worker. */
export function startSuppressionUpkeep(deps: UpkeepDependencies): Promise<void> {
  return runSweep(deps, {
    name: 'end suppressions',
    everyMs: EVERY_MS,
    round: async () => (await endSuppressions(deps.pool, AT_ONCE)) >= AT_ONCE,
  })
}
