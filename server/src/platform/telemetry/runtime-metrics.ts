import { collectDefaultMetrics } from 'prom-client'
import type { Metrics } from './metrics.ts'

/** The process itself: CPU, memory, event loop delay, garbage collection (prom-client's `process_…` and `nodejs_…`), and when it started. */
export function observeRuntime(metrics: Metrics): void {
  collectDefaultMetrics({ register: metrics.registry, eventLoopMonitoringPrecision: 20 })
}

/** Connections of the database pool, asked when somebody reads. */
export function observePool(
  metrics: Metrics,
  counts: () => { readonly total: number; readonly idle: number; readonly waiting: number },
): void {
  const connections = metrics.gauge({
    name: 'bulkhead_pg_pool_connections',
    help: 'Connections of the database pool: used, idle, and requests that wait for one.',
    labels: ['state'],
  })
  metrics.onRead(() => {
    const { total, idle, waiting } = counts()
    connections.set(['used'], total - idle)
    connections.set(['idle'], idle)
    connections.set(['waiting'], waiting)
  })
}

/** Requests to the keyring, as the asking process sees them. */
export function createKeyringMetrics(metrics: Metrics) {
  const seconds = metrics.histogram({
    name: 'bulkhead_keyring_request_seconds',
    help: 'How long the keyring took to answer, by operation.',
    labels: ['op'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    seriesMax: 60,
  })
  const failures = metrics.counter({
    name: 'bulkhead_keyring_failures_total',
    help: 'Requests that the keyring did not fulfil: budget (too much was opened), contained, shredded, refused, unavailable (no answer in time).',
    labels: ['op', 'why'],
    seriesMax: 200,
  })
  return {
    answered(op: string, elapsedSeconds: number): void {
      seconds.observe([op], elapsedSeconds)
    },
    failed(op: string, why: string): void {
      failures.add([op, why])
    },
  }
}
