import { runSweep, type UpkeepDependencies } from '../../platform/loop/index.ts'
import { DELETED_DAYS } from './template.ts'
import { eraseTemplates } from './versions-store.ts'

const EVERY_MS = 10 * 60_000
const AT_ONCE = 100

/** Erases templates that were deleted 30 days ago, with their versions. In the worker. */
export function startTemplateUpkeep(deps: UpkeepDependencies): Promise<void> {
  return runSweep(deps, {
    name: 'erase templates',
    everyMs: EVERY_MS,
    round: async () => (await eraseTemplates(deps.pool, DELETED_DAYS, AT_ONCE)) >= AT_ONCE,
  })
}
