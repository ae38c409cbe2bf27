import { closeSync, openSync, readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createSecureContext } from 'node:tls'
import { parseArgs } from 'node:util'
import { Gate, parseDoors } from './engine/gate.ts'
import type { Door } from './engine/gate.ts'
import { selfSigned } from './self-signed.ts'
import { Behaviour, parseRules } from './sink-behaviour.ts'
import { SinkSession } from './sink-session.ts'
import { Store } from './sink-store.ts'
import type { KeptMessage, SinkStats } from './sink-store.ts'

export type { KeptMessage, SinkStats } from './sink-store.ts'

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
  /** Listens at each of their hosts, on one port, and each provider keeps its own limits; default: `host`, and no limits. */
  readonly doors?: readonly Door[]
  readonly pipelining?: boolean
  readonly maxMessageBytes?: number
  /** Of one transaction; more are answered 452. */
  readonly maxRecipients?: number
  readonly idleTimeoutMs?: number
  /** Said before an idle connection is closed, such as `421 4.4.2 idle`; default nothing. */
  readonly idleReply?: string
  /** Source of chance for rules with a percentage. */
  readonly random?: () => number
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

const MAX_CONTROL_BODY = 256 * 1024

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
  const accept = (socket: Socket, gate: Gate | null): void => {
    const { counts } = store
    counts.connections++
    counts.openConnections++
    counts.maxOpenConnections = Math.max(counts.maxOpenConnections, counts.openConnections)
    const visit = gate?.enter()
    const session = new SinkSession(socket, {
      behaviour: visit ?? behaviour,
      secureContext,
      requireTls: options.requireTls ?? false,
      pipelining: options.pipelining ?? true,
      maxMessageBytes: options.maxMessageBytes ?? 52_428_800,
      maxRecipients: options.maxRecipients ?? 10_000,
      idleTimeoutMs: options.idleTimeoutMs ?? 300_000,
      idleReply: options.idleReply ?? '',
      accept: (message) => store.accept(message),
      onTls: () => store.counts.tlsConnections++,
      onRefused: () => store.counts.refused++,
      onInjected: () => store.counts.injectedCommands++,
      onClose: () => {
        sessions.delete(session)
        store.counts.openConnections--
        visit?.leave()
      },
    })
    sessions.add(session)
  }
  const gates = new Map<string, Gate>()
  const places = (options.doors ?? []).flatMap((door) => {
    const gate = new Gate(door, options.random)
    gates.set(door.name, gate)
    return door.hosts.map((each) => ({ host: each, gate }))
  })
  const servers: Server[] = []
  let port = options.port ?? 0
  for (const place of places.length === 0 ? [{ host, gate: null }] : places) {
    const server = createServer({ noDelay: true, highWaterMark: 256 * 1024 }, (socket) =>
      accept(socket, place.gate),
    )
    servers.push(server)
    port = await listen(server, port, place.host)
  }
  const web = createHttpServer((request, response) => {
    control(sink, request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    )
  })
  const controlPort =
    options.controlPort === null ? 0 : await listen(web, options.controlPort ?? 0, '127.0.0.1')
  let stopping: Promise<void> | null = null
  const stop = async (): Promise<void> => {
    const closed = servers.map(
      (server) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve())
        }),
    )
    for (const session of sessions) session.destroy()
    if (controlPort !== 0) web.close()
    web.closeIdleConnections()
    await Promise.all(closed)
    if (journal !== null) closeSync(journal)
  }
  const sink: Sink & AsyncDisposable = {
    host,
    port,
    controlPort,
    stats: () =>
      store.stats(
        behaviour.acted(),
        Object.fromEntries([...gates].map(([name, gate]) => [name, gate.report()])),
      ),
    reset: () => {
      store.reset()
      for (const gate of gates.values()) gate.reset()
    },
    behave: (rules) => behaviour.set(parseRules(rules)),
    messages: (count = Number.MAX_SAFE_INTEGER) => store.messages(count),
    stop: () => (stopping ??= stop()),
    [Symbol.asyncDispose]: () => (stopping ??= stop()),
  }
  return sink
}

const USAGE = `An SMTP sink on the loopback: accepts everything, counts, journals, misbehaves on command.
  node bench/sink.ts [--port 2525] [--control 2526] [--host 127.0.0.1] [--journal FILE] [--keep N] [--tls] [--require-tls]
                     [--no-pipelining] [--doors FILE]
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
      doors: { type: 'string' },
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
    ...(values.doors === undefined
      ? {}
      : { doors: parseDoors(JSON.parse(readFileSync(values.doors, 'utf8'))) }),
  })
  process.stdout.write(
    `${JSON.stringify({ port: sink.port, controlPort: sink.controlPort, pid: process.pid })}\n`,
  )
  const end = (): void => void sink.stop().then(() => process.exit(0))
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
}

if (import.meta.main) await main()
