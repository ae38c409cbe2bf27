import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countQueue } from '../../src/modules/queue/queue-count.ts'
import { createTenantTransactions } from '../../src/platform/postgres/tenant.ts'
import { startAudit } from '../support/audit.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually, sendingWorkspace, startRelayingEngine, startTestSink } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'
import { addresses, tomorrow, waiting, balanced, eventsOf, queueWorld } from './queue-world.ts'

const NOBODY = '00000000-0000-0000-0000-000000000000'

let api: ApiFixture
let audit: ReturnType<typeof startAudit>
let at: TestWorkspace

beforeAll(async () => {
  api = await startApi()
  audit = startAudit(api.database)
})
afterAll(async () => {
  await audit[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})

const { startWorker, batch, rowsOf, heldIn, act, look, undo, inState } = queueWorld(() => api)

describe('a preview', () => {
  it('counts exactly what the act then touches, and changes nothing', async () => {
    at = await sendingWorkspace(api)
    await waiting(at, addresses(7), { tags: ['summer'] })
    await waiting(at, addresses(3), { tags: ['winter'] })
    await waiting(at, addresses(2, 'example.org'), { tags: ['summer'] })
    const of = async (filter: Record<string, unknown>) =>
      (await api.call(at.key, 'POST', '/v1/queue/preview', { act: 'hold', filter })).body
    expect(await of({})).toMatchObject({ expected: 12, complete: true, inFlight: 0 })
    expect((await of({ tags: ['summer'] })).expected).toBe(9)
    expect((await of({ tags: ['summer'], domains: ['Example.ORG'] })).expected).toBe(2)
    expect((await of({ lanes: ['critical'] })).expected).toBe(0)
    expect((await of({ attemptsAtLeast: 1 })).expected).toBe(0)
    expect((await of({ dueAfter: tomorrow() })).expected).toBe(0)
    expect((await of({ pools: ['default'] })).expected).toBe(12)
    expect((await of({ sites: ['mx.example.com'] })).expected).toBe(0)
    expect(await heldIn(at)).toBe(0)
  })

  it('binds the act to what was shown: another number, an old token, more mail than shown are refused', async () => {
    at = await sendingWorkspace(api)
    await waiting(at, addresses(4))
    const shown = (await api.call(at.key, 'POST', '/v1/queue/preview', { act: 'expire', graceSeconds: 0 }))
      .body
    const acts = (body: Record<string, unknown>, key = at.key) =>
      api.call(key, 'POST', '/v1/queue/acts', { token: shown.token, expected: 4, reason: 'a drill', ...body })
    expect((await acts({ expected: 5 })).status).toBe(400)
    expect((await acts({ token: `${shown.token}x` })).status).toBe(400)
    expect((await acts({}, (await sendingWorkspace(api)).key)).status).toBe(400)
    // What is accepted after the preview is no part of it; what left it makes it another set.
    const late = await waiting(at, addresses(1, 'late.example'))
    const [first] = await rowsOf(at)
    await api.database
      .pool('superuser')
      .query('update queue set lane = lane where message_id = $1', [first!['message_id']])
    const { id } = (await acts({})).body
    await using _worker = startWorker()
    await inState(at, id, 'ended')
    expect((await at.get(late)).states).toEqual({ scheduled: 1 })
    expect((await acts({})).status).toBe(409)
    expect(await at.ledger()).toMatchObject({ expired: 4, balanced: true })
  })
})

describe('a pause', () => {
  it('stops sending at once, also of what comes later; resumed, all goes in its old order', async () => {
    at = await sendingWorkspace(api)
    await using sink = await startTestSink()
    await using _worker = startWorker()
    const pause = await act(at, 'pause', { tags: ['news'] })
    const kept: string[] = []
    for (let n = 0; n < 5; n++)
      kept.push(await at.send({ to: `n${n}@example.com`, lane: 'bulk', tags: ['news'], subject: `n${n}` }))
    const other = await at.send({ to: 'other@example.com', lane: 'bulk' })
    const due = (await rowsOf(at)).map((row) => `${String(row['message_id'])} ${row['due'].getTime()}`)
    await using _engine = await startRelayingEngine(api, sink)
    await at.ended(other)
    await eventually(async () => ((await heldIn(at)) === 5 ? true : undefined), 'all five are held')
    // The act tells of them under its own name.
    await eventually(
      async () => ((await look(at, pause.id)).taken === 5 ? true : undefined),
      'the act knows of all five',
    )
    expect(await eventsOf(at, kept[0]!)).toContain('message.held')
    expect((await at.get(kept[0]!)).states).toEqual({ held: 1 })
    const held = (await rowsOf(at)).map((row) => `${String(row['message_id'])} ${row['due'].getTime()}`)
    expect(held).toEqual(due.filter((row) => held.includes(row)))
    await balanced(at)
    expect((await undo(at, pause.id)).status).toBe(202)
    for (const id of kept) expect((await at.ended(id)).states).toEqual({ delivered: 1 })
    expect(await eventsOf(at, kept[0]!)).toContain('message.released')
    expect((await inState(at, pause.id, 'ended')).outcome).toBe('resumed')
    await balanced(at)
  })

  it('ends by itself at its time', async () => {
    at = await sendingWorkspace(api)
    await waiting(at, addresses(3))
    const pause = await act(at, 'pause', {}, { until: new Date(Date.now() + 1_500).toISOString() })
    await using _worker = startWorker()
    await eventually(async () => ((await heldIn(at)) === 3 ? true : undefined), 'they are held')
    expect((await inState(at, pause.id, 'ended')).outcome).toBe('lapsed')
    expect(await heldIn(at)).toBe(0)
  })

  it('cannot depend on what changes while mail waits', async () => {
    at = await sendingWorkspace(api)
    const refused = await api.call(at.key, 'POST', '/v1/queue/preview', {
      act: 'pause',
      filter: { attemptsAtLeast: 2 },
    })
    expect(refused.status).toBe(400)
    expect(refused.text).toContain('attemptsAtLeast')
  })
})

describe('a hold', () => {
  it('takes what is in flight when it comes back', async () => {
    at = await sendingWorkspace(api)
    await at.send({ to: addresses(3), lane: 'bulk' })
    const sender = api.database.pool('bulkhead_sender')
    const lease = (
      await sender.query<{ id: string }>('select engine.open_lease(gen_random_uuid(), 60) as id')
    ).rows[0]!.id
    await sender.query(`select 1 from engine.claim('bulk', $1, 100, $2, 0, '{}', '{}')`, [lease, NOBODY])
    const hold = await act(at, 'hold')
    expect(hold.preview).toMatchObject({ expected: 3, inFlight: 3 })
    await using _worker = startWorker()
    expect((await inState(at, hold.id, 'standing')).inFlight).toBe(3)
    expect(await heldIn(at)).toBe(0)
    await sender.query('select engine.release_leases($1)', [lease])
    await eventually(async () => ((await heldIn(at)) === 3 ? true : undefined), 'they are held')
    expect(await look(at, hold.id)).toMatchObject({ taken: 3, inFlight: 0, canUndo: true })
    await balanced(at)
  })

  it('of two acts is over when both are, in whatever order they end', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ] as const) {
      at = await sendingWorkspace(api)
      await waiting(at, addresses(4), { tags: ['a'] })
      await waiting(at, addresses(4), { tags: ['a', 'b'] })
      await using _worker = startWorker()
      const acts = [await act(at, 'hold', { tags: ['a'] })]
      await inState(at, acts[0].id, 'standing')
      acts.push(await act(at, 'hold', { tags: ['b'] }))
      expect(await inState(at, acts[1].id, 'standing')).toMatchObject({ taken: 4, heldBefore: 4 })
      await undo(at, acts[order[0]].id)
      await inState(at, acts[order[0]].id, 'ended')
      expect(await heldIn(at)).toBe(order[0] === 0 ? 4 : 8)
      await undo(at, acts[order[1]].id)
      await inState(at, acts[order[1]].id, 'ended')
      expect(await heldIn(at)).toBe(0)
      await balanced(at)
    }
  })

  it('goes on where a worker died, and does nothing twice', async () => {
    at = await sendingWorkspace(api)
    await waiting(at, addresses(25))
    const hold = await act(at, 'hold')
    // A worker that ends after a batch leaves what it committed; one that ends within a batch leaves nothing of it.
    let batches = 0
    while ((await heldIn(at)) < 10) {
      await batch(5)
      expect(++batches).toBeLessThan(50)
    }
    const client = await api.database.pool('bulkhead_worker').connect()
    const before = await heldIn(at)
    await client.query('begin')
    await client.query('select * from engine.work_queue_acts(5, 5)')
    await client.query('rollback')
    client.release()
    expect(await heldIn(at)).toBe(before)
    await using _worker = startWorker()
    expect(await inState(at, hold.id, 'standing')).toMatchObject({ taken: 25, heldBefore: 0 })
    expect(await heldIn(at)).toBe(25)
    const events = await api.database
      .pool('superuser')
      .query(`select count(*)::int as n from event where workspace_id = $1 and type = 'message.held'`, [
        at.uuid,
      ])
    expect(events.rows).toEqual([{ n: 25 }])
    await balanced(at)
  })

  it('stops half-way and gives back what it had taken, when it is undone at work', async () => {
    at = await sendingWorkspace(api)
    await waiting(at, addresses(20))
    const due = (await rowsOf(at)).map((row) => row['due'].getTime())
    const hold = await act(at, 'hold')
    let batches = 0
    while ((await heldIn(at)) < 5) {
      await batch(5)
      expect(++batches).toBeLessThan(50)
    }
    expect((await undo(at, hold.id)).body.state).toBe('returning')
    await using _worker = startWorker()
    expect(await inState(at, hold.id, 'ended')).toMatchObject({ outcome: 'undone', givenBack: 5 })
    expect(await heldIn(at)).toBe(0)
    expect((await rowsOf(at)).map((row) => row['due'].getTime())).toEqual(due)
    expect((await undo(at, hold.id)).status).toBe(409)
  })
})

