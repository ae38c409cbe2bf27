import { closeSync, openSync, writeSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { createSecureContext } from 'node:tls'
import { parseArgs } from 'node:util'
import { wallMs } from './clock.ts'
import { Latencies } from './percentiles.ts'
import type { Percentiles } from './percentiles.ts'
import { selfSigned } from './self-signed.ts'
import { Behaviour, parseRules } from './sink-behaviour.ts'
import { glance, unstuff } from './sink-message.ts'
import { SinkSession } from './sink-session.ts'
import type { Received } from './sink-session.ts'

export interface SinkOptions {
  readonly host?: string
  /** 0, the default, lets the kernel choose. */
  readonly port?: number
  /** The HTTP control port; 0, the default, lets the kernel choose; null: none. */
  readonly controlPort?: number | null
  /** File that gets one line per accepted recipient before the 250 goes out. */
  readonly journal?: string
  /** How many of the last messages to keep in memory. */
  readonly keep?: number
  /** Offers STARTTLS with a self-signed certificate, or with this one. */
  readonly tls?: boolean | { readonly key: string; readonly cert: string }
  /** Refuses MAIL before STARTTLS. */
  readonly requireTls?: boolean
  readonly pipelining?: boolean
  readonly maxMessageBytes?: number
  readonly idleTimeoutMs?: number
  /** Source of chance for rules with a percentage. */
  readonly random?: () => number
}

export interface SinkStats {
  readonly messages: number
  readonly recipients: number
  readonly bytes: number
  readonly connections: number
  readonly openConnections: number
  readonly maxOpenConnections: number
  readonly tlsConnections: number
  readonly injectedCommands: number
  readonly refused: number
  /** Messages that carry at least one DKIM-Signature, and signatures in all. */
  readonly signedMessages: number
  readonly dkimSignatures: number
  /** Recipients that had already got a message with the same Message-ID (the same X-Bulkhead-Message when it has none). */
  readonly duplicates: number
  /** False once more than MAX_SEEN pairs came: `duplicates` is then a lower bound. */
  readonly duplicatesComplete: boolean
  readonly firstMs: number
  readonly lastMs: number
  /** From the X-Bench-Sent stamp to the arrival of the final dot. */
  readonly latency: Percentiles
  readonly cpuMs: number
  readonly ruleActed: readonly number[]
}

export interface KeptMessage {
  readonly timeMs: number
  readonly from: string
  readonly recipients: readonly string[]
  readonly tls: boolean
  /** As the sender composed it: dots unstuffed. */
  readonly raw: Buffer
}

export interface Sink {
  readonly host: string
  readonly port: number
  /** 0 when there is none. */
  readonly controlPort: number
  stats(): SinkStats
  reset(): void
  /** Replaces the misbehaviour: `{ rules: [...] }`, see Rule. Throws an Error that names the wrong field. */
  behave(rules: unknown): void
  /** The last `count` kept messages, oldest first. */
  messages(count?: number): readonly KeptMessage[]
  stop(): Promise<void>
}

const MAX_SEEN = 5_000_000
const MAX_KEEP_BYTES = 1024 * 1024 * 1024
const MAX_CONTROL_BODY = 256 * 1024
/** The header is looked for in this much of a message at most. */
const MAX_GLANCE = 64 * 1024

/** Counts, journals and keeps what was accepted. */
class Store {
  readonly #journal: number | null
  readonly #keep: number
  #kept: KeptMessage[] = []
  #keptBytes = 0
  #seen = new Set<string>()
  #latency = new Latencies()
  #cpu = process.cpuUsage()
  counts = Store.#zero()

  constructor(journal: number | null, keep: number) {
    this.#journal = journal
    this.#keep = keep
  }

  static #zero() {
    return {
      messages: 0,
      recipients: 0,
      bytes: 0,
      connections: 0,
      openConnections: 0,
      maxOpenConnections: 0,
      tlsConnections: 0,
      injectedCommands: 0,
      refused: 0,
      signedMessages: 0,
      dkimSignatures: 0,
      duplicates: 0,
      duplicatesComplete: true,
      firstMs: 0,
      lastMs: 0,
    }
  }

  reset(): void {
    this.counts = { ...Store.#zero(), openConnections: this.counts.openConnections }
    this.#kept = []
    this.#keptBytes = 0
    this.#seen = new Set()
    this.#latency = new Latencies()
    this.#cpu = process.cpuUsage()
  }

  accept(message: Received): void {
    const now = wallMs()
    const { counts } = this
    const seen = glance(message.stuffed.subarray(0, MAX_GLANCE))
    if (this.#journal !== null) {
      const lines = message.recipients.map((to) => `${now.toFixed(3)}\t${seen.id}\t${to}\n`).join('')
      writeSync(this.#journal, lines)
    }
    counts.messages++
    counts.recipients += message.recipients.length
    counts.bytes += message.stuffed.length
    counts.dkimSignatures += seen.dkimSignatures
    if (seen.dkimSignatures > 0) counts.signedMessages++
    if (counts.firstMs === 0) counts.firstMs = now
    counts.lastMs = now
    if (seen.sentMs > 0) this.#latency.add(now - seen.sentMs)
    const identity = seen.messageId || seen.id
    if (identity !== '-') for (const to of message.recipients) this.#note(`${identity}\n${to}`)
    if (this.#keep > 0) this.#keepMessage(now, message)
  }

  #note(pair: string): void {
    if (this.#seen.has(pair)) this.counts.duplicates++
    else if (this.#seen.size < MAX_SEEN) this.#seen.add(pair)
    else this.counts.duplicatesComplete = false
  }

  #keepMessage(timeMs: number, { from, recipients, tls, stuffed }: Received): void {
    const raw = unstuff(stuffed)
    this.#kept.push({ timeMs, from, recipients, tls, raw })
    this.#keptBytes += raw.length
    while (this.#kept.length > this.#keep || this.#keptBytes > MAX_KEEP_BYTES) {
      this.#keptBytes -= this.#kept.shift()?.raw.length ?? 0
    }
  }

  messages(count: number): KeptMessage[] {
    return count <= 0 ? [] : this.#kept.slice(-count)
  }

  stats(ruleActed: readonly number[]): SinkStats {
    const cpu = process.cpuUsage(this.#cpu)
    return {
      ...this.counts,
      latency: this.#latency.summary(),
      cpuMs: Math.round((cpu.user + cpu.system) / 1000),
      ruleActed,
    }
  }
}

function listen(
  server: Server | ReturnType<typeof createHttpServer>,
  port: number,
  host: string,
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, backlog: 4096 }, () => {
      server.off('error', reject)
      const address: AddressInfo | string | null = server.address()
      if (address === null || typeof address === 'string') reject(new Error('no TCP address'))
      else resolve(address.port)
    })
  })
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) {
    body += String(chunk)
    if (body.length > MAX_CONTROL_BODY) throw new Error('the body is too large')
  }
  return JSON.parse(body)
}

