import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'
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

const nextKey = () => `key-${++keys}`

async function post(
  path: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
): Promise<Omit<Answer, 'headers'>> {
  const response = await fetch(`${api.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${workspace.key}`, 'content-type': 'application/json', ...headers },
    body,
  })
  const text = await response.text()
  return { status: response.status, text, body: text === '' ? null : JSON.parse(text) }
}

const message = (over: Record<string, unknown> = {}) => ({
  from: workspace.from,
  to: 'ann@there.example',
  subject: 'Hello',
  text: 'Hello.',
  ...over,
})
const send = (body: unknown, idempotencyKey?: string) =>
  post(
    '/v1/messages',
    JSON.stringify(body),
    idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
  )
const mime = (raw: string | Buffer, query = '', headers: Record<string, string> = {}) =>
  post(`/v1/messages/mime${query}`, raw, { 'content-type': 'message/rfc822', ...headers })

const many = (count: number) =>
  post('/v1/messages/batch', JSON.stringify({ messages: Array.from({ length: count }, () => message()) }))
const raw = (...extra: string[]) =>
  [
    `From: Ann <${workspace.from}>`,
    'To: Bob <bob@x.example>',
    'Bcc: hidden@x.example',
    'X-Bulkhead-Lane: bulk',
    'X-Bulkhead-Tags: one two',
    ...extra,
    'X-Odd:   kept \t exactly',
    'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
    'Date: Fri, 20 Nov 2026 10:00:00 +0000',
    'Message-ID: <mine@x.example>',
    '',
    '.dot',
    'trailing blanks   ',
    '',
    '',
  ].join('\r\n')

async function contentOf(id: string): Promise<string> {
  const answer = await api.call(workspace.key, 'GET', `/v1/messages/${id}/content`)
  expect(answer.status, answer.text).toBe(200)
  return answer.text
}

