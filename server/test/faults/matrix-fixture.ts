import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Sink, SinkOptions } from '../../../bench/sink.ts'
import type { Lane } from '../../src/kernel/lane.ts'
import type { Engine } from '../../src/modules/delivery/index.ts'
import type { Pool } from '../../src/platform/postgres/index.ts'
import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { eventually, sendingWorkspace, startTestEngine, startTestSink } from '../flows/engine-fixture.ts'
import type { EngineOptions, TestWorkspace } from '../flows/engine-fixture.ts'
import { parseJournal } from '../constellation/sink.ts'
import type { JournalLine } from '../constellation/sink.ts'
import { startDnsServer } from '../support/dns-server.ts'
import type { DnsServer } from '../support/dns-server.ts'
import { reconcile } from './reconcile.ts'
import type { Outage } from './reconcile.ts'
import type { Request } from './load.ts'

/** What became of one message: how its recipients ended, what its timeline says, and what the other side wrote down. */
export interface Story {
  readonly id: string
  readonly states: Readonly<Record<string, number>>
  readonly types: readonly string[]
  // oxlint-disable-next-line typescript/no-explicit-any -- timelines are looked into by tests only
  readonly timeline: readonly any[]
  readonly attempts: readonly number[]
  /** How often the other side took it, per recipient. */
  readonly copies: readonly number[]
}

export interface Receiver extends AsyncDisposable {
  readonly domain: string
  readonly host: string
  readonly sink: Sink
  /** Misbehaves from now on; nothing: behaves. */
  behave(...rules: readonly unknown[]): void
}

export interface Matrix extends AsyncDisposable {
  readonly api: ApiFixture
  readonly dns: DnsServer
  readonly workspace: TestWorkspace
  /** Of all hosts of the matrix. */
  readonly port: number
  readonly directory: string
  /** A mail server on a loopback address of its own, with a journal, and a domain that leads to it. */
  receiver(options?: SinkOptions & { readonly domain?: string }): Promise<Receiver>
  /** A name that nobody uses. */
  newDomain(): string
  /** Leads a domain to a host. */
  lead(domain: string, host: string): void
  engine(options?: Partial<EngineOptions>): Promise<Engine>
  /** Accepts a message; the end reconciles it. */
  send(message: Record<string, unknown> & { to: string | readonly string[] }): Promise<string>
  /** Waits for the end of all recipients. */
  story(id: string, withinMs?: number): Promise<Story>
  /** Every recipient that any receiver answered 250. */
  journal(): Promise<JournalLine[]>
  /** The oracle: the journals against the ledger. Nothing lost, no copy that its story does not explain, nothing pending. */
  reconcile(mayEnd?: (state: string, recipient: string) => boolean): Promise<void>
  /** A stretch of time in which a copy of what was in flight at its beginning is explained. */
  noteOutage(outage: Outage): void
}

let worlds = 0

