import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { runLoop } from '../../platform/loop/index.ts'
import type { Logger, Metrics } from '../../platform/telemetry/index.ts'

const EVERY_MS = 15_000

/** What the keyring says of itself and of how much each kind of process opened. Set by the api, which may ask. */
export function createKeyringGauges(metrics: Metrics) {
  const used = metrics.gauge({
    name: 'bulkhead_keyring_budget_used_ratio',
    help: 'How much of its budget a kind of process has used: keys in the last minute, workspaces in the last hour. At 1 the keyring opens no more.',
    labels: ['kind', 'what'],
  })
  const unwraps = metrics.gauge({
    name: 'bulkhead_keyring_unwraps',
    help: 'Unwraps that the keyring process has on record.',
    labels: [],
  })
  const up = metrics.gauge({
    name: 'bulkhead_keyring_up',
    help: '1 where the keyring answers and reaches its database.',
    labels: [],
  })

  return {
    /** Asks until the signal aborts. */
    async run(deps: {
      readonly keyring: Pick<KeyringClient, 'status'>
      readonly log: Logger
      readonly signal: AbortSignal
    }): Promise<void> {
      await runLoop({
        name: 'ask the keyring for its budgets',
        everyMs: EVERY_MS,
        log: deps.log,
        signal: AbortSignal.any([deps.signal]),
        round: async () => {
          const status = await deps.keyring.status().catch((error: unknown) => {
            up.set([], 0)
            throw error
          })
          up.set([], status.database === 'up' ? 1 : 0)
          unwraps.set([], status.unwraps)
          for (const [kind, budget] of Object.entries(status.budgets)) {
            if (budget.keysPerMinute > 0) used.set([kind, 'keys'], budget.keysInMinute / budget.keysPerMinute)
            if (budget.workspacesPerHour > 0)
              used.set([kind, 'workspaces'], budget.workspacesInHour / budget.workspacesPerHour)
          }
          return undefined
        },
      })
    },
  }
}
