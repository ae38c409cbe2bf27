import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startInstallation } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import { startJournallingSink } from '../constellation/sink.ts'
import type { JournallingSink } from '../constellation/sink.ts'

const long = process.env['BULKHEAD_TEST_LONG'] === '1'
const IDLE = long ? 10_000 : 2_000

let sink: JournallingSink
let bulkhead: Installation
beforeAll(async () => {
  sink = await startJournallingSink()
  bulkhead = await startInstallation({ outbound: `smtp://127.0.0.1:${sink.port}` })
})
afterAll(async () => {
  await bulkhead?.[Symbol.asyncDispose]()
  await sink?.[Symbol.asyncDispose]()
})

interface Cut {
  /** From connecting to the close by the server. */
  readonly ms: number
  readonly said: string
}

/** Sends `text` byte by byte, once a second or as told, until the server closes. */
async function trickle(
  socket: Socket,
  text: string,
  options: { readonly everyMs?: number; readonly limitMs: number },
): Promise<Cut> {
  const startedMs = performance.now()
  let said = ''
  socket.on('data', (chunk) => {
    said += chunk.toString('latin1')
  })
  socket.on('error', () => undefined)
  for (let at = 0; !socket.closed; at++) {
    if (performance.now() - startedMs > options.limitMs) {
      socket.destroy()
      throw new Error(`still open after ${options.limitMs} ms; the server said ${said.slice(-200)}`)
    }
    if (!socket.writableEnded && socket.writable) socket.write(text[at % text.length] ?? 'x')
    await sleep(options.everyMs ?? 500)
  }
  return { ms: performance.now() - startedMs, said }
}

/** Ordinary mail by both doors until `until` settles; answers the latencies of acceptance, sorted. */
async function ordinaryTraffic(name: string, until: Promise<unknown>): Promise<number[]> {
  const latencies: number[] = []
  const over = new AbortController()
  void until.finally(() => over.abort())
  await using wire = await bulkhead.openSmtp()
  for (let i = 0; !over.signal.aborted || i < 20; i++) {
    const startedMs = performance.now()
    const to = `${name}-${i}@reader.test`
    if (i % 2 === 0) {
      const { status, text } = await bulkhead.http.send({ from: bulkhead.from, to, subject: 'x', text: 'x' })
      expect(status, text).toBe(202)
    } else {
      const answer = await wire.send(bulkhead.from, [to], `From: ${bulkhead.from}\r\nTo: ${to}\r\n\r\nx\r\n`)
      expect(answer.code, answer.text).toBe(250)
    }
    latencies.push(performance.now() - startedMs)
    await sleep(50)
  }
  return latencies.sort((a, b) => a - b)
}

const p95 = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length * 0.95)] ?? 0

const http = (): Socket => connect(Number(new URL(bulkhead.apiUrl).port), '127.0.0.1')

/** A logged-in session in the middle of DATA. */
async function inData(): Promise<Socket> {
  const wire = await bulkhead.openSmtp()
  for (const line of [`MAIL FROM:<${bulkhead.from}>`, 'RCPT TO:<slow@reader.test>', 'DATA'])
    expect((await wire.command(line)).code).toBeLessThan(400)
  wire.socket.removeAllListeners('data')
  return wire.socket
}