async function control(sink: Sink, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sink.test')
  const answer = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /stats':
      answer(200, sink.stats())
      return
    case 'POST /reset':
      sink.reset()
      answer(200, {})
      return
    case 'POST /behave':
      try {
        sink.behave(await readBody(request))
        answer(200, {})
      } catch (error) {
        answer(400, { error: error instanceof Error ? error.message : String(error) })
      }
      return
    case 'GET /messages': {
      const kept = sink.messages(Number(url.searchParams.get('last') ?? 10))
      answer(
        200,
        kept.map(({ timeMs, from, recipients, tls, raw }) => {
          return { timeMs, from, recipients, tls, rawBase64: raw.toString('base64') }
        }),
      )
      return
    }
    case 'POST /quit':
      answer(200, {})
      await sink.stop()
      return
    default:
      answer(404, { error: 'GET /stats, GET /messages?last=N, POST /behave, POST /reset, POST /quit' })
  }
}

/**
 * Starts an SMTP server that accepts everything, counts it, and misbehaves on command. With `journal`, the line for each accepted
 * recipient (`milliseconds TAB X-Bulkhead-Message or Message-ID TAB recipient`) is written with one write(2) before the 250 goes out, so
 * the file survives a kill of the sink and says exactly what was accepted. Rejects when a port is taken or the journal cannot be opened.
 */
