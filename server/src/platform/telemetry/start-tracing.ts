import type { Metrics } from './metrics.ts'
import { createTracing, NO_TRACING, type Tracing } from './traces.ts'

/**
 * Tracing as the settings say. Where it is off, the library is not even loaded.
 * @param deps.url Of the collector: `http://127.0.0.1:4318`; a path other than `/` is used as it is.
 */
export async function startTracing(deps: {
  readonly url: string | null
  readonly share: number
  readonly process: string
  readonly instanceId: string
  readonly metrics: Metrics
}): Promise<Tracing> {
  const spans = createTraceMetrics(deps.metrics)
  if (deps.url === null) return NO_TRACING
  const { createOtlpSink } = await import('./otlp.ts')
  const sink = createOtlpSink({
    url: tracesUrl(deps.url),
    process: deps.process,
    instanceId: deps.instanceId,
    onExported: (count, ok) => spans.add([ok ? 'exported' : 'failed'], count),
  })
  return createTracing({ sink, share: deps.share, nowMs: Date.now })
}

/** Spans that left, and those that did not. */
export function createTraceMetrics(metrics: Metrics) {
  return metrics.counter({
    name: 'bulkhead_trace_spans_total',
    help: 'Spans that the collector took (exported) or did not (failed).',
    labels: ['result'],
  })
}

function tracesUrl(text: string): string {
  const url = new URL(text)
  if (url.pathname === '/') url.pathname = '/v1/traces'
  return url.href
}
