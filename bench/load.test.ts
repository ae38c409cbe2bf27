import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { waitFor } from './clock.ts'
import { freePorts } from './free-port.ts'
import { loadHttp } from './load-http.ts'
import { loadSmtp } from './load-smtp.ts'
import { startSinkProcess } from './sink-process.ts'
import { startSink } from './sink.ts'
import { Work } from './work.ts'

async function startHttp(answer: (body: string, n: number) => { status: number; body: string }) {
  const bodies: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk) => (body += String(chunk)))
    request.on('end', () => {
      bodies.push(body)
      const reply = answer(body, bodies.length)
      response.writeHead(reply.status, { 'content-length': Buffer.byteLength(reply.body) }).end(reply.body)
    })
  })
  const [port = 0] = await freePorts(1)
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port,
    bodies,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('the SMTP generator', () => {
  it('sends each message once, over as many connections as asked, at the size asked', async () => {
    await using sink = await startSink({ keep: 1 })
    const report = await loadSmtp({ port: sink.port, messages: 500, connections: 7 })
    expect(report).toMatchObject({ accepted: 500, failed: 0, byStatus: { 250: 500 }, cutShort: false })
    expect(sink.stats()).toMatchObject({
      messages: 500,
      recipients: 500,
      duplicates: 0,
      maxOpenConnections: 7,
    })
    expect(sink.stats().latency.count).toBe(500)
    const size = sink.messages(1)[0]?.raw.length ?? 0
    expect(Math.abs(size - 5000)).toBeLessThan(400)
  })

  it('counts refusals by status, tries again what was put off, and survives connections that break', async () => {
    await using sink = await startSink()
    sink.behave({
      rules: [
        { at: 'rcpt', recipient: 'u7-*', reply: '550 5.1.1 no' },
        { at: 'dot', reply: '451 4.3.0 later', times: 5 },
        { at: 'body', action: 'drop', times: 3 },
        { at: 'mail', reply: '421 4.7.0 busy', times: 2 },
      ],
    })
    const report = await loadSmtp({ port: sink.port, messages: 100, connections: 3, maxSeconds: 20 })
    expect(report).toMatchObject({
      accepted: 96,
      failed: 4,
      putOff: 7,
      byStatus: { 250: 96, 550: 1, 451: 5, 421: 2 },
    })
    expect(sink.stats().messages).toBe(96)
  })

  it('is never told 250 for a message that the journal of a killed sink lacks', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'bulkhead-sink-'))
    const journal = join(directory, 'journal')
    await using sink = await startSinkProcess(['--journal', journal])
    const load = loadSmtp({ port: sink.port, messages: 1e6, connections: 8, maxSeconds: 3, retryBusy: false })
    await waitFor('some messages', 5000, async () => (await sink.stats()).messages > 500)
    process.kill(sink.pid, 'SIGKILL')
    const { accepted } = await load
    const lines = readFileSync(journal, 'utf8').split('\n').length - 1
    expect(accepted).toBeGreaterThan(0)
    // One message per connection may be journalled without its 250 having come through.
    expect(lines).toBeGreaterThanOrEqual(accepted)
    expect(lines).toBeLessThanOrEqual(accepted + 8)
    rmSync(directory, { recursive: true })
  })

  it('uses STARTTLS', async () => {
    await using sink = await startSink({ requireTls: true, tls: true })
    const report = await loadSmtp({ port: sink.port, messages: 20, connections: 2, tls: 'starttls' })
    expect(report.accepted).toBe(20)
    expect(sink.stats().tlsConnections).toBe(2)
  })

  it('ends when its time is over although the server never answers', async () => {
    await using sink = await startSink()
    sink.behave({ rules: [{ at: 'banner', reply: '421 4.7.0 go away' }] })
    const report = await loadSmtp({ port: sink.port, messages: 10, connections: 1, maxSeconds: 0.3 })
    expect(report).toMatchObject({ accepted: 0, cutShort: true })
  })
})

describe('the HTTP generator', () => {
  it('sends each message once with its stamp and tries again after 429', async () => {
    await using server = await startHttp((_body, n) =>
      n % 10 === 0 ? { status: 429, body: '{}' } : { status: 202, body: '{"id":"x"}' },
    )
    const report = await loadHttp({ port: server.port, apiKey: 'k', messages: 90, connections: 4 })
    expect(report).toMatchObject({ accepted: 90, failed: 0 })
    expect(report.putOff).toBeGreaterThanOrEqual(9)
    const accepted = server.bodies.map((body): unknown => JSON.parse(body))
    expect(accepted[0]).toMatchObject({
      from: 'Shop <shop@sender.test>',
      headers: { 'X-Bench-Sent': expect.any(String) },
    })
  })

  it('counts a batch by its items', async () => {
    await using server = await startHttp((body) => {
      const { messages } = JSON.parse(body) as { messages: unknown[] }
      return { status: 207, body: JSON.stringify({ accepted: messages.length, refused: 0, data: [] }) }
    })
    const report = await loadHttp({
      port: server.port,
      apiKey: 'k',
      messages: 250,
      batch: 100,
      connections: 2,
    })
    expect(report).toMatchObject({ accepted: 250, failed: 0, byStatus: { 207: 3 } })
  })

  it('counts a server that is not there as a failure and ends', async () => {
    const [port = 0] = await freePorts(1)
    const report = await loadHttp({ port, apiKey: 'k', messages: 5, connections: 1, maxSeconds: 0.3 })
    expect(report).toMatchObject({ accepted: 0, cutShort: true })
    expect(report.byStatus['ECONNREFUSED']).toBeGreaterThan(0)
  })
})

describe('the work', () => {
  it('gives out every job once, at its rate', async () => {
    const work = new Work({ count: 20, perSecond: 200, maxSeconds: 5 })
    const due: number[] = []
    await new Promise<void>((resolve) => {
      const next = (): void => {
        for (;;) {
          const job = work.take(next)
          if (job === null) return
          if (job === undefined) {
            resolve()
            return
          }
          due.push(job.dueMs)
        }
      }
      next()
    })
    expect(due).toHaveLength(20)
    expect((due.at(-1) ?? 0) - (due[0] ?? 0)).toBeCloseTo(95, 3)
  })
})
