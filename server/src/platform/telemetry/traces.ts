import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'

/** What a span may say: words and numbers of ours, ids included; never an address, a subject, a text of a stranger. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

/** Where a span stands in a trace. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
  readonly parentSpanId: string | null
  readonly sampled: boolean
}

export interface SpanRecord {
  readonly name: string
  readonly kind: 'server' | 'client' | 'internal'
  readonly at: Pick<TraceContext, 'traceId' | 'spanId' | 'parentSpanId'>
  /** Milliseconds since 1970. */
  readonly startMs: number
  readonly endMs: number
  readonly attributes: SpanAttributes
  /** What went wrong, as a class of ours. */
  readonly error?: string
  /** Spans of other traces that led here. */
  readonly links?: readonly Pick<TraceContext, 'traceId' | 'spanId'>[]
}

/** Where ended spans go. It drops what it cannot hold and never throws. */
export interface SpanSink {
  ended(span: SpanRecord): void
  /** Sends what waits, for at most 2 s. */
  close(): Promise<void>
}

export interface Tracing {
  /** False: nothing below does anything, and hot paths do not even ask. */
  readonly isOn: boolean
  /** Whether the way of a message is traced: told from its id alone, so that all processes agree. */
  samples(messageId: string): boolean
  /** The context of a request: continued where the client sent a valid `traceparent` (W3C Trace Context), new otherwise. */
  request(traceparent: string | undefined): TraceContext
  /** Runs `work` so that `current` answers this context in it. */
  within(context: TraceContext, work: () => void): void
  current(): TraceContext | null
  /** A span of a message's own trace. Recorded where the message is sampled, and always where there is an error. */
  ofMessage(
    messageId: string,
    span: Pick<SpanRecord, 'name' | 'startMs' | 'endMs' | 'attributes' | 'error' | 'links'> & {
      readonly kind?: SpanRecord['kind']
      /** The first span of the trace, which the others hang from. */
      readonly root?: true
    },
  ): void
  /** A span with a context of its own. */
  ended(span: SpanRecord): void
  close(): Promise<void>
}

/** Clients that say `sampled` are believed this often per second and process: nobody fills the collector from outside. */
const ASKED_PER_SECOND_MAX = 20
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const NO_TRACE = '0'.repeat(32)
const NO_SPAN = '0'.repeat(16)

/** Tracing that is off. */
export const NO_TRACING: Tracing = {
  isOn: false,
  samples: () => false,
  request: () => ({ traceId: NO_TRACE, spanId: NO_SPAN, parentSpanId: null, sampled: false }),
  within: (_context, work) => work(),
  current: () => null,
  ofMessage: () => undefined,
  ended: () => undefined,
  close: () => Promise.resolve(),
}

/**
 * Traces on one rule: the trace of a message has the message's id, so every process writes to it without carrying anything along. Spans
 * are recorded when they end.
 */
export function createTracing(deps: {
  readonly sink: SpanSink
  /** Part of all messages and requests, 0 to 1. */
  readonly share: number
  readonly nowMs: () => number
}): Tracing {
  const storage = new AsyncLocalStorage<TraceContext>()
  const threshold = deps.share * 0x1_0000_0000
  let askedSinceMs = 0
  let asked = 0

  /** The last 32 bits of an id are random (UUIDv7, RFC 9562). */
  const samples = (messageId: string): boolean => Number.parseInt(messageId.slice(-8), 16) < threshold

  function believes(): boolean {
    const now = deps.nowMs()
    if (now - askedSinceMs >= 1_000 || now < askedSinceMs) {
      askedSinceMs = now
      asked = 0
    }
    asked += 1
    return asked <= ASKED_PER_SECOND_MAX
  }

  return {
    isOn: true,
    samples,
    request(traceparent) {
      const spanId = newSpanId()
      const remote = parseTraceparent(traceparent)
      if (remote === null) {
        const traceId = randomBytes(16).toString('hex')
        return { traceId, spanId, parentSpanId: null, sampled: samples(traceId) }
      }
      const sampled = remote.sampled ? believes() : samples(remote.traceId)
      return { traceId: remote.traceId, spanId, parentSpanId: remote.spanId, sampled }
    },
    within: (context, work) => storage.run(context, work),
    current: () => storage.getStore() ?? null,
    ofMessage(messageId, { kind = 'internal', root, ...span }) {
      if (span.error === undefined && !samples(messageId) && span.links === undefined) return
      const traceId = messageId.replaceAll('-', '')
      const rootSpanId = traceId.slice(-16)
      const at =
        root === true
          ? { traceId, spanId: rootSpanId, parentSpanId: null }
          : { traceId, spanId: newSpanId(), parentSpanId: rootSpanId }
      deps.sink.ended({ ...span, kind, at })
    },
    ended: (span) => deps.sink.ended(span),
    close: () => deps.sink.close(),
  }
}

/** The `traceparent` of W3C Trace Context §3.2; null where it is absent or not valid. Later versions are read as far as they are known. */
export function parseTraceparent(
  text: string | undefined,
): { readonly traceId: string; readonly spanId: string; readonly sampled: boolean } | null {
  if (text === undefined || text.length > 200) return null
  const found = TRACEPARENT.exec(text)
  if (found === null) return null
  const [, version = '', traceId = '', spanId = '', flags = '', more] = found
  if (version === 'ff' || (version === '00' && more !== undefined)) return null
  if (traceId === NO_TRACE || spanId === NO_SPAN) return null
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

function newSpanId(): string {
  return randomBytes(8).toString('hex')
}