export async function startSink(options: SinkOptions = {}): Promise<Sink & AsyncDisposable> {
  const host = options.host ?? '127.0.0.1'
  const journal = options.journal === undefined ? null : openSync(options.journal, 'a', 0o600)
  const store = new Store(journal, options.keep ?? 0)
  const behaviour = new Behaviour(options.random)
  const tls = options.tls === true ? selfSigned() : options.tls || null
  const secureContext = tls === null ? null : createSecureContext({ ...tls, minVersion: 'TLSv1.2' })
  const sessions = new Set<SinkSession>()
  const server = createServer({ noDelay: true, highWaterMark: 256 * 1024 }, (socket) => {
    const { counts } = store
    counts.connections++
    counts.openConnections++
    counts.maxOpenConnections = Math.max(counts.maxOpenConnections, counts.openConnections)
    const session = new SinkSession(socket, {
      behaviour,
      secureContext,
      requireTls: options.requireTls ?? false,
      pipelining: options.pipelining ?? true,
      maxMessageBytes: options.maxMessageBytes ?? 52_428_800,
      idleTimeoutMs: options.idleTimeoutMs ?? 300_000,
      accept: (message) => store.accept(message),
      onTls: () => store.counts.tlsConnections++,
      onRefused: () => store.counts.refused++,
      onInjected: () => store.counts.injectedCommands++,
      onClose: () => {
        sessions.delete(session)
        store.counts.openConnections--
      },
    })
    sessions.add(session)
  })
  const port = await listen(server, options.port ?? 0, host)
  const web = createHttpServer((request, response) => {
    control(sink, request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    )
  })
  const controlPort =
    options.controlPort === null ? 0 : await listen(web, options.controlPort ?? 0, '127.0.0.1')
  let stopping: Promise<void> | null = null
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve())
    })
    for (const session of sessions) session.destroy()
    if (controlPort !== 0) web.close()
    web.closeIdleConnections()
    await closed
    if (journal !== null) closeSync(journal)
  }
  const sink: Sink & AsyncDisposable = {
    host,
    port,
    controlPort,
    stats: () => store.stats(behaviour.acted()),
    reset: () => store.reset(),
    behave: (rules) => behaviour.set(parseRules(rules)),
    messages: (count = Number.MAX_SAFE_INTEGER) => store.messages(count),
    stop: () => (stopping ??= stop()),
    [Symbol.asyncDispose]: () => (stopping ??= stop()),
  }
  return sink
}

const USAGE = `An SMTP sink on the loopback: accepts everything, counts, journals, misbehaves on command.
  node bench/sink.ts [--port 2525] [--control 2526] [--host 127.0.0.1] [--journal FILE] [--keep N] [--tls] [--require-tls]
                     [--no-pipelining]
  GET /stats  GET /messages?last=N  POST /behave {"rules":[{"at":"rcpt","recipient":"*@bad.test","reply":"550 5.1.1 no"}]}
  POST /reset  POST /quit`

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '2525' },
      control: { type: 'string', default: '2526' },
      host: { type: 'string', default: '127.0.0.1' },
      journal: { type: 'string' },
      keep: { type: 'string', default: '0' },
      tls: { type: 'boolean', default: false },
      'require-tls': { type: 'boolean', default: false },
      'no-pipelining': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(`${USAGE}\n`)
    return
  }
  const sink = await startSink({
    host: values.host,
    port: Number(values.port),
    controlPort: Number(values.control),
    keep: Number(values.keep),
    tls: values.tls || values['require-tls'],
    requireTls: values['require-tls'],
    pipelining: !values['no-pipelining'],
    ...(values.journal === undefined ? {} : { journal: values.journal }),
  })
  process.stdout.write(
    `${JSON.stringify({ port: sink.port, controlPort: sink.controlPort, pid: process.pid })}\n`,
  )
  const end = (): void => void sink.stop().then(() => process.exit(0))
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
}

if (import.meta.main) await main()
