import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { metricCatalogue } from '../../src/processes/metric-catalogue.ts'
import { startInstallation, until } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import { startOtlpReceiver } from '../support/otlp-receiver.ts'
import type { OtlpReceiver, ReceivedSpan } from '../support/otlp-receiver.ts'
import { createSearch } from '../support/plaintext-scan/search.ts'

const SIMULATOR = 'simulator.bulkhead.test'
const word = (): string => randomBytes(12).toString('hex')

/** What must be nowhere: local parts, a subject, a name, a text. */
const canaries = [
  'accept',
  'bounce',
  'bounce-later',
  'complain',
  'submitted',
  'subject',
  'name',
  'text',
  'agent',
].map((name) => ({ class: name, text: word() }))
const canary = (name: string): string => canaries.find((item) => item.class === name)?.text ?? ''
const CLIENT_TRACE = randomBytes(16).toString('hex')
const CLIENT_SPAN = randomBytes(8).toString('hex')

let collector: OtlpReceiver
let installation: Installation
let sent: Readonly<Record<string, string>>

async function send(script: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const answer = await installation.http.call('POST', '/v1/messages', {
    body: {
      from: `${canary('name')} <${installation.from}>`,
      to: [`${script}+${canary(script)}@${SIMULATOR}`],
      subject: `About ${canary('subject')}`,
      text: `Hello ${canary('text')}`,
    },
    headers: { 'user-agent': canary('agent'), ...headers },
  })
  expect([answer.status, answer.text]).toEqual([202, answer.text])
  return answer.body.id
}

async function scrape(): Promise<string> {
  const url = /http:\/\/\S+\/metrics/.exec(installation.output())?.[0]
  const answer = await fetch(String(url), { signal: AbortSignal.timeout(10_000) })
  return answer.text()
}

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const samplesOf = (text: string): Sample[] =>
  [...text.matchAll(/^(\w+)\{(.*)\} (\S+)$/gm)].map(([, name = '', labels = '', value]) => ({
    name,
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map((m) => [m[1], m[2]])),
    value: Number(value),
  }))

const sum = (samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>>): number =>
  samples
    .filter((s) => s.name === name && Object.entries(labels).every(([key, value]) => s.labels[key] === value))
    .reduce((total, { value }) => total + value, 0)

async function eventsOf(messageId: string): Promise<string[]> {
  const { body } = await installation.http.call('GET', `/v1/messages/${messageId}`)
  return body.timeline.map((event: { type: string }) => event.type)
}

beforeAll(async () => {
  collector = await startOtlpReceiver()
  installation = await startInstallation({
    env: {
      BULKHEAD_LOG_LEVEL: 'debug',
      BULKHEAD_OTLP_URL: collector.url,
      BULKHEAD_TRACE_SAMPLE: '1',
    },
  })
  const traceparent = `00-${CLIENT_TRACE}-${CLIENT_SPAN}-01`
  sent = {
    accept: await send('accept', { traceparent }),
    bounce: await send('bounce'),
    returned: await send('bounce-later'),
    complained: await send('complain'),
  }
  await using wire = await installation.openSmtp()
  const answer = await wire.send(
    installation.from,
    [`accept+${canary('submitted')}@${SIMULATOR}`],
    `From: ${installation.from}\r\nTo: accept+${canary('submitted')}@${SIMULATOR}\r\nSubject: ${canary('subject')}\r\n\r\n${canary('text')}\r\n`,
  )
  expect(answer.code).toBe(250)
  await until('bounces and complaints', 60_000, async () => {
    const [returned, complained] = await Promise.all([
      eventsOf(sent['returned'] ?? ''),
      eventsOf(sent['complained'] ?? ''),
    ])
    return returned.includes('message.returned') && complained.includes('message.complained')
  })
}, 180_000)
afterAll(async () => {
  await installation?.[Symbol.asyncDispose]()
  await collector?.[Symbol.asyncDispose]()
})