async function greeted(): Promise<Socket> {
  const socket = connectTls({ port: bulkhead.submissionsPort, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'data')
  return socket
}

describe.runIf(process.platform === 'linux')('slow clients', () => {
  it('are cut by time while others are served: a trickled head, a handshake that never ends', async () => {
    const head = 'POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-slow: '
    const cuts = Promise.all([
      trickle(http(), head, { limitMs: 22_000 }),
      trickle(http(), `GET /v1/messages?${'a'.repeat(100)}`, { limitMs: 22_000 }),
      trickle(connect(bulkhead.submissionsPort, '127.0.0.1'), '\x16\x03\x01\x02\x00\x01\x00\x01', {
        everyMs: 2_000,
        limitMs: 40_000,
      }),
    ])
    const latencies = await ordinaryTraffic('head', cuts)
    const [slowHead, slowLine, handshake] = await cuts
    process.stdout.write(
      `slow clients cut: HTTP head ${slowHead.ms.toFixed(0)} ms, request line ${slowLine.ms.toFixed(0)} ms, TLS handshake ${handshake.ms.toFixed(0)} ms; meanwhile ${latencies.length} messages, p95 ${p95(latencies).toFixed(0)} ms\n`,
    )
    expect(slowHead.said).toMatch(/^HTTP\/1.1 408 [^]*application\/problem\+json/)
    expect(p95(latencies)).toBeLessThan(1_000)
  }, 60_000)

  it.runIf(long)(
    'are cut by time while others are served, long: a trickled body, a trickled message, a trickled command',
    async () => {
      const head = `POST /v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${bulkhead.apiKey}\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{`
      const body = http()
      body.write(head)
      const before = await bulkhead.ledger()
      const cuts = Promise.all([
        trickle(body, ' ', { limitMs: 130_000 }),
        trickle(await inData(), 'x\r\n', { limitMs: 130_000 }),
        trickle(await greeted(), 'N', { limitMs: 320_000, everyMs: 2_000 }),
      ])
      const latencies = await ordinaryTraffic('body', cuts)
      const [slowBody, slowData, slowCommand] = await cuts
      process.stdout.write(
        `slow clients cut: HTTP body ${slowBody.ms.toFixed(0)} ms, SMTP DATA ${slowData.ms.toFixed(0)} ms, SMTP command ${slowCommand.ms.toFixed(0)} ms; meanwhile ${latencies.length} messages, p95 ${p95(latencies).toFixed(0)} ms\n`,
      )
      expect(slowBody.said).toMatch(/^HTTP\/1.1 408 /)
      expect(slowData.said).toMatch(/^421 4\.4\.2 |^451 4\.4\.2 /m)
      expect(slowCommand.said).toMatch(/^421 4\.4\.2 /m)
      expect(p95(latencies)).toBeLessThan(1_000)
      expect((await bulkhead.ledger()).accepted).toBe(before.accepted + latencies.length)
    },
    400_000,
  )

  it(`do not stop others by being many: ${IDLE} idle connections`, { timeout: 120_000 }, async () => {
    const doors = [
      Number(new URL(bulkhead.apiUrl).port),
      bulkhead.submissionPort,
      bulkhead.submissionsPort,
      bulkhead.submissionPort,
    ]
    const sockets: Socket[] = []
    let closed = 0
    try {
      for (let i = 0; i < IDLE; i += 100) {
        const some = Array.from({ length: 100 }, (_, j) =>
          connect(doors[(i + j) % doors.length]!, '127.0.0.1'),
        )
        sockets.push(...some)
        for (const socket of some) {
          socket.on('error', () => undefined)
          socket.on('close', () => {
            closed += 1
          })
          socket.resume()
        }
        await Promise.all(
          some.map((socket) => (socket.connecting ? once(socket, 'connect') : Promise.resolve([]))),
        )
      }
      const latencies = await ordinaryTraffic('idle', sleep(2_000))
      process.stdout.write(
        `${IDLE} idle connections (${closed} closed by the server): ${latencies.length} messages, p95 ${p95(latencies).toFixed(0)} ms; resident memory api ${residentMb('api')} MB, smtp ${residentMb('smtp')} MB\n`,
      )
      expect(closed).toBe(0)
      expect(p95(latencies)).toBeLessThan(1_000)
    } finally {
      for (const socket of sockets) socket.destroy()
    }
    const ledger = await bulkhead.untilSettled(20_000)
    expect(ledger.delivered).toBe(ledger.accepted)
    expect(new Set(sink.journal().map((line) => line.recipient)).size).toBe(ledger.accepted)
    expect(bulkhead.output()).not.toMatch(/ ended \(/)
  })
})

function residentMb(kind: 'api' | 'smtp'): string {
  const status = readFileSync(`/proc/${bulkhead.pids(kind)[0]}/status`, 'utf8')
  return (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024).toFixed(0)
}
