import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { sendingWorkspace } from './engine-fixture.ts'
import type { TestWorkspace } from './engine-fixture.ts'

let api: ApiFixture
let workspace: TestWorkspace
let keys = 0

beforeAll(async () => {
  api = await startApi()
  workspace = await sendingWorkspace(api)
})
afterAll(async () => {
  const ledger = await workspace.ledger()
  await api[Symbol.asyncDispose]()
  expect(ledger).toMatchObject({ balanced: true, lost: 0, doubled: 0 })
})

const message = (over: Record<string, unknown> = {}) => ({
  from: workspace.from,
  to: 'ann@there.example',
  subject: 'Hello',
  text: 'Hello.',
  ...over,
})

async function post(body: unknown, idempotencyKey?: string, key = workspace.key) {
  const response = await fetch(`${api.url}/v1/messages/batch`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: JSON.parse(await response.text()) }
}

const atomic = (messages: unknown[], idempotencyKey?: string) =>
  post({ messages, atomic: true }, idempotencyKey)
const idsOf = (answer: { body: { data: { message: { id: string } }[] } }) =>
  answer.body.data.map((one) => one.message.id)
const acceptedCount = async (in_: TestWorkspace = workspace) => (await in_.ledger()).accepted
const nextKey = () => `atomic-${++keys}`

describe('an atomic batch', () => {
  it('accepts all messages, which share the id of the request', async () => {
    const answer = await atomic([message(), message({ to: 'bob@there.example' })])
    expect(answer.status).toBe(207)
    expect(answer.body).toMatchObject({ accepted: 2, refused: 0 })
    const requestIds = answer.body.data.map(
      (one: { message: { requestId: string } }) => one.message.requestId,
    )
    expect(new Set([...requestIds, answer.body.requestId]).size).toBe(1)
    const shown = await Promise.all(
      idsOf(answer).map((id) => api.call(workspace.key, 'GET', `/v1/messages/${id}`)),
    )
    for (const { body } of shown) expect(body.requestId).toBe(answer.body.requestId)
  })

  it('accepts none where one is refused, and says which and why', async () => {
    const before = await acceptedCount()
    const cases = [
      [message({ to: 'nobody' }), 'messages[2].to', 400],
      [message({ subject: undefined }), 'messages[2].subject', 400],
      [message({ from: 'ann@foreign.example' }), 'messages[2].from', 403],
      [message({ topic: 'top_00000000000000000000000000' }), 'messages[2].topic', 400],
      [message({ lane: 'bulk' }), 'messages[2].lane', 400],
    ] as const
    for (const [wrong, field, status] of cases) {
      const answer = await atomic([message(), message(), wrong])
      expect(answer.status).toBe(status)
      expect(answer.body.errors[0].field).toBe(field)
    }
    expect(await acceptedCount()).toBe(before)
  })

  it('answers a repetition with the same messages and sends nothing twice', async () => {
    const key = nextKey()
    const messages = Array.from({ length: 70 }, (_, at) => message({ to: `a${at}@there.example` }))
    const [first, second] = await Promise.all([atomic(messages, key), atomic(messages, key)])
    const before = await acceptedCount()
    const third = await atomic(messages, key)
    expect([first.status, second.status, third.status]).toEqual([207, 207, 207])
    expect(idsOf(second)).toEqual(idsOf(first))
    expect(idsOf(third)).toEqual(idsOf(first))
    expect(third.body.requestId).toBe(first.body.requestId)
    expect(await acceptedCount()).toBe(before)
  })

  it('refuses another request with its key, also one that names only some of its messages', async () => {
    const key = nextKey()
    await atomic([message(), message()], key)
    const before = await acceptedCount()
    expect((await atomic([message()], key)).status).toBe(409)
    expect((await atomic([message(), message(), message()], key)).status).toBe(409)
    const alone = await fetch(`${api.url}/v1/messages`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${workspace.key}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify(message()),
    })
    expect(alone.status).toBe(409)
    expect(await acceptedCount()).toBe(before)
  })

  it('keeps sensitive messages: a repetition is found without their content', async () => {
    const key = nextKey()
    const messages = [
      message({ sensitive: true, text: 'Your code: 123456' }),
      message({ sensitive: true, to: 'bob@there.example' }),
    ]
    const first = await atomic(messages, key)
    const again = await atomic([message({ sensitive: true, text: 'Your code: 654321' }), messages[1]], key)
    expect(first.status, JSON.stringify(first.body)).toBe(207)
    expect(idsOf(again)).toEqual(idsOf(first))
    expect((await atomic([messages[0], messages[0]], key)).status).toBe(409)
  })

  it('is judged by a limit as a whole: what does not fit has taken nothing', async () => {
    const limited = await sendingWorkspace(api)
    const set = await api.call(api.operatorKey, 'PUT', `/v1/workspaces/${limited.id}/quotas`, {
      limits: [{ period: 'day', amount: 5 }],
    })
    expect(set.status, set.text).toBe(200)
    const one = { from: limited.from, to: 'ann@there.example', subject: 'x', text: 'x' }
    const send = (count: number) =>
      post({ messages: Array.from({ length: count }, () => one), atomic: true }, undefined, limited.key)
    expect((await send(6)).body.limit).toMatchObject({ wanted: 6, used: 0, retryAfterSeconds: null })
    expect((await send(3)).status).toBe(207)
    const refused = await send(3)
    expect([refused.status, refused.body.limit]).toMatchObject([429, { wanted: 3, used: 3 }])
    expect(await acceptedCount(limited)).toBe(3)
    expect((await send(2)).status).toBe(207)
    expect((await send(1)).status).toBe(429)
  })

  it('is bounded in recipients', async () => {
    const to = Array.from({ length: 1000 }, (_, at) => `a${at}@there.example`)
    const before = await acceptedCount()
    const answer = await atomic(Array.from({ length: 11 }, () => message({ to })))
    expect(answer).toMatchObject({ status: 422, body: { code: 'too_many_recipients' } })
    expect(await acceptedCount()).toBe(before)
  })

  it('tells why a recipient is suppressed, also when it is repeated', async () => {
    const email = 'gone@there.example'
    await api.call(workspace.key, 'POST', '/v1/suppressions', { email, reason: 'complaint' })
    const key = nextKey()
    const messages = [message({ to: ['ok@there.example', email] })]
    for (const answer of [await atomic(messages, key), await atomic(messages, key)])
      expect(answer.body.data[0].message.recipients).toMatchObject([
        { state: 'pending' },
        { state: 'suppressed', reason: 'complaint' },
      ])
  })
})