describe('a release', () => {
  it('frees a part of what was held, and can be taken back', async () => {
    at = await sendingWorkspace(api)
    await waiting(at, addresses(6), { tags: ['a'] })
    await waiting(at, addresses(4), { tags: ['b'] })
    await using _worker = startWorker()
    const hold = await act(at, 'hold')
    await inState(at, hold.id, 'standing')
    const release = await act(at, 'release', { tags: ['b'] })
    expect(release.preview.expected).toBe(4)
    await inState(at, release.id, 'ended')
    expect(await heldIn(at)).toBe(6)
    const back = await undo(at, release.id)
    expect(back.body).toMatchObject({ kind: 'hold', undoes: release.id })
    await inState(at, back.body.id, 'standing')
    expect(await heldIn(at)).toBe(10)
    expect((await undo(at, release.id)).status).toBe(409)
    await undo(at, back.body.id)
    await inState(at, back.body.id, 'ended')
    await undo(at, hold.id)
    await inState(at, hold.id, 'ended')
    expect(await heldIn(at)).toBe(0)
    await balanced(at)
  })

  it('frees nothing that a new sender, a pause or somebody else holds', async () => {
    at = await sendingWorkspace(api)
    await waiting(at, addresses(3))
    // As the trigger of new senders does it.
    await api.database
      .pool('superuser')
      .query('update queue set held = true where workspace_id = $1', [at.uuid])
    await waiting(at, addresses(2), { tags: ['paused'] })
    await waiting(at, addresses(2), { tags: ['operated'] })
    await using _worker = startWorker()
    const pause = await act(at, 'pause', { tags: ['paused'] })
    await inState(at, pause.id, 'standing')
    const operated = await act(null, 'hold', { tags: ['operated'] }, { workspaceId: at.id })
    await inState(at, operated.id, 'standing')
    const release = await act(at, 'release')
    expect(release.preview).toMatchObject({ expected: 0, spared: [{ state: 'held', recipients: 7 }] })
    await inState(at, release.id, 'ended')
    expect(await heldIn(at)).toBe(7)
    // Nor does the workspace end what was done to it; it sees why.
    expect(await look(at, operated.id)).toMatchObject({ by: 'operator', reason: 'a drill' })
    expect((await undo(at, operated.id)).status).toBe(409)
    // A hold on top of what is held for another reason leaves that as it was.
    const hold = await act(at, 'hold')
    expect(await inState(at, hold.id, 'standing')).toMatchObject({ taken: 7, heldBefore: 7 })
    await undo(at, hold.id)
    await inState(at, hold.id, 'ended')
    expect(await heldIn(at)).toBe(7)
  })
})

