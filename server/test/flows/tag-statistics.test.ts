import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Engine } from '../../src/modules/delivery/index.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, startRelayingEngine, startTestSink } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

let api: ApiFixture
let workspace: TestWorkspace
let sink: Awaited<ReturnType<typeof startTestSink>>
let engine: Engine

beforeAll(async () => {
  api = await startApi()
  workspace = await sendingWorkspace(api)
  sink = await startTestSink()
  engine = await startRelayingEngine(api, sink)
})
afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  await sink[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

const call = (method: string, path: string, body?: unknown, key = workspace.key) =>
  api.call(key, method, path, body)

/** Counts everything that is committed, as the worker does in its time. */
async function roll(limit = 20_000): Promise<void> {
  const superuser = api.database.pool('superuser')
  const worker = api.database.pool('bulkhead_worker')
  // Transactions are numbered by the cluster: those of other test files hold back what is counted here until they end.
  const { rows: marks } = await superuser.query<{ mark: string }>('select pg_current_xact_id()::text as mark')
  await eventually(
    async () => {
      const { rows } = await superuser.query<{ passed: boolean }>(
        'select pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8 as passed',
        [marks[0]?.mark],
      )
      return rows[0]?.passed === true ? true : undefined
    },
    'the transactions of the cluster have ended',
    30_000,
  )
  await worker.query('select engine.wake_statistics(now() - interval $$1 hour$$, 1000)')
  for (let turn = 0; turn < 200; turn += 1) {
    await superuser.query(
      'update statistic_cursor set due_at = now() - interval $$1 second$$ where catching_up or idle_turns < 1 or $1',
      [turn < 3],
    )
    const { rows } = await worker.query<{ n: number | null }>(
      'select engine.roll_statistics($1, null) as n',
      [limit],
    )
    if (rows[0]?.n === null && turn > 3) return
  }
}
const today = new Date().toISOString().slice(0, 10)
const countsOf = async (tag: string) => {
  const { body } = await call(
    'GET',
    `/v1/tags/statistics?tag=${encodeURIComponent(tag)}&since=${today}&until=${today}`,
  )
  return body.data[0].totals
}

const find = async (query: string): Promise<string[][]> =>
  (await call('GET', `/v1/messages?${query}`)).body.data.map((one: { tags: string[] }) => one.tags)

describe('tags', () => {
  it('have what happened to their mail counted once, by tag and day', async () => {
    await call('POST', '/v1/suppressions', { email: 'gone@there.example', reason: 'manual' })
    const ids = [
      await workspace.send({ to: 'ann@there.example', tags: ['spring sale', 'news'] }),
      await workspace.send({ to: ['bob@there.example', 'gone@there.example'], tags: ['news'] }),
      await workspace.send({ to: 'eve@there.example' }),
    ]
    await eventually(async () => {
      const states = await Promise.all(ids.map(async (id) => (await workspace.get(id)).states))
      return states.every((one) => one.pending === undefined) ? true : undefined
    }, 'all have ended')
    for (let round = 0; round < 3; round += 1) await roll(round === 0 ? 1 : 20_000)
    expect(await countsOf('news')).toMatchObject({ accepted: 3, delivered: 2, suppressed: 1, bounced: 0 })
    expect(await countsOf('spring sale')).toMatchObject({ accepted: 1, delivered: 1, suppressed: 0 })
    expect(await countsOf('nothing')).toMatchObject({ accepted: 0 })
    const listed = await call('GET', '/v1/tags')
    expect(listed.body.data).toMatchObject([
      { tag: 'news', firstDay: today, lastDay: today, counts: { accepted: 3 } },
      { tag: 'spring sale', counts: { accepted: 1 } },
    ])
    const paged = await call('GET', '/v1/tags?limit=1')
    const next = await call('GET', `/v1/tags?limit=1&cursor=${paged.body.nextCursor}`)
    expect([paged.body.data[0].tag, next.body.data[0].tag, next.body.nextCursor]).toEqual([
      'news',
      'spring sale',
      null,
    ])
    expect((await call('GET', '/v1/tags?begins=spring')).body.data).toHaveLength(1)
  })

  it('of what mail was made with are counted and not listed, batches neither', async () => {
    const topic = (await call('POST', '/v1/topics', { name: 'News' })).body
    const subaccount = (await call('POST', '/v1/subaccounts', { name: 'shop' })).body
    const batch = (await call('POST', '/v1/batches', {})).body
    await workspace.send({ to: 'x@there.example', topic: topic.id, subaccount: 'shop', batch: batch.id })
    await roll()
    expect(await countsOf(`topic:${topic.id}`)).toMatchObject({ accepted: 1 })
    expect(await countsOf(`subaccount:${subaccount.id}`)).toMatchObject({ accepted: 1 })
    expect(await countsOf(`batch:${batch.id}`)).toMatchObject({ accepted: 0 })
    const { body } = await call('GET', '/v1/tags')
    expect(body.data.map((one: { tag: string }) => one.tag)).toEqual(['news', 'spring sale'])
  })

  it('are bounded: of more than 2,000 on a day the rest is not counted, and those that are go on', async () => {
    const other = await sendingWorkspace(api)
    const send = (from: number, count: number) =>
      call(
        'POST',
        '/v1/messages/batch',
        {
          messages: Array.from({ length: count }, (_, at) => ({
            from: other.from,
            to: 'ann@there.example',
            subject: 'x',
            text: 'x',
            tags: Array.from(
              { length: 20 },
              (_none, n) => `t${String((from + at) * 20 + n).padStart(5, '0')}`,
            ),
          })),
        },
        other.key,
      )
    expect((await send(0, 110)).body.accepted).toBe(110)
    await roll()
    await send(0, 1)
    await roll()
    const { rows } = await api.database
      .pool('superuser')
      .query<{ n: number }>('select count(*)::integer as n from tag_statistic where workspace_id = $1', [
        other.uuid,
      ])
    expect(rows[0]?.n).toBe(2_000)
    const first = await call('GET', '/v1/tags?limit=1', undefined, other.key)
    expect(first.body.data).toMatchObject([{ tag: 't00000', counts: { accepted: 2 } }])
  })

  it('are a workspace’s own', async () => {
    const other = await sendingWorkspace(api)
    expect((await call('GET', '/v1/tags', undefined, other.key)).body.data).toEqual([])
    const asked = await call(
      'GET',
      `/v1/tags/statistics?tag=news&since=${today}&until=${today}`,
      undefined,
      other.key,
    )
    expect(asked.body.data[0].totals.accepted).toBe(0)
  })

  it('find messages together, and so does the domain of From', async () => {
    expect(await find('tag=news&tag=spring%20sale')).toEqual([['spring sale', 'news']])
    expect(await find('tag=news')).toHaveLength(2)
    const domain = workspace.from.split('@')[1]
    expect(await find(`tag=news&fromDomain=${domain}`)).toHaveLength(2)
    expect(await find('tag=news&fromDomain=elsewhere.example')).toEqual([])
  })

  it('or the address of From, and words, find what is sealed, page by page', async () => {
    const own = await sendingWorkspace(api)
    for (let n = 0; n < 12; n += 1)
      await own.send({ to: `r${n}@there.example`, subject: `Bill ${n}`, metadata: { order: `x-${n}` } })
    const domain = own.from.split('@')[1]
    await own.send({ to: 'a@there.example', from: `Other <other@${domain}>`, subject: 'Bill of another' })
    const find = async (query: string) =>
      (await call('GET', `/v1/messages?${query}`, undefined, own.key)).body
    const subjects = async (query: string) =>
      (await find(query)).data.map((one: { subject: string }) => one.subject)
    expect(await subjects('words=BILL%207')).toEqual(['Bill 7'])
    expect(await subjects('words=x-11')).toEqual(['Bill 11'])
    expect(await subjects('words=nothing')).toEqual([])
    expect(await subjects(`from=OTHER@${domain}`)).toEqual(['Bill of another'])
    expect(await subjects(`from=${own.from}&words=bill`)).toHaveLength(12)
    const seen: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await find(`words=bill&limit=5${cursor === '' ? '' : `&cursor=${cursor}`}`)
      seen.push(...page.data.map((one: { id: string }) => one.id))
      cursor = page.nextCursor
    }
    expect([seen.length, new Set(seen).size]).toEqual([13, 13])
  })

  it('are asked for a range that makes sense', async () => {
    for (const query of [
      'tag=x&since=2026-02-01&until=2026-01-01',
      'tag=x&since=2020-01-01',
      'since=2026-01-01',
    ])
      expect((await call('GET', `/v1/tags/statistics?${query}`)).status, query).toBe(400)
  })
})
