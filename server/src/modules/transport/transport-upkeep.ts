import { runLoop } from '../../platform/loop/index.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { StsPolicies } from './sts-policies.ts'
import type { StsStore } from './sts-store.ts'

const EVERY_MS = 60_000
const TRIM_EVERY_MS = 3_600_000

/** Keeps MTA-STS policies fresh and drops what is kept no longer, until the signal aborts. In any number of processes. */
export function runTransportUpkeep(deps: {
  readonly sts: Pick<StsPolicies, 'refreshDue'>
  readonly store: Pick<StsStore, 'trim'>
  readonly log: Logger
  readonly signal: AbortSignal
  /** Between rounds, in milliseconds. Default a minute. */
  readonly everyMs?: number
}): Promise<void> {
  let trimmedMs = -Infinity
  return runLoop({
    name: 'transport policies',
    everyMs: deps.everyMs ?? EVERY_MS,
    log: deps.log,
    signal: deps.signal,
    round: async () => {
      if (performance.now() - trimmedMs > TRIM_EVERY_MS) {
        await deps.store.trim()
        trimmedMs = performance.now()
      }
      return (await deps.sts.refreshDue()) > 0 ? 0 : undefined
    },
  })
}
