import { once } from 'node:events'
import { createServer } from 'node:http'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { startOtlpReceiver } from '../../../test/support/otlp-receiver.ts'
import { createMetrics } from './metrics.ts'
import { startTracing } from './start-tracing.ts'
import { createTracing, NO_TRACING, parseTraceparent } from './traces.ts'
import type { SpanRecord } from './traces.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const MESSAGE = '0198c6a0-0000-7000-8000-0000deadbeef'

function recording(share: number, nowMs: () => number = () => 1_000) {
  const spans: SpanRecord[] = []
  const sink = { ended: (span: SpanRecord) => void spans.push(span), close: () => Promise.resolve() }
  return { spans, tracing: createTracing({ sink, share, nowMs }) }
}

describe('traceparent', () => {
  it.each([
    [`00-${TRACE}-${SPAN}-01`, { traceId: TRACE, spanId: SPAN, sampled: true }],
    [`00-${TRACE}-${SPAN}-00`, { traceId: TRACE, spanId: SPAN, sampled: false }],
    [`00-${TRACE}-${SPAN}-03`, { traceId: TRACE, spanId: SPAN, sampled: true }],
    [`cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`, { traceId: TRACE, spanId: SPAN, sampled: true }],
    [`00-${TRACE}-${SPAN}-01-more`, null],
    [`ff-${TRACE}-${SPAN}-01`, null],
    [`00-${'0'.repeat(32)}-${SPAN}-01`, null],
    [`00-${TRACE}-${'0'.repeat(16)}-01`, null],
    [`00-${TRACE.toUpperCase()}-${SPAN}-01`, null],
    [`00-${TRACE}-${SPAN}`, null],
    [`00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`, null],
    [undefined, null],
  ])('is read as the recommendation says: %s', (text, expected) => {
    expect(parseTraceparent(text)).toEqual(expected)
  })

  test.prop([fc.string({ maxLength: 5_000 })])('is never more than its two ids, whatever is sent', (text) => {
    const read = parseTraceparent(text)
    if (read !== null) expect(`${read.traceId}${read.spanId}`).toMatch(/^[0-9a-f]{48}$/)
  })
})

describe('tracing', () => {
  it('samples a message alike in every process, and about as many as were asked for', () => {
    const [one, other] = [recording(0.1).tracing, recording(0.1).tracing]
    const ids = Array.from({ length: 20_000 }, () => crypto.randomUUID())
    const sampled = ids.filter((id) => one.samples(id))
    expect(ids.filter((id) => other.samples(id))).toEqual(sampled)
    expect(sampled.length).toBeGreaterThan(1_700)
    expect(sampled.length).toBeLessThan(2_300)
    expect(ids.some((id) => recording(0).tracing.samples(id))).toBe(false)
    expect(ids.every((id) => recording(1).tracing.samples(id))).toBe(true)
  })

  it('records what fails, sampled or not', () => {
    const { spans, tracing } = recording(0)
    const span = { name: 'attempt', startMs: 1, endMs: 2, attributes: {} }
    tracing.ofMessage(MESSAGE, span)
    tracing.ofMessage(MESSAGE, { ...span, error: 'bounced: recipient' })
    expect(spans).toMatchObject([
      { error: 'bounced: recipient', at: { traceId: '0198c6a00000700080000000deadbeef' } },
    ])
  })

  it('hangs all spans of a message from the first, though no process tells another of it', () => {
    const span = { name: 'x', startMs: 1, endMs: 2, attributes: {} }
    const [api, sender] = [recording(1), recording(1)]
    api.tracing.ofMessage(MESSAGE, { ...span, root: true })
    sender.tracing.ofMessage(MESSAGE, span)
    expect(sender.spans[0]?.at.parentSpanId).toBe(api.spans[0]?.at.spanId)
    expect(api.spans[0]?.at.parentSpanId).toBeNull()
  })

  it('believes clients that ask to be traced twenty times a second at most', () => {
    let nowMs = 0
    const { tracing } = recording(0, () => nowMs)
    const ask = () => tracing.request(`00-${TRACE}-${SPAN}-01`).sampled
    expect(Array.from({ length: 100 }, ask).filter(Boolean)).toHaveLength(20)
    nowMs = 1_000
    expect(ask()).toBe(true)
    nowMs = -10_000_000
    expect(ask()).toBe(true)
  })

  it('costs nothing where it is off', async () => {
    const metrics = createMetrics()
    const off = { url: null, share: 1, process: 'api', instanceId: 'x', metrics }
    expect(await startTracing(off)).toBe(NO_TRACING)
    expect(NO_TRACING.samples(MESSAGE)).toBe(false)
    let ran = false
    NO_TRACING.within(NO_TRACING.request(undefined), () => (ran = true))
    expect([ran, NO_TRACING.current()]).toEqual([true, null])
  })
})

describe('the way to a collector', () => {
  const span = {
    name: 'attempt',
    startMs: 1_700_000_000_123,
    endMs: 1_700_000_000_456.5,
    attributes: { lane: 'bulk', n: 3 },
  }

  it('is OTLP over HTTP, with ids, times and attributes as they were', async () => {
    await using receiver = await startOtlpReceiver()
    const metrics = createMetrics()
    const tracing = await startTracing({
      url: receiver.url,
      share: 1,
      process: 'sender-2',
      instanceId: 'x',
      metrics,
    })
    tracing.ofMessage(MESSAGE, { ...span, error: 'deferred: policy' })
    await tracing.close()
    expect(receiver.spans()).toMatchObject([
      {
        name: 'attempt',
        process: 'sender-2',
        startMs: 1_700_000_000_123,
        endMs: 1_700_000_000_456,
        error: 'deferred: policy',
        attributes: { lane: 'bulk', n: 3 },
      },
    ])
    expect(await metrics.read()).toContain('bulkhead_trace_spans_total{result="exported"} 1')
  })

  it.each(['refuses', 'never answers', 'is not there'])(
    'is bounded in memory and time where it %s, and throws nothing',
    async (how) => {
      const server = createServer((_request, response) => {
        if (how === 'refuses') response.writeHead(500).end()
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      if (how === 'is not there') server.close()
      const metrics = createMetrics()
      const tracing = await startTracing({
        url: `http://127.0.0.1:${port}`,
        share: 1,
        process: 'sender',
        instanceId: 'x',
        metrics,
      })
      const began = performance.now()
      for (let i = 0; i < 50_000; i++) tracing.ofMessage(MESSAGE, span)
      // A span is made and dropped; no call waits for anything.
      expect(performance.now() - began).toBeLessThan(5_000)
      const closing = performance.now()
      await tracing.close()
      expect(performance.now() - closing).toBeLessThan(3_000)
      server.closeAllConnections()
      server.close()
    },
  )
})