describe('a dry run', () => {
  it('checks everything and accepts nothing', async () => {
    const before = await acceptedCount()
    const answer = await post({ messages: [message(), message({ to: 'nobody' })], dryRun: true })
    expect(answer.body).toMatchObject({ accepted: 0, refused: 1, data: [{ status: 200 }, { status: 400 }] })
    expect((await post({ messages: [message(), message()], dryRun: true, atomic: true })).body).toMatchObject(
      {
        accepted: 0,
        refused: 0,
        data: [{ status: 200 }, { status: 200 }],
      },
    )
    expect((await post({ messages: [message({ to: 'nobody' })], dryRun: true, atomic: true })).status).toBe(
      400,
    )
    expect(await acceptedCount()).toBe(before)
  })
})

describe('tags', () => {
  it('may hold blanks and any script, and no name of Bulkhead’s own', async () => {
    const tags = ['Spring sale', 'größe "L"', 'a\\b{,}', '春', 'x'.repeat(255)]
    const { body } = await api.call(workspace.key, 'POST', '/v1/messages', message({ tags }))
    const shown = await api.call(workspace.key, 'GET', `/v1/messages/${body.id}`)
    expect(shown.body.tags).toEqual(tags)
    const listed = await api.call(workspace.key, 'GET', `/v1/messages?tag=${encodeURIComponent('größe "L"')}`)
    expect(listed.body.data.map((one: { id: string }) => one.id)).toEqual([body.id])
    const forged = `batch:bat_${'0'.repeat(26)}`
    for (const wrong of [[forged], ['  '], ['a\nb'], ['x'.repeat(256)], Array(21).fill('x')]) {
      const answer = await api.call(workspace.key, 'POST', '/v1/messages', message({ tags: wrong }))
      expect(answer.status, JSON.stringify(wrong)).toBe(400)
    }
  })
})
