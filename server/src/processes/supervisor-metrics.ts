import { createMetrics, observeRuntime, readAllMetrics, serveMetrics } from '../platform/telemetry/index.ts'
import type { Metrics, MetricsSource } from '../platform/telemetry/index.ts'
import type { ListenAddress } from '../platform/config/index.ts'
import type { Output } from './supervisor-output.ts'

/** What the supervisor counts, and the one address where the metrics of all its processes are read. */
export function createSupervisorMetrics(metrics: Metrics = createMetrics()) {
  observeRuntime(metrics)
  const up = metrics.gauge({
    name: 'bulkhead_process_up',
    help: '1 where a process of this host answered when it was asked for its metrics, 0 where it did not.',
    labels: ['child'],
  })
  const restarts = metrics.counter({
    name: 'bulkhead_process_restarts_total',
    help: 'How often a process of this host ended by itself and was started again.',
    labels: ['child'],
  })

  return {
    restarted(label: string): void {
      restarts.add([label])
    },
    /** Listens, unless it is `off`. An address that cannot be listened on is reported and stops nothing. */
    async serve(
      address: ListenAddress | 'off',
      sources: readonly MetricsSource[],
      output: Pick<Output, 'warn'>,
    ): Promise<AsyncDisposable | null> {
      if (address === 'off') return null
      for (const { process } of sources) restarts.add([process], 0)
      try {
        return await serveMetrics({
          address,
          read: () => readAllMetrics(sources, metrics, (label, isUp) => up.set([label], isUp ? 1 : 0)),
          onFailure: (error) => output.warn(`metrics cannot be read: ${String(error)}`),
        })
      } catch (error) {
        output.warn(`metrics are not served: ${String(error)}`)
        return null
      }
    },
  }
}
