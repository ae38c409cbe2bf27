import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
let count = 0

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
const made = async (over: Record<string, unknown> = {}): Promise<string> => {
  const name = `shop ${(count += 1)}`
  const { status, text } = await call('POST', '/v1/subaccounts', { name, ...over })
  expect(status, text).toBe(201)
  return name
}
const path = (name: string) => `/v1/subaccounts/${encodeURIComponent(name)}`
const message = (subaccount: string, over: Record<string, unknown> = {}) => ({
  from: workspace.from,
  to: 'ann@there.example',
  subject: 'x',
  text: 'x',
  subaccount,
  ...over,
})
const sentOf = async (name: string) => (await call('GET', path(name))).body.sent
const becomes = (id: string, states: Record<string, number>) =>
  eventually(
    async () =>
      JSON.stringify((await workspace.get(id)).states) === JSON.stringify(states) ? true : undefined,
    `${id} ${JSON.stringify(states)}`,
  )
const people = (number: number) => Array.from({ length: number }, (_, at) => `r${at}@there.example`)
/** Begin of the hour so many hours from now. */
const hourFrom = (hours: number) =>
  new Date((Math.floor(Date.now() / 3_600_000) + hours) * 3_600_000).toISOString()

describe('a subaccount', () => {
  it('is named by messages, which show it and count for it but for the suppressed', async () => {
    const name = await made({ title: 'Shop', note: 'asked by phone' })
    await call('POST', '/v1/suppressions', { email: 'gone@there.example' })
    const key = { 'idempotency-key': `sub-${name}` }
    const send = () =>
      fetch(`${api.url}/v1/messages`, {
        method: 'POST',
        headers: { authorization: `Bearer ${workspace.key}`, 'content-type': 'application/json', ...key },
        body: JSON.stringify(message(name, { to: ['ann@there.example', 'gone@there.example'] })),
      })
    const { id } = JSON.parse(await (await send()).text())
    await send()
    expect((await workspace.get(id)).subaccount).toBe(name)
    expect(await sentOf(name)).toEqual({ hour: 1, week: 1, month: 1, total: 1 })
    const shown = (await call('GET', path(name))).body
    expect(shown).toMatchObject({
      name,
      title: 'Shop',
      note: 'asked by phone',
      state: 'active',
      hourlyQuota: null,
    })
    expect((await call('GET', `/v1/subaccounts/${shown.id}`)).body).toEqual(shown)
    const refused = await call('POST', '/v1/messages', message('nobody'))
    expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'subaccount'])
  })

  it('that is paused has its mail accepted and held, and goes on where it was', async () => {
    const [name, other] = [await made(), await made()]
    expect((await call('PATCH', path(name), { state: 'paused' })).body.state).toBe('paused')
    const id = (await call('POST', '/v1/messages', message(name))).body.id
    const free = (await call('POST', '/v1/messages', message(other))).body.id
    await becomes(free, { delivered: 1 })
    await becomes(id, { held: 1 })
    expect((await call('DELETE', path(name))).status).toBe(409)
    await call('PATCH', path(name), { state: 'active' })
    await becomes(id, { delivered: 1 })
  })

  it('has no more sent in an hour than its quota: what is more waits for the next hour that has room', async () => {
    const name = await made({ hourlyQuota: 3 })
    const send = async (to: string[]) => (await call('POST', '/v1/messages', message(name, { to }))).body
    const first = await send(people(2))
    const second = await send(people(2))
    const third = await send(people(1))
    const whole = await send(people(5))
    expect(first.recipients[0].state).toBe('pending')
    expect(second.recipients[0].state).toBe('scheduled')
    const times = await Promise.all(
      [first, second, third, whole].map(async ({ id }) => (await workspace.get(id)).sendAt),
    )
    expect(times).toEqual([null, hourFrom(1), null, hourFrom(2)])
    await becomes(first.id, { delivered: 2 })
    expect(await sentOf(name)).toMatchObject({ hour: 3, total: 3 })
  })

  it('shares its quota exactly between requests that come at once, also in one atomic batch', async () => {
    const name = await made({ hourlyQuota: 10 })
    const together = await call('POST', '/v1/messages/batch', {
      atomic: true,
      messages: Array.from({ length: 4 }, () => message(name)),
    })
    expect(together.body.accepted).toBe(4)
    await Promise.all(Array.from({ length: 20 }, () => call('POST', '/v1/messages', message(name))))
    const { rows } = await api.database
      .pool('superuser')
      .query<{ recipients: number }>(
        `select u.recipients from subaccount_use u join subaccount s on s.id = u.subaccount_id where s.name = $1 order by u.hour`,
        [name],
      )
    expect(rows.map((row) => row.recipients)).toEqual([10, 10, 4])
  })

  it('is named by large atomic batches in any order, and none waits for another for ever', async () => {
    const names = [await made(), await made({ hourlyQuota: 1_000 })]
    const text = 'x'.repeat(700_000)
    const send = (order: readonly string[]) =>
      call('POST', '/v1/messages/batch', {
        atomic: true,
        messages: order.flatMap((name) => Array.from({ length: 3 }, () => message(name, { text }))),
      })
    const answers = await Promise.all(
      Array.from({ length: 4 }, (_, at) => send(at % 2 === 0 ? names : names.toReversed())),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(4).fill(207))
    expect(await Promise.all(names.map(async (name) => (await sentOf(name)).total))).toEqual([12, 12])
    const [first] = answers
    const subaccounts = await Promise.all(
      first?.body.data.map(
        async (one: { message: { id: string } }) => (await workspace.get(one.message.id)).subaccount,
      ) ?? [],
    )
    expect(subaccounts).toEqual([...Array(3).fill(names[0]), ...Array(3).fill(names[1])])
  })

  it('refuses what finds no room before it expires', async () => {
    const name = await made({ hourlyQuota: 1 })
    const send = () =>
      call(
        'POST',
        '/v1/messages',
        message(name, { expiresAt: new Date(Date.now() + 1_000_000).toISOString() }),
      )
    const answers = [await send(), await send(), await send()]
    const last = answers.at(-1)
    expect([answers[0]?.status, last?.status, last?.body.code]).toEqual([202, 429, 'quota_exceeded'])
  })

  it('is nobody else’s, and gone when it is removed', async () => {
    const name = await made()
    const other = await sendingWorkspace(api)
    expect((await call('GET', path(name), undefined, other.key)).status).toBe(404)
    expect((await call('PATCH', path(name), { state: 'paused' }, other.key)).status).toBe(404)
    expect((await call('DELETE', path(name), undefined, other.key)).status).toBe(404)
    expect((await call('POST', '/v1/subaccounts', { name }, other.key)).status).toBe(201)
    expect((await call('POST', '/v1/subaccounts', { name })).status).toBe(409)
    expect((await call('DELETE', path(name))).status).toBe(204)
    expect((await call('GET', path(name))).status).toBe(404)
  })
})
