import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DOORS, type DoorName } from '../../src/kernel/doors.ts'
import { startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'
import { sendingWorkspace, type TestWorkspace } from './engine-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  // What comes from loopback is a proxy here, so that a test can come from anywhere.
  api = await startApi({ trustedProxies: ['127.0.0.1'] })
})
afterAll(() => api[Symbol.asyncDispose]())

type Asked = Pick<Answer, 'status' | 'body'> & { readonly headers: Headers }

async function post(
  path: string,
  key: string,
  body: object,
  from = '192.0.2.9',
  headers: Record<string, string> = {},
): Promise<Asked> {
  const answer = await fetch(`${api.url}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'x-forwarded-for': from,
      ...headers,
    },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) }
}

/** One mail to one address, by the way of each door. */
const SEND: Readonly<
  Record<
    DoorName,
    (key: string, sender: string, from?: string, headers?: Record<string, string>) => Promise<Asked>
  >
> = {
  sendgrid: (key, sender, from, headers) =>
    post(
      '/compat/sendgrid/v3/mail/send',
      key,
      {
        personalizations: [{ to: [{ email: 'bob@example.com' }] }],
        from: { email: sender },
        subject: 'Hi',
        content: [{ type: 'text/plain', value: 'x' }],
      },
      from,
      headers,
    ),
  resend: (key, sender, from, headers) =>
    post(
      '/compat/resend/emails',
      key,
      { from: sender, to: 'bob@example.com', subject: 'Hi', text: 'x' },
      from,
      headers,
    ),
  mandrill: (key, sender, from, headers) =>
    post(
      '/compat/mandrill/api/1.0/messages/send.json',
      key,
      { key, message: { from_email: sender, to: [{ email: 'bob@example.com' }], subject: 'Hi', text: 'x' } },
      from,
      headers,
    ),
}

const WRONG_KEY: Readonly<Record<DoorName, object>> = {
  sendgrid: {
    status: 401,
    body: {
      errors: [
        {
          message: 'The provided authorization grant is invalid, expired, or revoked',
          field: null,
          help: null,
        },
      ],
    },
  },
  resend: { status: 403, body: { statusCode: 403, name: 'invalid_api_key' } },
  mandrill: { status: 500, body: { status: 'error', code: -1, name: 'Invalid_Key' } },
}

/** How each says that a limit is reached, and that something is cut off; their clients know no other way. */
const LIMITED: Readonly<Record<DoorName, object>> = {
  sendgrid: { status: 429, body: { errors: expect.any(Array) } },
  resend: { status: 429, body: { statusCode: 429, name: expect.stringMatching(/exceeded$/) } },
  mandrill: { status: 429, body: { status: 'error', name: expect.any(String) } },
}
const CONTAINED: Readonly<Record<DoorName, object>> = {
  sendgrid: { status: 403, body: { errors: [{ message: expect.stringContaining('We look into it.') }] } },
  resend: { status: 451, body: { message: expect.stringContaining('We look into it.') } },
  mandrill: { status: 500, body: { status: 'error', message: expect.stringContaining('We look into it.') } },
}

async function keyFor(workspace: TestWorkspace, door: DoorName, more: object = {}): Promise<string> {
  const made = await api.call(workspace.key, 'POST', '/v1/api-keys', { name: door, door, ...more })
  if (made.status !== 201) throw new Error(made.text)
  return made.body.key
}

const accepted = async (workspace: TestWorkspace): Promise<number> =>
  (await api.call(workspace.key, 'GET', '/v1/messages')).body.data.length

describe.each(DOORS)('the door of %s', (door) => {
  it('sends for a key from its networks, and knows the same key from nowhere else', async () => {
    const workspace = await sendingWorkspace(api)
    const key = await keyFor(workspace, door, { allowedCidrs: ['192.0.2.0/24'] })
    expect((await SEND[door](key, workspace.from)).status).toBeLessThan(300)
    expect(await SEND[door](key, workspace.from, '198.51.100.1')).toMatchObject(WRONG_KEY[door])
    expect(await accepted(workspace)).toBe(1)
  })

  it('refuses a revoked key within a second', async () => {
    const workspace = await sendingWorkspace(api)
    const made = await api.call(workspace.key, 'POST', '/v1/api-keys', { name: door, door })
    expect((await SEND[door](made.body.key, workspace.from)).status).toBeLessThan(300)
    await api.call(workspace.key, 'DELETE', `/v1/api-keys/${made.body.id}`)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(await SEND[door](made.body.key, workspace.from)).toMatchObject(WRONG_KEY[door])
  })

  it('says why sending is contained, and sends nothing', async () => {
    const workspace = await sendingWorkspace(api)
    const key = await keyFor(workspace, door)
    const made = await api.call(workspace.key, 'POST', '/v1/containments', {
      reason: 'We look into it.',
      capabilities: ['send'],
    })
    expect(made.status).toBe(201)
    expect(await SEND[door](key, workspace.from)).toMatchObject(CONTAINED[door])
    expect(await accepted(workspace)).toBe(0)
  })

  it('holds to the quota of the workspace, which all its doors share', async () => {
    const workspace = await sendingWorkspace(api)
    const limits = [{ period: 'day', amount: 1 }]
    const set = await api.call(api.operatorKey, 'PUT', `/v1/workspaces/${workspace.id}/quotas`, { limits })
    expect(set.status).toBe(200)
    const key = await keyFor(workspace, door)
    expect((await SEND[door](key, workspace.from)).status).toBeLessThan(300)
    expect(await SEND[door](key, workspace.from)).toMatchObject(LIMITED[door])
    expect(await accepted(workspace)).toBe(1)
  })

  it('sends a request once that is repeated with the same Idempotency-Key', async () => {
    const workspace = await sendingWorkspace(api)
    const key = await keyFor(workspace, door)
    const once = { 'idempotency-key': 'once' }
    const first = await SEND[door](key, workspace.from, undefined, once)
    const second = await SEND[door](key, workspace.from, undefined, once)
    expect([first.status < 300, second.status]).toEqual([true, first.status])
    expect(second.body).toEqual(first.body)
    expect(second.headers.get('x-message-id')).toBe(first.headers.get('x-message-id'))
    expect(await accepted(workspace)).toBe(1)
  })
  it('sends a request once that says that it is repeated, and equal ones that do not say so each', async () => {
    const workspace = await sendingWorkspace(api)
    const [key, other] = [await keyFor(workspace, door), await keyFor(workspace, door)]
    const send = (count?: string, by = key, from?: string) =>
      SEND[door](by, workspace.from, from, count === undefined ? {} : { 'x-retry-count': count })
    const first = await send()
    for (const count of ['1', '2', '3']) {
      const again = await send(count)
      expect([again.status, again.body]).toEqual([first.status, first.body])
      expect(again.headers.get('x-message-id')).toBe(first.headers.get('x-message-id'))
    }
    expect(await accepted(workspace)).toBe(1)
    // A count of none, or one that is no count, is no repetition; and one of another key repeats nothing of this one.
    for (const count of ['0', 'often', undefined]) expect((await send(count)).status).toBe(first.status)
    expect((await send('1', other)).status).toBe(first.status)
    expect(await accepted(workspace)).toBe(5)
    // What came at once: the first and its repetition, whichever is taken up earlier.
    const both = await Promise.all([send(undefined, other), send('1', other)])
    expect(both.map(({ status }) => status)).toEqual([first.status, first.status])
    expect(await accepted(workspace)).toBeLessThanOrEqual(6)
  })

  it('sends a request that is repeated after it was refused', async () => {
    const workspace = await sendingWorkspace(api)
    const key = await keyFor(workspace, door)
    const limit = (amount: number) =>
      api.call(api.operatorKey, 'PUT', `/v1/workspaces/${workspace.id}/quotas`, {
        limits: [{ period: 'day', amount }],
      })
    await limit(1)
    await SEND[door](key, workspace.from)
    expect(await SEND[door](key, workspace.from)).toMatchObject(LIMITED[door])
    await limit(10)
    const retry = await SEND[door](key, workspace.from, undefined, { 'x-retry-count': '1' })
    expect(retry.status).toBeLessThan(300)
    expect(await accepted(workspace)).toBe(2)
  })
})