describe('requeue', () => {
  it('makes deferred mail due within the spread, leaves scheduled mail alone, and can be taken back', async () => {
    at = await sendingWorkspace(api)
    const deferred = await waiting(at, addresses(6))
    await waiting(at, addresses(3))
    const root = api.database.pool('superuser')
    await root.query(
      'update queue set attempts = 2 where message_id = (select id from message where workspace_id = $1 order by id limit 1)',
      [at.uuid],
    )
    const old = (await rowsOf(at)).map((row) => row['due'].getTime())
    await using _worker = startWorker()
    const requeue = await act(at, 'requeue', {}, { spreadSeconds: 1_000 })
    expect(requeue.preview.expected).toBe(6)
    await inState(at, requeue.id, 'ended')
    const now = Date.now()
    const due = (await rowsOf(at)).filter((row) => row['attempts'] === 2).map((row) => row['due'].getTime())
    for (const time of due) expect(time).toBeLessThan(now + 1_001_000)
    expect(new Set(due).size).toBeGreaterThan(1)
    const back = await undo(at, requeue.id)
    expect(await inState(at, back.body.id, 'ended')).toMatchObject({ taken: 6, gone: 0 })
    expect((await rowsOf(at)).map((row) => row['due'].getTime())).toEqual(old)
    expect((await at.get(deferred)).states).toMatchObject({ pending: 6 })
  })
})

