import { createBounceMetrics } from '../modules/bounces/index.ts'
import { createDeliveryObserver } from '../modules/delivery/index.ts'
import { createKeyringGauges } from '../modules/keyring/index.ts'
import { createAcceptObserver } from '../modules/messages/index.ts'
import { createInstallationMetrics } from '../modules/monitoring/index.ts'
import { createBudgetMetrics } from '../modules/sources/index.ts'
import { createWebhookObserver } from '../modules/webhooks/index.ts'
import { createHttpObserver } from '../platform/http/http-observer.ts'
import { createSmtpServerMetrics } from '../platform/smtp/server/index.ts'
import {
  createKeyringMetrics,
  createMetrics,
  createTraceMetrics,
  NO_TRACING,
  observePool,
  observeRuntime,
} from '../platform/telemetry/index.ts'
import type { MetricFacts, Metrics } from '../platform/telemetry/index.ts'
import { createSupervisorMetrics } from './supervisor-metrics.ts'

export interface CatalogueEntry extends MetricFacts {
  /** The processes that serve it. */
  readonly processes: readonly string[]
}

const seen = (metrics: Metrics) => ({ metrics, tracing: NO_TRACING, nowMs: Date.now })
const EVERY = ['api', 'smtp', 'sender', 'worker', 'staff', 'audit'] as const

/** Every metric of the product, in the order of the documents, as its processes make them. */
export function metricCatalogue(): readonly CatalogueEntry[] {
  const entries = new Map<string, CatalogueEntry>()
  for (const [processes, make] of makers()) {
    const metrics = createMetrics()
    make(metrics)
    for (const facts of metrics.facts()) {
      const before = entries.get(facts.name)?.processes ?? []
      entries.set(facts.name, { ...facts, processes: [...before, ...processes] })
    }
  }
  return [...entries.values()]
}

/** The names of what Node and the wrapped library tell of each process. */
export function runtimeMetricNames(): readonly string[] {
  const metrics = createMetrics()
  observeRuntime(metrics)
  return metrics.registry.getMetricsAsArray().map(({ name }) => name)
}

function makers(): readonly (readonly [readonly string[], (metrics: Metrics) => void])[] {
  return [
    [['api', 'smtp'], (metrics) => createAcceptObserver(seen(metrics))],
    [['sender'], (metrics) => createDeliveryObserver(seen(metrics))],
    [['sender'], createBudgetMetrics],
    [['worker'], createInstallationMetrics],
    [['worker'], (metrics) => createWebhookObserver(seen(metrics))],
    [['smtp'], createBounceMetrics],
    [['smtp'], createSmtpServerMetrics],
    [['api', 'staff'], (metrics) => createHttpObserver({ ...seen(metrics), surface: 'api' })],
    [['api'], createKeyringGauges],
    [EVERY, createKeyringMetrics],
    [EVERY, (metrics) => observePool(metrics, () => ({ total: 0, idle: 0, waiting: 0 }))],
    [EVERY, createTraceMetrics],
    [['supervisor'], createSupervisorMetrics],
  ]
}