describe.concurrent('an idempotency key', () => {
  it('answers a repeated request with the message that the first one made', async () => {
    const key = nextKey()
    const first = await send(message(), key)
    const second = await send(message(), key)
    expect([first.status, second.status]).toEqual([202, 202])
    expect(second.body).toEqual(first.body)
  })

  it('makes one message of thirty requests at once', async () => {
    const key = nextKey()
    const tag = `once-${key}`
    const answers = await Promise.all(Array.from({ length: 30 }, () => send(message({ tags: [tag] }), key)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    const listed = await api.call(workspace.key, 'GET', `/v1/messages?tag=${tag}`)
    expect(listed.body.data).toHaveLength(1)
  })

  it('refuses another body under the same key, and another workspace has keys of its own', async () => {
    const key = nextKey()
    expect((await send(message(), key)).status).toBe(202)
    const other = await send(message({ subject: 'Other' }), key)
    expect([other.status, other.body.code]).toEqual([409, 'idempotency_conflict'])
    const stranger = await sendingWorkspace(api)
    const response = await fetch(`${api.url}/v1/messages`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${stranger.key}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify(message({ from: stranger.from })),
    })
    expect(response.status).toBe(202)
  })

  it('of a refused request is free for the corrected one', async () => {
    const key = nextKey()
    expect((await send(message({ to: 'nobody' }), key)).status).toBe(400)
    expect((await send(message(), key)).status).toBe(202)
  })

  it('of a batch sends only what was missing when it is repeated', async () => {
    const key = nextKey()
    const batch = (second: unknown) =>
      post('/v1/messages/batch', JSON.stringify({ messages: [message(), second] }), {
        'idempotency-key': key,
      })
    const first = await batch(message({ to: 'nobody' }))
    const again = await batch(message({ to: 'bob@there.example' }))
    expect([first.body.accepted, again.body.accepted]).toEqual([1, 2])
    expect(again.body.data[0].message.id).toBe(first.body.data[0].message.id)
  })
})

describe.concurrent('a batch', () => {
  it('gives each message an outcome of its own', async () => {
    const bad = [
      message({ to: 'not an address' }),
      message({ from: 'eve@elsewhere.example' }),
      message({ subject: 'a\r\nBcc: eve@evil.example' }),
      'no object',
      message({ unknown: 1 }),
    ]
    const { status, body } = await post(
      '/v1/messages/batch',
      JSON.stringify({ messages: [message(), ...bad, message({ to: ['b@x.example', 'c@x.example'] })] }),
    )
    expect(status).toBe(207)
    expect(body.data.map((item: { status: number }) => item.status)).toEqual([
      202, 400, 403, 400, 400, 400, 202,
    ])
    expect(body).toMatchObject({ accepted: 2, refused: 5 })
    expect(body.data[1].problem.errors ?? body.data[1].problem.fields).toMatchObject([{ field: 'to' }])
  })

  it('is listed in its order, whatever takes longer to look up of some of its messages', async () => {
    const batch = (await post('/v1/batches', '{}')).body.id
    const messages = Array.from({ length: 200 }, (_, n) => message(n % 2 === 0 ? { batch } : {}))
    const { body } = await post('/v1/messages/batch', JSON.stringify({ messages }))
    const ids: string[] = body.data.map((item: { message: { id: string } }) => item.message.id)
    expect(ids).toEqual(ids.toSorted((a, b) => (a < b ? -1 : 1)))
  })

  it('holds a thousand messages and not one more', async () => {
    const [full, over] = [await many(1_000), await many(1_001)]
    expect([full.status, full.body.accepted]).toEqual([207, 1_000])
    expect([over.status, over.text]).toEqual([400, expect.stringContaining('1000')])
  })
})

describe.concurrent('a refused request', () => {
  it.each([
    ['a From of a domain that is not verified', { from: 'eve@elsewhere.example' }, 403, 'from'],
    ['1,001 recipients', { to: Array.from({ length: 1_001 }, (_, n) => `r${n}@x.example`) }, 422, 'to'],
    ['no recipient', { to: [] }, 400, 'to'],
    ['a sensitive message to two', { to: ['a@x.example', 'b@x.example'], sensitive: true }, 400, 'sensitive'],
    ['a line break in the subject', { subject: 'x\nBcc: eve@evil.example' }, 400, 'subject'],
    [
      'a line break in a name',
      { to: { email: 'a@x.example', name: 'A\r\nBcc: eve@evil.example' } },
      400,
      'to',
    ],
    ['a line break in a header', { headers: { 'X-A': 'b\r\nBcc: eve@evil.example' } }, 400, 'headers'],
    ['a header that we set', { headers: { From: 'eve@evil.example' } }, 400, 'headers'],
    ['a Bcc in the headers', { headers: { Bcc: 'eve@evil.example' } }, 400, 'headers'],
    ['a NUL in the text', { text: 'a\0b' }, 400, 'text'],
    ['no content', { text: undefined }, 400, 'text'],
    [
      'an attachment that is no base64',
      { attachments: [{ filename: 'a', content: '***' }] },
      400,
      'attachments',
    ],
    [
      'a line break in a file name',
      { attachments: [{ filename: 'a\r\nb', content: '' }] },
      400,
      'attachments',
    ],
    ['a time behind 30 days', { sendAt: '2099-01-01T00:00:00Z' }, 400, 'sendAt'],
    ['an expiry in the past', { expiresAt: '2020-01-01T00:00:00Z' }, 400, 'expiresAt'],
    ['the internal lane', { lane: 'internal' }, 400, 'lane'],
  ])('names the field: %s', async (_what, over, status, field) => {
    const answer = await send(message(over))
    expect(answer.status, answer.text).toBe(status)
    expect(answer.text).toContain(`"field":"${field}`)
  })
})

describe.concurrent('what is accepted', () => {
  it('tells the state of each recipient and never names Bcc in the message', async () => {
    const answer = await send(message({ to: 'a@x.example', cc: ['b@x.example'], bcc: 'hidden@x.example' }))
    expect(answer.body.recipients).toEqual([
      { number: 1, email: 'a@x.example', state: 'pending' },
      { number: 2, email: 'b@x.example', state: 'pending' },
      { number: 3, email: 'hidden@x.example', state: 'pending' },
    ])
    expect(await contentOf(answer.body.id)).not.toMatch(/hidden|bcc/i)
  })

  it('is found by recipient, tag and state, and by nobody else', async () => {
    const tag = nextKey()
    const { body } = await send(message({ to: `${tag}@x.example`, tags: [tag], sendAt: soon() }))
    for (const query of [`tag=${tag}`, `recipient=${tag}@X.example`, `tag=${tag}&state=scheduled`]) {
      const listed = await api.call(workspace.key, 'GET', `/v1/messages?${query}`)
      expect(listed.body.data.map(({ id }: { id: string }) => id)).toEqual([body.id])
    }
    const stranger = await api.workspace()
    expect((await api.call(stranger.key, 'GET', `/v1/messages/${body.id}`)).status).toBe(404)
    expect((await api.call(stranger.key, 'POST', `/v1/messages/${body.id}/cancel`)).status).toBe(404)
  })
})

describe.concurrent('a finished MIME message', () => {
  it('is kept byte for byte but for Bcc, control headers and, on top, what bulk mail must have', async () => {
    const { status, body, text } = await mime(raw())
    expect(status, text).toBe(202)
    expect(body.recipients.map(({ email }: { email: string }) => email)).toEqual([
      'bob@x.example',
      'hidden@x.example',
    ])
    const expected = raw().replace(/^(?:Bcc|X-Bulkhead)[^\n]*\n/gm, '')
    const stored = await contentOf(body.id)
    const top = /^List-Unsubscribe: <[^>]+>\r\n/.exec(stored)?.[0] ?? ''
    expect(top).not.toBe('')
    expect(stored.slice(top.length)).toBe(expected)
    expect(await workspace.get(body.id)).toMatchObject({
      lane: 'bulk',
      tags: ['one', 'two'],
      subject: 'Grüße',
      messageIdHeader: '<mine@x.example>',
    })
  })

  it('goes to the envelope of the query, which outranks the header', async () => {
    const { body } = await mime(raw(), '?to=only@y.example&lane=critical')
    expect(body.recipients.map(({ email }: { email: string }) => email)).toEqual(['only@y.example'])
    expect((await workspace.get(body.id)).lane).toBe('critical')
  })

  it('carries its idempotency key in a header', async () => {
    const key = `X-Bulkhead-Idempotency-Key: ${nextKey()}`
    const [one, two] = [await mime(raw(key)), await mime(raw(key))]
    expect(two.body.id).toBe(one.body.id)
    expect((await mime(raw(key, 'X-More: 1'))).status).toBe(409)
  })

  it.each([
    [
      'a From of another domain',
      (text: string) => text.replace(/From: .*\r/, 'From: eve@elsewhere.example\r'),
      '',
      403,
    ],
    ['two From fields', (text: string) => `From: eve@elsewhere.example\r\n${text}`, '', 400],
    ['a Sender of another domain', (text: string) => `Sender: eve@elsewhere.example\r\n${text}`, '', 403],
    ['a reverse-path of another domain', (text: string) => text, '?from=eve@elsewhere.example', 403],
    ['a bare line feed among others', (text: string) => text.replace('.dot\r\n', '.dot\n'), '', 400],
    ['a tag with a line break', (text: string) => text, '?tag=a%0Ab', 400],
    ['a wrong control header', (text: string) => `X-Bulkhead-Sensitive: yes\r\n${text}`, '', 400],
    ['a misspelt control header', (text: string) => `X-Bulkhead-Sensitiv: true\r\n${text}`, '', 400],
    ['an empty body', () => '', '', 400],
  ])('is refused with %s', async (_what, change, query, status) => {
    const answer = await mime(change(raw()), query)
    expect(answer.status, answer.text).toBe(status)
  })
})

const soon = () => new Date(Date.now() + 3_600_000).toISOString()
