import { runSweep, type UpkeepDependencies } from '../../platform/loop/index.ts'
import { trimSending, warnSending } from './quotas-store.ts'

const WARN_EVERY_MS = 10_000
const WARN_BATCH = 100
const TRIM_EVERY_MS = 3_600_000
const TRIM_BATCH = 1_000

/** Tells the people of a workspace of quotas that come to their end, and lets old counters go; resolves when the signal has aborted. */
export async function startQuotaUpkeep(
  deps: UpkeepDependencies & {
    /** Default 10 s. */
    readonly warnEveryMs?: number
  },
): Promise<void> {
  await Promise.all([
    runSweep(deps, {
      name: 'warn of quotas',
      everyMs: deps.warnEveryMs ?? WARN_EVERY_MS,
      round: async () => (await warnSending(deps.pool, WARN_BATCH)) >= WARN_BATCH,
    }),
    runSweep(deps, {
      name: 'trim counters of quotas',
      everyMs: TRIM_EVERY_MS,
      round: async () => (await trimSending(deps.pool, TRIM_BATCH)) >= TRIM_BATCH,
    }),
  ])
}