/** One API, one database and many receivers; engines are started by the tests. */
export async function startMatrix(options: { readonly shaping?: string } = {}): Promise<Matrix> {
  const directory = await mkdtemp(join(tmpdir(), 'bulkhead-matrix-'))
  const shaping = options.shaping === undefined ? undefined : join(directory, 'shaping.toml')
  if (shaping !== undefined) await writeFile(shaping, options.shaping ?? '')
  const dns = await startDnsServer()
  const api = await startApi({
    dnsServers: [dns.address],
    ...(shaping === undefined ? {} : { shaping }),
  })
  const workspace = await sendingWorkspace(api)
  const requests: Request[] = []
  const journals: string[] = []
  const outages: Outage[] = []
  const stack = new AsyncDisposableStack()
  worlds += 1
  // A listener on an address of its own keeps the port of all other hosts free for this process.
  const keeper = await startTestSink({ host: '127.8.0.1' })
  const { port } = keeper
  let hosts = 1
  let domains = 0

  const newDomain = (): string => {
    domains += 1
    return `peer${domains}.m${worlds}.example`
  }
  const lead = (domain: string, host: string): void => {
    dns.set(domain, [{ type: 'MX', preference: 10, exchange: `mx.${domain}` }])
    dns.set(`mx.${domain}`, [{ type: 'A', value: host }])
  }
  const journal = async (): Promise<JournalLine[]> => {
    const texts = await Promise.all(journals.map((path) => readFile(path, 'utf8')))
    return texts.flatMap(parseJournal).toSorted((one, other) => one.timeMs - other.timeMs)
  }

  return {
    api,
    dns,
    workspace,
    port,
    directory,
    newDomain,
    lead,
    journal,
    async receiver({ domain = newDomain(), ...given } = {}) {
      hosts += 1
      const host = `127.8.${hosts >> 8}.${hosts & 255}`
      const path = join(directory, `journal-${hosts}`)
      journals.push(path)
      const sink = await startTestSink({ host, port, tls: true, journal: path, ...given })
      stack.defer(() => sink.stop())
      lead(domain, host)
      return {
        domain,
        host,
        sink,
        behave: (...rules) => sink.behave({ rules }),
        [Symbol.asyncDispose]: () => sink.stop(),
      }
    },
    async engine(given = {}) {
      const engine = await startTestEngine({
        pool: api.database.pool('bulkhead_sender'),
        keyring: api.keyring('sender'),
        dnsServer: dns.address,
        outbound: { kind: 'direct' },
        directPort: port,
        ...(shaping === undefined ? {} : { shapingFile: shaping }),
        ...given,
      })
      // An engine may be ended by its test; the second end does nothing.
      let ended: Promise<void> | undefined
      const once = {
        ...engine,
        [Symbol.asyncDispose]: () => (ended ??= Promise.resolve(engine[Symbol.asyncDispose]())),
      }
      stack.use(once)
      return once
    },
    async send(message) {
      const messageId = await workspace.send(message)
      const recipients = typeof message.to === 'string' ? [message.to] : [...message.to]
      requests.push({ via: 'http', recipients, outcome: 'accepted', messageId, tries: 1 })
      return messageId
    },
    async story(id, withinMs = 40_000) {
      const message = await workspace.ended(id, withinMs)
      const lines = await journal()
      const { recipients = [] } = requests.find((request) => request.messageId === id) ?? {}
      return {
        id,
        states: message.states,
        types: message.timeline.map((event: { type: string }) => event.type.replace('message.', '')),
        timeline: message.timeline,
        attempts: message.recipients.map((each: { attempts: number }) => each.attempts),
        copies: recipients.map((to) => lines.filter((line) => line.recipient === to).length),
      }
    },
    noteOutage: (outage) => void outages.push(outage),
    async reconcile(mayEnd) {
      const fates = new Map<string, ReturnType<TestWorkspace['get']>>()
      const ledger = await eventually(async () => {
        const now = await workspace.ledger()
        return now.pending + now.scheduled === 0 ? now : undefined
      }, 'an empty queue')
      const verdict = await reconcile({
        requests,
        journal: await journal(),
        ledger,
        outages,
        ...(mayEnd === undefined ? {} : { mayEnd }),
        async fateOf(messageId, number) {
          const message = await (fates.get(messageId) ?? workspace.get(messageId))
          fates.set(messageId, Promise.resolve(message))
          const recipient = message.recipients.find((each: { number: number }) => each.number === number)
          if (recipient === undefined) return undefined
          const uncertain = message.timeline.filter(
            (event: { type: string; recipient: number }) =>
              event.type === 'message.uncertain' && event.recipient === number,
          )
          return { state: recipient.state, uncertain: uncertain.length }
        },
      })
      expect({
        lost: verdict.lost,
        wrong: verdict.wrong,
        unexplained: verdict.duplicates.unexplained,
        ledger: verdict.ledgerProblems,
      }).toEqual({ lost: [], wrong: [], unexplained: [], ledger: [] })
      expect(verdict.accepted).toBe(requests.flatMap(({ recipients }) => recipients).length)
    },
    async [Symbol.asyncDispose]() {
      await stack.disposeAsync()
      await keeper.stop()
      await api[Symbol.asyncDispose]()
      await dns.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const gone = (): Error =>
  Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNREFUSED' })

/** A pool that can be taken away: statements that match `away` fail at once, as with a database that is gone. */
export function awayPool(pool: Pool): { readonly pool: Pool; away: RegExp | null } {
  const state: { pool: Pool; away: RegExp | null } = { pool, away: null }
  const refuses = (text: string): boolean => state.away?.test(text) === true
  const query: Pool['query'] = async (statement, values) => {
    const text = typeof statement === 'string' ? statement : statement.text
    if (refuses(text)) throw gone()
    return pool.query(statement, values) as never
  }
  state.pool = {
    ...pool,
    query,
    transaction: (work, more) =>
      refuses('transaction') ? Promise.reject(gone()) : pool.transaction(work, more),
    connect: () => (refuses('connect') ? Promise.reject(gone()) : pool.connect()),
  }
  return state
}

/** Sends so many messages, each to one recipient of its own. */
export async function sendMany(
  matrix: Matrix,
  domain: string,
  count: number,
  options: { readonly lane?: Lane; readonly prefix?: string } & Record<string, unknown> = {},
): Promise<string[]> {
  const { prefix = 'r', ...message } = options
  return Promise.all(
    Array.from({ length: count }, (_, at) => matrix.send({ ...message, to: `${prefix}${at}@${domain}` })),
  )
}
