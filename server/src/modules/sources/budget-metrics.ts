import type { Metrics } from '../../platform/telemetry/index.ts'
import type { Budgets } from './source-types.ts'

const BUDGETS_MAX = 50

/** What this sender has of limits that all senders share; the 50 largest by what is in use. */
export function createBudgetMetrics(metrics: Metrics) {
  const share = metrics.gauge({
    name: 'bulkhead_budget_share_ratio',
    help: 'The part of a shared limit (connections, messages, of a site or a provider) that this sender may use now; the 50 with most in use.',
    labels: ['budget'],
    seriesMax: BUDGETS_MAX,
  })
  const known = metrics.gauge({
    name: 'bulkhead_budgets',
    help: 'Shared limits that this sender has a part of.',
    labels: [],
  })
  const failing = metrics.gauge({
    name: 'bulkhead_budgets_failing',
    help: '1 where shares cannot be renewed: they run out within ten seconds, and nothing that they bound is sent then.',
    labels: [],
  })

  return {
    watch(budgets: Pick<Budgets, 'state' | 'shares'>): void {
      metrics.onRead(() => {
        const shares = budgets.shares()
        known.set([], shares.length)
        failing.set([], budgets.state()['isFailing'] === true ? 1 : 0)
        share.clear()
        const largest = shares
          .filter(({ limit }) => limit > 0)
          .toSorted((a, b) => b.inUse + b.held - (a.inUse + a.held))
          .slice(0, BUDGETS_MAX)
        for (const { key, limit, held } of largest) share.set([key], held / limit)
      })
    },
  }
}
