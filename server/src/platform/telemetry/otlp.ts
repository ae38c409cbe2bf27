import { setTimeout as sleep } from 'node:timers/promises'
import { SpanKind, SpanStatusCode, TraceFlags, type HrTime, type SpanContext } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace'
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions'
import type { SpanRecord, SpanSink } from './traces.ts'

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const
const TIMEOUT_MS = 5_000
const QUEUE_MAX = 4_096
const BATCH_MAX = 512
const CLOSE_MS = 2_000
const DELAY_MS = 2_000

/** Tells how each batch ended. */
class CountingExporter extends OTLPTraceExporter {
  readonly #onExported: (spans: number, ok: boolean) => void

  constructor(deps: { readonly url: string; readonly onExported: (spans: number, ok: boolean) => void }) {
    super({ url: deps.url, timeoutMillis: TIMEOUT_MS, concurrencyLimit: 2 })
    this.#onExported = deps.onExported
  }

  override export(...[spans, done]: Parameters<OTLPTraceExporter['export']>): void {
    super.export(spans, (result) => {
      this.#onExported(spans.length, result.error === undefined)
      done(result)
    })
  }
}

/**
 * Sends spans by OTLP over HTTP (JSON). At most 4,096 wait; beyond that, and where the collector does not take them, they are dropped
 * and counted. Nothing here throws or waits on the way of mail.
 */
export function createOtlpSink(deps: {
  /** Up to and with `/v1/traces`. */
  readonly url: string
  readonly process: string
  readonly instanceId: string
  readonly onExported: (spans: number, ok: boolean) => void
  readonly delayMs?: number
}): SpanSink {
  const exporter = new CountingExporter(deps)
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: QUEUE_MAX,
    maxExportBatchSize: BATCH_MAX,
    scheduledDelayMillis: deps.delayMs ?? DELAY_MS,
    exportTimeoutMillis: TIMEOUT_MS * 2,
  })
  const resource = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: 'bulkhead',
    'service.instance.id': deps.instanceId,
    'bulkhead.process': deps.process,
  })

  function readable(span: SpanRecord): ReadableSpan {
    const { traceId, spanId, parentSpanId } = span.at
    return {
      name: span.name,
      kind: KINDS[span.kind],
      spanContext: () => contextOf(spanId, traceId),
      ...(parentSpanId === null ? {} : { parentSpanContext: contextOf(parentSpanId, traceId) }),
      startTime: timeOf(span.startMs),
      endTime: timeOf(span.endMs),
      duration: timeOf(Math.max(0, span.endMs - span.startMs)),
      status:
        span.error === undefined
          ? { code: SpanStatusCode.UNSET }
          : { code: SpanStatusCode.ERROR, message: span.error },
      attributes: { ...span.attributes },
      links: (span.links ?? []).map((link) => ({ context: contextOf(link.spanId, link.traceId) })),
      events: [],
      ended: true,
      resource,
      instrumentationScope: { name: 'bulkhead' },
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    }
  }

  return {
    ended: (span) => processor.onEnd(readable(span)),
    async close() {
      await Promise.race([
        processor.shutdown().catch(() => undefined),
        sleep(CLOSE_MS, undefined, { ref: false }),
      ])
    },
  }
}

function timeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000)
  return [seconds, Math.round((ms - seconds * 1_000) * 1_000_000)]
}

function contextOf(spanId: string, traceId: string): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED }
}
