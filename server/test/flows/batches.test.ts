import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { workStops } from '../../src/modules/batches/index.ts'
import type { Engine } from '../../src/modules/delivery/index.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import {
  eventually,
  sendingWorkspace,
  startRelayingEngine,
  startTestSink,
  startTestStops,
} from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

let api: ApiFixture
let workspace: TestWorkspace
let sink: Awaited<ReturnType<typeof startTestSink>>
let engine: Engine
let stops: AsyncDisposable

beforeAll(async () => {
  api = await startApi()
  workspace = await sendingWorkspace(api)
  sink = await startTestSink()
  engine = await startRelayingEngine(api, sink)
  stops = startTestStops(api)
})
afterAll(async () => {
  const ledger = await workspace.ledger()
  await stops[Symbol.asyncDispose]()
  await engine[Symbol.asyncDispose]()
  await sink[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
  expect(ledger).toMatchObject({ balanced: true, lost: 0, doubled: 0 })
})

const call = (method: string, path: string, body?: unknown, key = workspace.key) =>
  api.call(key, method, path, body)
const aBatch = async (): Promise<string> => (await call('POST', '/v1/batches', {})).body.id
const become = (id: string, state: string) => call('PATCH', `/v1/batches/${id}`, { state })
const soon = (ms: number) => new Date(Date.now() + ms).toISOString()
const send = (batch: string, over: Record<string, unknown> = {}) =>
  workspace.send({ to: 'ann@there.example', batch, ...over })
const statesOf = async (id: string) => (await workspace.get(id)).states
const becomes = (id: string, states: Record<string, number>) =>
  eventually(
    async () => (JSON.stringify(await statesOf(id)) === JSON.stringify(states) ? true : undefined),
    `${id} ${JSON.stringify(states)}`,
  )
const eventsOf = async (id: string): Promise<string[]> =>
  (await workspace.get(id)).timeline.map((event: { type: string }) => event.type)

describe('a batch', () => {
  it('that is paused holds what is due, of before and after, and releases it at once', async () => {
    const batch = await aBatch()
    const before = await send(batch, { sendAt: soon(3_000) })
    expect((await become(batch, 'paused')).body).toMatchObject({ id: batch, state: 'paused' })
    const after = await send(batch)
    const other = await workspace.send({ to: 'ann@there.example' })
    await becomes(other, { delivered: 1 })
    await becomes(after, { held: 1 })
    await becomes(before, { held: 1 })
    await eventually(
      async () => ((await eventsOf(before)).includes('message.held') ? true : undefined),
      'held',
    )
    const why = await call('GET', `/v1/messages/${after}/waiting`)
    if (why.status === 200) expect(why.text).toContain(batch)
    expect((await call('GET', '/v1/batches')).body.data).toMatchObject([{ id: batch, state: 'paused' }])
    await become(batch, 'active')
    await becomes(before, { delivered: 1 })
    await becomes(after, { delivered: 1 })
    expect(await eventsOf(before)).toContain('message.released')
    expect((await call('GET', '/v1/batches')).body.data).toEqual([])
    expect((await workspace.get(before)).batch).toBe(batch)
    expect((await workspace.get(before)).tags).toEqual([])
  })

  it('that is cancelled cancels what is due when it is due, and not before', async () => {
    const batch = await aBatch()
    const [first, second] = [
      await send(batch, { sendAt: soon(3_000) }),
      await send(batch, { sendAt: soon(600_000) }),
    ]
    await become(batch, 'cancelled')
    expect(await statesOf(first)).toEqual({ scheduled: 1 })
    await becomes(first, { cancelled: 1 })
    expect(await statesOf(second)).toEqual({ scheduled: 1 })
    expect((await workspace.get(first)).timeline.at(-1)).toMatchObject({
      type: 'message.cancelled',
      detail: { batch },
    })
    const later = await send(batch, { to: ['bob@there.example', 'eve@there.example'] })
    await becomes(later, { cancelled: 2 })
  })

  it('that is cancelled and made active again in time sends', async () => {
    const batch = await aBatch()
    const id = await send(batch, { sendAt: soon(3_000) })
    await become(batch, 'cancelled')
    await become(batch, 'active')
    await becomes(id, { delivered: 1 })
  })

  it('goes from paused to cancelled with what it holds', async () => {
    const batch = await aBatch()
    await become(batch, 'paused')
    const id = await send(batch)
    await becomes(id, { held: 1 })
    await become(batch, 'cancelled')
    await becomes(id, { cancelled: 1 })
  })

  it('loses nothing and doubles nothing while it is stopped and released among hundreds', async () => {
    const batch = await aBatch()
    const ids: string[] = []
    const flip = (async () => {
      for (const state of ['paused', 'active', 'paused', 'active', 'paused', 'active']) {
        await become(batch, state)
        await new Promise((resolve) => setTimeout(resolve, 150))
      }
    })()
    for (let n = 0; n < 6; n += 1) {
      const { body } = await call('POST', '/v1/messages/batch', {
        atomic: true,
        messages: Array.from({ length: 30 }, (_, at) => ({
          from: workspace.from,
          to: `r${n}-${at}@there.example`,
          subject: 'x',
          text: 'x',
          batch,
        })),
      })
      ids.push(...body.data.map((one: { message: { id: string } }) => one.message.id))
    }
    await flip
    for (const id of ids) await becomes(id, { delivered: 1 })
  })

  it('is stopped for what was accepted in the same moment: what is not sent before the answer waits', async () => {
    const batch = await aBatch()
    const sendAt = soon(5_000)
    const sent = Array.from({ length: 20 }, () => send(batch, { sendAt }))
    const [ids] = await Promise.all([Promise.all(sent), become(batch, 'paused')])
    expect(new Date().toISOString() < sendAt, 'all of this happened before it was due').toBe(true)
    for (const id of ids) await becomes(id, { held: 1 })
    await become(batch, 'active')
    for (const id of ids) await becomes(id, { delivered: 1 })
  })

  it('leaves nothing behind in the database once it is active', async () => {
    await eventually(async () => {
      const { rows } = await api.database.pool('superuser').query<{ n: number }>(
        `select ((select count(*) from operations.stop where state <> 'cancelled')
                 + (select count(*) from operations.pause p where not exists (
                      select from operations.stop s where p.id in (s.id, s.pause_id))))::integer as n`,
      )
      return rows[0]?.n === 0 ? true : undefined
    }, 'no stops')
    expect(await workStops(api.database.pool('bulkhead_worker'), 10)).toBeTypeOf('undefined')
  })

  it('takes new messages for ten days, and is nobody else’s', async () => {
    const batch = await aBatch()
    await api.database
      .pool('superuser')
      .query(`update batch set created_at = now() - interval '11 days' where workspace_id = $1`, [
        workspace.uuid,
      ])
    const message = { from: workspace.from, to: 'ann@there.example', subject: 'x', text: 'x' }
    expect((await call('POST', '/v1/messages', { ...message, batch })).body.errors).toMatchObject([
      { field: 'batch', problem: 'is more than 10 days old, and takes no new messages' },
    ])
    const other = await sendingWorkspace(api)
    expect((await call('GET', `/v1/batches/${batch}`, undefined, other.key)).status).toBe(404)
    expect((await call('PATCH', `/v1/batches/${batch}`, { state: 'paused' }, other.key)).status).toBe(404)
    const foreign = { ...message, from: other.from, batch: await aBatch() }
    expect((await call('POST', '/v1/messages', foreign, other.key)).status).toBe(400)
  })
})