describe('metrics of a running installation', () => {
  it('are exactly those of the documents, each from the processes that it is told of', async () => {
    const text = await scrape()
    const catalogue = metricCatalogue()
    const served = [...text.matchAll(/^# TYPE (bulkhead_\w+) (\w+)$/gm)].map((m) => `${m[1]} ${m[2]}`)
    expect(served.toSorted()).toEqual(catalogue.map(({ name, type }) => `${name} ${type}`).toSorted())
    const strangers = samplesOf(text).filter(({ name, labels }) => {
      const family = catalogue.find(
        (entry) => name.replace(/_(?:bucket|sum|count)$/, '') === entry.name || name === entry.name,
      )
      return (
        family !== undefined && !family.processes.includes(String(labels['process']).replace(/-\d+$/, ''))
      )
    })
    expect(strangers).toEqual([])
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds\{process="sender"\} /m)
  })

  it('count what became of mail, by lane, class and source', async () => {
    const samples = samplesOf(await scrape())
    const lane = { lane: 'transactional' }
    expect(sum(samples, 'bulkhead_accepted_messages_total', { ...lane, source: 'api' })).toBe(4)
    expect(sum(samples, 'bulkhead_accepted_messages_total', { source: 'smtp' })).toBe(1)
    expect(sum(samples, 'bulkhead_attempts_total', { outcome: 'delivered' })).toBe(4)
    expect(sum(samples, 'bulkhead_attempts_total', { outcome: 'bounced', class: 'recipient' })).toBe(1)
    expect(sum(samples, 'bulkhead_outcomes_total', { outcome: 'delivered' })).toBe(4)
    expect(sum(samples, 'bulkhead_delivery_delay_seconds_count', {})).toBe(4)
    expect(sum(samples, 'bulkhead_first_attempt_delay_seconds_count', {})).toBe(5)
    expect(sum(samples, 'bulkhead_reports_received_total', { kind: 'complaint', match: 'matched' })).toBe(1)
    expect(sum(samples, 'bulkhead_reports_received_total', { kind: 'bounce', match: 'matched' })).toBe(1)
    expect(
      sum(samples, 'bulkhead_smtp_server_answers_total', { listener: 'submissions', command: 'data' }),
    ).toBe(1)
    expect(sum(samples, 'bulkhead_http_requests_total', { route: '/v1/messages', status: '202' })).toBe(4)
    expect(sum(samples, 'bulkhead_process_up', {})).toBe(6)
    // On a busy machine a lease can run out between two renewals; the sender takes it again.
    await until('the lease of the sender', 30_000, async () => {
      return sum(samplesOf(await scrape()), 'bulkhead_leases', {}) === 1
    })
  })

  it('show the queue, and the ledger balances', async () => {
    const { body } = await installation.http.call('POST', '/v1/messages', {
      body: {
        from: installation.from,
        to: [`accept@${SIMULATOR}`],
        subject: 'Later',
        text: 'x',
        sendAt: new Date(Date.now() + 3_600_000).toISOString(),
      },
    })
    await until('the gauge of scheduled mail', 30_000, async () => {
      const samples = samplesOf(await scrape())
      return sum(samples, 'bulkhead_queue_recipients', { lane: 'transactional', state: 'scheduled' }) === 1
    })
    await installation.http.call('POST', `/v1/messages/${body.id}/cancel`)
    const samples = samplesOf(await scrape())
    expect(sum(samples, 'bulkhead_ledger_lost_recipients', {})).toBe(0)
    expect(sum(samples, 'bulkhead_ledger_doubled_recipients', {})).toBe(0)
  })

  it('name no address, no subject and no workspace, and stay small', async () => {
    const text = await scrape()
    expect(createSearch(canaries).find(Buffer.from(text))).toEqual([])
    expect(text).not.toContain(installation.workspaceId)
    expect(text).not.toContain(String(decodeId('workspace', installation.workspaceId)))
    expect(text.length).toBeLessThan(1024 * 1024)
    expect(text.split('\n').filter((line) => line.includes('@'))).toEqual([])
  })
})

const traceOf = (messageId: string | undefined): ReceivedSpan[] => {
  const traceId = String(decodeId('message', String(messageId))).replaceAll('-', '')
  return collector.spans().filter((span) => span.traceId === traceId)
}

const complete = (messageId: string | undefined, names: readonly string[]) =>
  until(
    `the spans of ${messageId}`,
    20_000,
    () => names.every((name) => traceOf(messageId).some((span) => span.name === name)),
    100,
    () => JSON.stringify(traceOf(messageId)),
  )

describe('traces of a running installation', () => {
  it('follow a message through all processes, under its own id', async () => {
    await complete(sent['accept'], ['accept', 'claim', 'prepare', 'attempt', 'settle'])
    const spans = traceOf(sent['accept'])
    const root = spans.find((span) => span.name === 'accept')
    expect(root).toMatchObject({ parentSpanId: '', process: 'api' })
    for (const span of spans.filter((each) => each !== root))
      expect(span).toMatchObject({ parentSpanId: root?.spanId, process: 'sender' })
    expect(spans.find((span) => span.name === 'attempt')).toMatchObject({
      error: null,
      attributes: { 'bulkhead.outcome': 'delivered', 'bulkhead.lane': 'transactional', 'smtp.code': 250 },
    })
    expect(spans.every((span) => span.endMs >= span.startMs)).toBe(true)
  })

  it('continue the trace of a client that sends traceparent', async () => {
    await until('the span of the request', 20_000, () =>
      collector.spans().some((span) => span.traceId === CLIENT_TRACE),
    )
    const request = collector.spans().find((span) => span.traceId === CLIENT_TRACE)
    expect(request).toMatchObject({
      name: 'POST /v1/messages',
      parentSpanId: CLIENT_SPAN,
      attributes: { 'http.route': '/v1/messages', 'http.response.status_code': 202 },
    })
    const accept = traceOf(sent['accept']).find((span) => span.name === 'accept')
    expect(accept?.links).toEqual([{ traceId: CLIENT_TRACE, spanId: request?.spanId }])
  })

  it('mark what failed as an error, with its class', async () => {
    await complete(sent['bounce'], ['attempt'])
    expect(traceOf(sent['bounce']).find((span) => span.name === 'attempt')).toMatchObject({
      error: 'bounced: recipient',
      attributes: { 'smtp.code': 550 },
    })
  })

  it('hold no address, no subject and no text', () => {
    expect(collector.spans().length).toBeGreaterThan(20)
    expect(createSearch(canaries).find(Buffer.from(collector.raw()))).toEqual([])
    expect(collector.raw()).not.toContain('@')
  })
})

describe('logs of a running installation', () => {
  it('hold no address, subject, name or text, on the level debug', () => {
    const output = installation.output()
    // The search must have something to find things in.
    expect(output).toMatch(/ debug /)
    expect(output).toContain('A report about a message is kept')
    const found = createSearch(canaries).find(Buffer.from(output))
    const lines = found.map(({ canary: { class: name }, at }) => ({
      name,
      line: output.slice(at - 200, at + 100),
    }))
    expect(lines).toEqual([])
  })

  it('would be caught if they did', () => {
    const line = `2026 api debug to=bounce+${canary('bounce')}@${SIMULATOR}`
    expect(createSearch(canaries).find(Buffer.from(line))).toMatchObject([{ canary: { class: 'bounce' } }])
  })
})

describe('a collector that is gone', () => {
  it('is counted, and mail goes on as before', async () => {
    await collector[Symbol.asyncDispose]()
    const before = sum(samplesOf(await scrape()), 'bulkhead_outcomes_total', { outcome: 'delivered' })
    for (let i = 0; i < 20; i++) await send('accept')
    await installation.untilSettled(30_000)
    await until('spans that were not taken', 30_000, async () => {
      const samples = samplesOf(await scrape())
      return sum(samples, 'bulkhead_trace_spans_total', { result: 'failed' }) > 0
    })
    const samples = samplesOf(await scrape())
    expect(sum(samples, 'bulkhead_outcomes_total', { outcome: 'delivered' })).toBe(before + 20)
  })
})
