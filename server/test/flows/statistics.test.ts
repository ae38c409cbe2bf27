import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sink } from '../../../bench/sink.ts'
import { FINAL_STATES } from '../../src/kernel/lane.ts'
import type { Engine } from '../../src/modules/delivery/index.ts'
import { startStatistics } from '../../src/modules/statistics/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, startRelayingEngine, startTestSink } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

let api: ApiFixture
let sink: Sink & AsyncDisposable
let engine: Engine
let ours: TestWorkspace
let others: TestWorkspace
const stop = new AbortController()
const loops: Promise<void>[] = []

beforeAll(async () => {
  api = await startApi()
  sink = await startTestSink()
  sink.behave({
    rules: [
      { at: 'rcpt', recipient: 'gone*', reply: '550 5.1.1 no such user' },
      { at: 'rcpt', recipient: 'busy*', reply: '451 4.3.0 later' },
    ],
  })
  engine = await startRelayingEngine(api, sink, {
    // What is put off stays so while this runs.
    retryScale: 10,
  })
  ours = await sendingWorkspace(api)
  others = await sendingWorkspace(api)
  // Two of them, as on two hosts.
  for (const name of ['one', 'two'])
    loops.push(
      startStatistics({
        pool: api.database.pool('bulkhead_worker'),
        log: createLogger({ name, level: 'error' }),
        signal: stop.signal,
        nowMs: Date.now,
        relay: '127.0.0.1',
      }),
    )
})
afterAll(async () => {
  stop.abort()
  await Promise.all(loops)
  await engine[Symbol.asyncDispose]()
  await sink.stop()
  await api[Symbol.asyncDispose]()
})

const read = (query = '', key = ours.key) => api.call(key, 'GET', `/v1/statistics${query}`)

const day = (back: number) => new Date(Date.now() - back * 86_400_000).toISOString()
const refused = async (query: string) => {
  const { status, body } = await read(query)
  expect(status).toBe(400)
  return body.detail as string
}

describe('statistics', () => {
  it('of a new workspace are zeros, and say that nothing is counted', async () => {
    const fresh = await sendingWorkspace(api)
    const { status, body } = await read('', fresh.key)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      step: 'quarter',
      series: [],
      totals: { accepted: 0 },
      rates: { delivered: null },
    })
    expect(body.times).toHaveLength(97)
  })

  it('follow what really happened, and add up to the ledger', async () => {
    const began = Date.now()
    await api.call(ours.key, 'POST', '/v1/suppressions', { email: 'never@example.com' })
    for (let n = 0; n < 12; n++)
      await ours.send({
        to: [`ann${n}@example.com`, `gone${n}@example.com`],
        lane: n % 2 === 0 ? 'bulk' : 'transactional',
      })
    await ours.send({ to: ['never@example.com', 'busy@example.com'], lane: 'critical' })
    const planned = await ours.send({
      to: ['later@example.com'],
      sendAt: new Date(Date.now() + 3_600_000).toISOString(),
    })
    await api.call(ours.key, 'POST', `/v1/messages/${planned}/cancel`)
    await others.send({ to: ['bob@example.com'] })

    const body = await eventually(async () => {
      const now = (await read('?by=route&step=minute')).body
      const { totals } = now
      return totals.delivered === 12 &&
        totals.bounced === 12 &&
        totals.deferred >= 1 &&
        totals.cancelled === 1
        ? now
        : undefined
    }, 'the counts of everything sent')
    const ledger = await ours.ledger()
    expect(body.totals.accepted).toBe(ledger.accepted)
    for (const state of FINAL_STATES) expect([state, body.totals[state]]).toEqual([state, ledger[state]])
    expect(body.totals).toMatchObject({ accepted: 27, suppressed: 1, attempts: body.totals.deferred + 24 })

    const route = (lane: string, provider: string) =>
      body.series.find(
        (one: { lane: string; provider: string }) => one.lane === lane && one.provider === provider,
      )
    expect(route('bulk', '127.0.0.1')).toMatchObject({
      totals: { delivered: 6, bounced: 6, accepted: 0 },
      rates: { delivered: 0.5, bounced: 0.5, deferred: 0 },
    })
    expect(route('critical', '127.0.0.1').rates.deferred).toBe(1)
    expect(route('bulk', '')).toMatchObject({ totals: { accepted: 12 } })
    expect(route('bulk', '127.0.0.1').points.delivered.reduce((sum: number, n: number) => sum + n, 0)).toBe(6)
    expect(body.delivery.count).toBe(12)
    expect(body.delivery.p95Ms).toBeGreaterThanOrEqual(body.delivery.p50Ms)
    expect(body.firstAttempt.count).toBe(25)

    const complete = await eventually(async () => {
      const { throughMoment, isCatchingUp } = (await read()).body
      return throughMoment !== null && Date.parse(throughMoment) > began ? { isCatchingUp } : undefined
    }, 'a count that is complete')
    expect(complete.isCatchingUp).toBe(false)
  })

  it('can be asked by lane, provider and source, and for one of them', async () => {
    const names = async (query: string, name: string) =>
      (await read(query)).body.series.map((one: Record<string, unknown>) => one[name])
    expect(await names('?by=lane', 'lane')).toEqual(['bulk', 'critical', 'transactional'])
    expect(await names('?by=provider', 'provider')).toEqual(['', '127.0.0.1'])
    expect(await names('?by=source', 'source')).toEqual(['', 'default'])
    expect((await read('?lane=critical')).body.totals).toMatchObject({
      accepted: 2,
      suppressed: 1,
      delivered: 0,
    })
    expect((await read('?provider=127.0.0.1')).body.totals).toMatchObject({ delivered: 12, accepted: 0 })
  })

  it('of one workspace hold nothing of another; the operator sees the sum and no name', async () => {
    await eventually(async () => {
      const { totals } = (await read('', others.key)).body
      expect(totals.bounced).toBe(0)
      return totals.accepted === 1 && totals.delivered === 1 ? totals : undefined
    }, 'the counts of the other workspace')
    const installation = (query = '') =>
      api.call(api.operatorKey, 'GET', `/v1/installation/statistics${query}`)
    const body = await eventually(async () => {
      const answer = (await installation('?by=route')).body
      return answer.totals.delivered === 13 ? answer : undefined
    }, 'the sum over all workspaces')
    expect(body.totals.accepted).toBe(28)
    expect(JSON.stringify(body)).not.toMatch(/@|ws_|example/)
    expect((await api.call(ours.key, 'GET', '/v1/installation/statistics')).status).toBe(403)
    expect((await api.call(api.operatorKey, 'GET', '/v1/statistics')).status).toBe(403)
  })

  it('are refused for what makes no sense, with what would fit', async () => {
    expect(await refused('?step=minute&since=2020-01-01T00:00:00Z')).toContain('kept for 3 days')
    expect(await refused(`?since=${day(1)}&until=${day(2)}`)).toContain('before until')
    expect(await refused(`?step=minute&since=${day(2)}`)).toContain('2000 is the most')
    await refused('?by=recipient')
  })
})