describe('expire', () => {
  it('holds first and ends nothing before its time of grace is over', async () => {
    at = await sendingWorkspace(api)
    await waiting(at, addresses(5))
    await using _worker = startWorker()
    const first = await act(at, 'expire', {}, { graceSeconds: 600 })
    await inState(at, first.id, 'standing')
    expect(await heldIn(at)).toBe(5)
    await undo(at, first.id)
    expect(await inState(at, first.id, 'ended')).toMatchObject({ outcome: 'undone', expired: 0 })
    expect(await heldIn(at)).toBe(0)
    const second = await act(at, 'expire', {}, { graceSeconds: 1 })
    expect(await inState(at, second.id, 'ended')).toMatchObject({ outcome: 'done', expired: 5 })
    expect(await at.ledger()).toMatchObject({ expired: 5, balanced: true })
    const refused = await undo(at, second.id)
    expect(refused.status).toBe(409)
    expect(refused.text).toContain('cannot be taken back')
  })

  it('waits while whoever made it is contained', async () => {
    at = await sendingWorkspace(api)
    await waiting(at, addresses(3))
    const expire = await act(at, 'expire', {}, { graceSeconds: 1 })
    await api.call(at.key, 'POST', '/v1/containments', { capabilities: ['write'], reason: 'stolen key' })
    await using _worker = startWorker()
    await eventually(
      async () => ((await look(at, expire.id)).waitsFor === 'containment' ? true : undefined),
      'it waits for the containment',
    )
    expect(await heldIn(at)).toBe(3)
    expect(await at.ledger()).toMatchObject({ expired: 0, balanced: true })
  })
})

describe('who', () => {
  it('acts on his own mail only, and on that of all as the operator', async () => {
    const [one, two] = [await sendingWorkspace(api), await sendingWorkspace(api)]
    await waiting(one, addresses(2), { tags: ['mine'] })
    await waiting(two, addresses(2), { tags: ['mine'] })
    await using _worker = startWorker()
    const hold = await act(one, 'hold', { tags: ['mine'] })
    await inState(one, hold.id, 'standing')
    expect([await heldIn(one), await heldIn(two)]).toEqual([2, 0])
    expect((await api.call(two.key, 'GET', `/v1/queue/acts/${hold.id}`)).status).toBe(404)
    expect((await undo(two, hold.id)).status).toBe(404)
    const all = await act(null, 'hold', { tags: ['mine'] })
    const seen = await inState(two, all.id, 'standing')
    // Numbers of the whole installation are not a workspace's to know.
    expect(seen).toMatchObject({ by: 'operator', workspaceId: null, taken: 0, shown: 0, actor: null })
    expect([await heldIn(one), await heldIn(two)]).toEqual([2, 2])
    const narrow = await api.call(one.key, 'POST', '/v1/api-keys', { name: 'r', scopes: ['messages:read'] })
    expect((await api.call(narrow.body.key, 'GET', '/v1/queue/acts')).status).toBe(200)
    expect(
      (await api.call(narrow.body.key, 'POST', `/v1/queue/acts/${hold.id}/undo`, { reason: 'x' })).status,
    ).toBe(403)
    await api.call(api.operatorKey, 'POST', `/v1/installation/queue/acts/${all.id}/undo`, { reason: 'x' })
  })
})

describe('counting', () => {
  it('tells when it could not count everything in time', async () => {
    at = await sendingWorkspace(api)
    await waiting(at, addresses(9))
    const transactions = createTenantTransactions(api.database.pool('bulkhead_api'))
    const counted = (budgetMs: number) =>
      countQueue(
        (work) => transactions.read(at.uuid, work),
        { kind: 'look', origin: 'workspace', workspaceId: at.uuid, filter: {} },
        budgetMs,
        2,
      )
    expect(await counted(60_000)).toMatchObject({ isComplete: true, applies: { recipients: 9 } })
    expect(await counted(-1)).toMatchObject({ isComplete: false, applies: { recipients: 2 } })
  })
})
