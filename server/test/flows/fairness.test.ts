import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Lane } from '../../src/kernel/lane.ts'
import { startDnsServer, type DnsServer } from '../support/dns-server.ts'
import { startApi, type ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, startTestEngine, startTestSink } from './engine-fixture.ts'
import type { EngineOptions, TestWorkspace } from './engine-fixture.ts'

const BULK = 20_000
const TRANSACTIONAL = 5_000
const SINGLE = 20

/** How mail leaves, and how slowly the other side takes it, so that the backlog outlives the test. */
interface Arm {
  readonly engine: (port: number) => Pick<EngineOptions, 'outbound' | 'directPort'>
  readonly delayMs: number
  /** Of a message of the backlog. Over a relay they share a transaction. */
  readonly recipients: number
  /**
   * How many transactions come before the last of the twenty: theirs, a turn of the other for each, what is under way, and a few
   * seconds of work of a busy machine. Whoever had to wait for the backlog would have a thousand before them over a relay and five thousand at a site.
   */
  readonly mostBefore: Readonly<Record<'bulk' | 'transactional', number>>
}

const RELAY: Arm = {
  engine: (port) => ({
    outbound: { kind: 'relay', host: '127.0.0.1', port, implicitTls: false, auth: undefined },
  }),
  delayMs: 400,
  recipients: 5,
  mostBefore: { bulk: 600, transactional: 600 },
}
const DIRECT: Arm = {
  engine: (port) => ({ outbound: { kind: 'direct' }, directPort: port }),
  delayMs: 15,
  recipients: 1_000,
  mostBefore: { bulk: 1_000, transactional: 1_000 },
}

let directory: string
let rules: string
let dns: DnsServer

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-fairness-'))
  rules = join(directory, 'shaping.toml')
  await writeFile(rules, '[default]\nconnections = 3\nrecipients_per_transaction = 1\n')
  const mx = [{ type: 'MX' as const, preference: 10, exchange: 'mx1.shared.test' }]
  dns = await startDnsServer({
    'a.test': mx,
    'b.test': mx,
    'mx1.shared.test': [{ type: 'A', value: '127.0.0.1' }],
  })
})
afterAll(async () => {
  await dns.close()
  await rm(directory, { recursive: true, force: true })
})

async function queueBacklog(
  api: ApiFixture,
  workspace: TestWorkspace,
  lane: Lane,
  total: number,
  ofOne: number,
): Promise<void> {
  const messages = Array.from({ length: total / ofOne }, (_, n) => ({
    from: workspace.from,
    subject: 'News',
    text: 'x',
    lane,
    to: Array.from({ length: ofOne }, (__, to) => `large${n}-${to}@a.test`),
  }))
  const perCall = Math.max(1, Math.floor(2_000 / ofOne))
  for (let n = 0; n < messages.length; n += perCall) {
    const part = messages.slice(n, n + perCall)
    const answer = await api.call(workspace.key, 'POST', '/v1/messages/batch', { messages: part })
    if (answer.body?.accepted !== part.length) throw new Error(`no backlog: ${answer.text.slice(0, 500)}`)
  }
}

async function waiting(api: ApiFixture, workspace: TestWorkspace, lane: Lane): Promise<number> {
  const { rows } = await api.database
    .pool('superuser')
    .query<{ n: number }>(
      'select count(*)::integer as n from queue where lane = $1::lane and workspace_id = $2',
      [lane, workspace.uuid],
    )
  return rows[0]?.n ?? 0
}

describe('twenty messages of one workspace beside twenty-five thousand recipients of another', () => {
  it.each([
    ['over a relay', RELAY],
    ['at one site that both send to', DIRECT],
  ])(
    'have their first attempts in turn with the backlog of their lane, %s',
    { timeout: 240_000 },
    async (_, arm) => {
      await using api = await startApi()
      await using sink = await startTestSink({ keep: 50_000 })
      sink.behave({ rules: [{ at: 'dot', delayMs: arm.delayMs }] })
      const [large, small] = [await sendingWorkspace(api), await sendingWorkspace(api)]
      await queueBacklog(api, large, 'bulk', BULK, arm.recipients)
      await using _engine = await startTestEngine({
        pool: api.database.pool('bulkhead_sender'),
        keyring: api.keyring('sender'),
        dnsServer: dns.address,
        shapingFile: rules,
        ...arm.engine(sink.port),
      })
      const underWay = (what: string, count: number) =>
        eventually(() => (sink.messages().length >= count ? true : undefined), what, 60_000)

      /** How many transactions came before each of the twenty, from before the first was sent. */
      async function turns(lane: Lane): Promise<number[]> {
        const before = sink.messages().length
        await Promise.all(
          Array.from({ length: SINGLE }, (__, n) => small.send({ to: [`${lane}${n}@b.test`], lane })),
        )
        return eventually(
          () => {
            const places = sink
              .messages()
              .flatMap(({ recipients }, place) =>
                recipients.some((to) => to.startsWith(lane)) ? [place - before] : [],
              )
            return places.length >= SINGLE ? places : undefined
          },
          `${SINGLE} ${lane} messages`,
          90_000,
        )
      }

      await underWay('the bulk backlog on its way', 50)
      const bulk = await turns('bulk')
      // It was a backlog all the time: nobody was served because the other had finished.
      expect(await waiting(api, large, 'bulk')).toBeGreaterThan(BULK / 2)
      await queueBacklog(api, large, 'transactional', TRANSACTIONAL, arm.recipients)
      await underWay('the transactional backlog on its way', sink.messages().length + 50)
      const transactional = await turns('transactional')
      expect(await waiting(api, large, 'transactional')).toBeGreaterThan(TRANSACTIONAL / 5)

      for (const [lane, places] of [
        ['bulk', bulk],
        ['transactional', transactional],
      ] as const) {
        expect(places).toHaveLength(SINGLE)
        expect(Math.max(...places)).toBeLessThan(arm.mostBefore[lane])
      }
    },
  )
})
