import type { Metrics } from '../../platform/telemetry/index.ts'
import type { createIntakeStore } from './bounces-store.ts'

type IntakeStore = ReturnType<typeof createIntakeStore>

/** What operators see of mail that came back. */
export function createBounceMetrics(metrics: Metrics) {
  const reports = metrics.counter({
    name: 'bulkhead_reports_received_total',
    help: 'Reports from outside by kind (bounce, complaint, notice and others), form, and whether they belong to a message (`matched`) or why not.',
    labels: ['kind', 'format', 'match'],
  })
  const tls = metrics.counter({
    name: 'bulkhead_tls_reports_received_total',
    help: 'TLS reports (RFC 8460) that others sent about domains of this installation.',
    labels: [],
  })

  return {
    store(store: IntakeStore): IntakeStore {
      return {
        ...store,
        async keep(kept) {
          const result = await store.keep(kept)
          reports.add([kept.kind, kept.format, kept.why ?? 'matched'])
          return result
        },
      }
    },
    tlsReport(): void {
      tls.add([])
    },
  }
}

export type BounceMetrics = ReturnType<typeof createBounceMetrics>
