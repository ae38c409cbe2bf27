import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SinkOptions, Sink } from '../../../bench/sink.ts'
import { startSink } from '../../../bench/sink.ts'
import { createIdGenerator, decodeId } from '../../src/kernel/ids.ts'
import { LANES } from '../../src/kernel/lane.ts'
import { startStops } from '../../src/modules/batches/index.ts'
import type { Engine, Outbound } from '../../src/modules/delivery/index.ts'
import type { SecureResolverDeps } from '../../src/platform/dns/index.ts'
import type { KeyringClient } from '../../src/platform/keyring-client/index.ts'
import type { Pool } from '../../src/platform/postgres/index.ts'
import { listen } from '../../src/platform/postgres/listen.ts'
import type { SmtpTimeouts } from '../../src/platform/smtp/client/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { startSenderEngine } from '../../src/processes/sender-engine.ts'
import { startContainmentWatch } from '../../src/security/containment/index.ts'
import type { ContainmentWatch } from '../../src/security/containment/index.ts'
import type { ApiFixture } from './api-fixture.ts'

export interface EngineOptions {
  /** What the engine believes to be contained, instead of what is. */
  readonly containment?: Pick<ContainmentWatch, 'blocking'>
  readonly pool: Pool
  readonly keyring: KeyringClient
  readonly dnsServer?: string
  readonly outbound: Outbound
  /** Default true. */
  readonly sensitiveMayLeave?: boolean
  readonly directPort?: number
  /** Kept by the caller; default one of its own that goes with the engine. */
  readonly journalDirectory?: string
  readonly isAlive?: (pid: number) => boolean
  /** Default 0.002: a minute of the schedule is 120 ms. */
  readonly retryScale?: number
  readonly timeouts?: Partial<SmtpTimeouts>
  /** The rules of an operator. */
  readonly shapingFile?: string
  readonly secureDns?: SecureResolverDeps
  /** Where bounces come back; default nowhere. */
  readonly returnPathDomain?: string
  /** Of the servers of MTA-STS policies. */
  readonly ca?: string
  readonly stsUrlOf?: (domain: string) => string
}

/** The real engine as the sender process composes it, woken by NOTIFY. */
export async function startTestEngine(options: EngineOptions): Promise<Engine> {
  const own = options.journalDirectory === undefined
  const journalDirectory = options.journalDirectory ?? (await mkdtemp(join(tmpdir(), 'bulkhead-journal-')))
  const log = createLogger({ name: 'engine', level: 'error' })
  const newId = createIdGenerator()
  const watch = await startContainmentWatch({ pool: options.pool, log, actorClass: 'sender' })
  const engine = await startSenderEngine({
    pool: options.pool,
    keyring: options.keyring,
    containment: options.containment ?? watch,
    sensitiveMayLeave: options.sensitiveMayLeave !== false,
    log,
    processId: newId(),
    journalDirectory,
    isAlive: options.isAlive ?? (() => true),
    outbound: options.outbound,
    simulator: null,
    resolveRelay: (address) => Promise.resolve([{ address, family: 4 }]),
    dns: { servers: [options.dnsServer ?? '127.0.0.1:9'], timeoutMs: 1_000, tries: 1 },
    secureDns: options.secureDns ?? null,
    allowPrivate: true,
    host: 'test',
    hostname: 'mail.example.net',
    returnPathDomain: options.returnPathDomain ?? null,
    shapingFile: options.shapingFile ?? null,
    retryScale: options.retryScale ?? 0.002,
    timeouts: { connectMs: 2_000, dotMs: 1_500, ...options.timeouts },
    ...(options.directPort === undefined ? {} : { directPort: options.directPort }),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options.stsUrlOf === undefined ? {} : { stsUrlOf: options.stsUrlOf }),
  })
  const listening = listen(options.pool, 'bulkhead_queue', log, (payload) =>
    engine.wake(LANES.filter((lane) => payload.split(',').includes(lane))),
  )
  return {
    ...engine,
    async [Symbol.asyncDispose]() {
      await listening[Symbol.asyncDispose]()
      await engine[Symbol.asyncDispose]()
      await watch[Symbol.asyncDispose]()
      if (own) await rm(journalDirectory, { recursive: true, force: true })
    },
  }
}

/** An engine that relays everything to a sink. */
export function startRelayingEngine(
  api: ApiFixture,
  sink: Pick<Sink, 'port'>,
  options: Partial<EngineOptions> = {},
): Promise<Engine> {
  return startTestEngine({
    pool: api.database.pool('bulkhead_sender'),
    keyring: api.keyring('sender'),
    outbound: { kind: 'relay', host: '127.0.0.1', port: sink.port, implicitTls: false, auth: undefined },
    ...options,
  })
}

/** What the worker does for batches and subaccounts. */
export function startTestStops(api: ApiFixture): AsyncDisposable {
  const stop = new AbortController()
  const running = startStops({
    pool: api.database.pool('bulkhead_worker'),
    log: createLogger({ name: 'worker', level: 'error' }),
    signal: stop.signal,
  })
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

/** A sink that keeps what it got; stopped with `await using`. */
export async function startTestSink(options: SinkOptions = {}): Promise<Sink & AsyncDisposable> {
  const sink = await startSink({ controlPort: null, keep: 2_000, ...options })
  return Object.assign(sink, { [Symbol.asyncDispose]: () => sink.stop() })
}

/** Waits until `probe` gives something; fails with what was seen last. */
export async function eventually<T>(
  probe: () => T | undefined | Promise<T | undefined>,
  what: string,
  withinMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const seen = await probe()
    if (seen !== undefined) return seen
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

export interface TestWorkspace {
  readonly id: string
  /** The id as the database has it. */
  readonly uuid: string
  readonly key: string
  readonly from: string
  send(message: Record<string, unknown>): Promise<string>
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into by tests only
  get(messageId: string): Promise<any>
  /** Waits until no recipient of the message waits. */
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into by tests only
  ended(messageId: string, withinMs?: number): Promise<any>
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into by tests only
  ledger(): Promise<any>
}

let domains = 0

/** A workspace with a sending domain of its own that may send, and its two DKIM keys. */
export async function sendingWorkspace(api: ApiFixture): Promise<TestWorkspace> {
  const { id, key } = await api.workspace()
  domains += 1
  const domain = `sender${domains}.test`
  const added = await api.call(key, 'POST', '/v1/domains', { name: domain })
  if (added.status !== 201) throw new Error(`no domain: ${added.text}`)
  const from = `news@${domain}`
  const get = async (messageId: string) => (await api.call(key, 'GET', `/v1/messages/${messageId}`)).body
  return {
    id,
    uuid: decodeId('workspace', id) ?? '',
    key,
    from,
    get,
    async send(message) {
      const answer = await api.call(key, 'POST', '/v1/messages', {
        from,
        subject: 'Hello',
        text: 'Hello there.',
        ...message,
      })
      if (answer.status !== 202) throw new Error(`not accepted: ${answer.text}`)
      return answer.body.id
    },
    ended: (messageId, withinMs) =>
      eventually(
        async () => {
          const message = await get(messageId)
          const waiting = ['pending', 'scheduled', 'held'].some(
            (state) => message.states[state] !== undefined,
          )
          return waiting ? undefined : message
        },
        `the end of ${messageId}`,
        withinMs,
      ),
    ledger: async () => (await api.call(key, 'GET', '/v1/ledger')).body,
  }
}
