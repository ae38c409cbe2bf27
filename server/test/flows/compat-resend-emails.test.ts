import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeId } from '../../src/kernel/ids.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually } from './engine-fixture.ts'
import { askerOf, clientOf, resendWorld } from './resend-world.ts'
import type { ResendWorld } from './resend-world.ts'

let api: ApiFixture
let world: ResendWorld
beforeAll(async () => {
  api = await startApi()
  world = await resendWorld(api)
})
afterAll(() => api[Symbol.asyncDispose]())

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

function email(over: Record<string, unknown> = {}) {
  return { from: world.workspace.from, to: 'ann@there.example', subject: 'Hello', html: '<p>Hi</p>', ...over }
}

/** HTML and text of an email that was sent with them. */
async function contentOf(content: object) {
  const { body } = await world.ask('POST', '/emails', {
    body: { ...email({ html: undefined }), ...content },
  })
  const { data } = await world.resend.emails.get(body.id)
  return [data?.html, data?.text]
}

async function served(answer: (path: string) => string | undefined) {
  const server = createServer((request, response) => {
    const body = answer(request.url ?? '')
    response.writeHead(body === undefined ? 404 : 200).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function shown(list: { data: { data: { id: string }[]; has_more: boolean; object: string } | null }) {
  return [list.data?.object, list.data?.has_more, list.data?.data.map(({ id }) => id)]
}

describe('the vendor’s own client', () => {
  it('sends an email with everything that it can say, and reads it back', async () => {
    const { resend, workspace } = world
    const { data, error } = await resend.emails.send({
      from: `Acme <${workspace.from}>`,
      to: ['ann@there.example', 'Bob <bob@there.example>'],
      cc: 'cc@there.example',
      bcc: ['bcc@there.example'],
      replyTo: 'answers@there.example',
      subject: 'Everything',
      html: '<p>it works &amp; more</p>',
      text: 'it works',
      headers: { 'X-Entity-Ref-ID': '123' },
      tags: [{ name: 'category', value: 'confirm_email' }],
      attachments: [
        { filename: 'invoice.txt', content: Buffer.from('paid') },
        { filename: 'logo.png', content: 'aW1hZ2U=', contentId: 'logo', contentType: 'image/png' },
      ],
    })
    expect(error).toBeNull()
    expect(data?.id).toMatch(UUID)
    const id = data?.id ?? ''
    const read = await resend.emails.get(id)
    expect(read.data).toMatchObject({
      object: 'email',
      id,
      to: ['ann@there.example', 'bob@there.example'],
      cc: ['cc@there.example'],
      bcc: ['bcc@there.example'],
      reply_to: ['answers@there.example'],
      from: `Acme <${workspace.from}>`,
      subject: 'Everything',
      html: expect.stringContaining('<p>it works &amp; more</p>'),
      text: expect.stringContaining('it works'),
      tags: [{ name: 'category', value: 'confirm_email' }],
      last_event: 'queued',
      scheduled_at: null,
    })
    const own = await workspace.get(encodeId('message', id))
    expect(own).toMatchObject({ tags: ['category:confirm_email'], recipientCount: 4 })
    const { text } = await api.call(workspace.key, 'GET', `/v1/messages/${encodeId('message', id)}/content`)
    expect(text).toContain('X-Entity-Ref-ID: 123')
    expect(text).toContain(Buffer.from('paid').toString('base64'))
    expect(text).toContain('Content-ID: <logo>')
  })

  it.each([
    ['makes a text of the HTML where there is none', undefined, 'Hi <there>'],
    ['makes none where the text is empty', '', null],
  ])('%s', async (_name, text, expected) => {
    const { data } = await world.resend.emails.send({
      from: world.workspace.from,
      to: 'ann@there.example',
      subject: 'Hello',
      html: '<p>Hi &lt;there&gt;</p>',
      ...(text === undefined ? {} : { text }),
    })
    expect((await world.resend.emails.get(data?.id ?? '')).data?.text?.trim() ?? null).toBe(expected)
  })

  it('tells content as it was given', async () => {
    expect(await contentOf({ text: 'Hi\nthere' })).toEqual([null, 'Hi\nthere'])
    expect(await contentOf({ text: 'Grüße' })).toEqual([null, 'Grüße'])
    expect(await contentOf({ html: '<p>Hi</p>', text: '' })).toEqual(['<p>Hi</p>', null])
    expect(await contentOf({ html: '<p>Hi</p>\n', text: 'Hi\n' })).toEqual(['<p>Hi</p>\n', 'Hi\n'])
  })

  it('takes headers that have a field of their own', async () => {
    const headers = {
      'reply-TO': 'Ann <r1@there.example>, r2@there.example',
      'Message-ID': '<own.id@there.example>',
    }
    const { body } = await world.ask('POST', '/emails', { body: email({ headers }) })
    expect((await world.resend.emails.get(body.id)).data).toMatchObject({
      message_id: '<own.id@there.example>',
      reply_to: ['Ann <r1@there.example>', 'r2@there.example'],
    })
    const both = await world.ask('POST', '/emails', {
      body: email({ headers, reply_to: 'r3@there.example' }),
    })
    expect((await world.resend.emails.get(both.body.id)).data).toMatchObject({
      reply_to: ['r3@there.example'],
    })
    for (const wrong of [{ 'Reply-To': 'nobody' }, { 'Message-ID': 'x' }])
      expect(await world.ask('POST', '/emails', { body: email({ headers: wrong }) })).toMatchObject({
        status: 422,
        body: { name: 'validation_error', message: expect.stringContaining('`headers`') },
      })
  })

  it('gives attachments the types that their names tell, where none is given', async () => {
    const { data } = await world.resend.emails.send({
      ...email(),
      attachments: [
        { filename: 'Invoice.PDF', content: 'eA==' },
        { filename: 'logo.png', content: 'eA==', contentId: 'logo' },
        { filename: 'own.pdf', content: 'eA==', contentType: 'application/x-own' },
        { filename: 'nothing', content: 'eA==' },
      ],
    })
    const id = encodeId('message', data?.id ?? '')
    const { text } = await api.call(world.workspace.key, 'GET', `/v1/messages/${id}/content`)
    expect([...text.matchAll(/^Content-Type: (\S+);\r\n name=(\S+)/gm)].map(([, ...told]) => told)).toEqual([
      ['image/png', 'logo.png'],
      ['application/pdf', 'Invoice.PDF'],
      ['application/x-own', 'own.pdf'],
      ['application/octet-stream', 'nothing'],
    ])
  })

  it('takes names of mailboxes as people write them, tags as long as they may be, and attachments without a name', async () => {
    const { resend, workspace } = world
    const [name, value] = ['n'.repeat(256), 'v'.repeat(256)]
    const { data, error } = await resend.emails.send({
      from: `Acme, Inc. (News) <${workspace.from}>`,
      to: 'Lee; Ann <ann@there.example>',
      subject: 'Names',
      text: 'Hi',
      tags: [{ name, value }],
      attachments: [{ content: 'eA==' }, { content: 'eQ==', filename: false }],
    })
    expect(error).toBeNull()
    const read = await resend.emails.get(data?.id ?? '')
    expect(read.data).toMatchObject({
      from: `Acme, Inc. (News) <${workspace.from}>`,
      to: ['ann@there.example'],
      tags: [{ name, value }],
    })
    for (const to of [
      'a@there.example, Bob <b@there.example>',
      'Bob <b@there.example',
      '<b@there.example> Bob',
    ])
      expect(await world.ask('POST', '/emails', { body: email({ to }) })).toMatchObject({
        status: 422,
        body: { name: 'validation_error', message: expect.stringMatching(/^Invalid `to` field\. The email/) },
      })
  })

  it('sends attachments from where they are, and none that cannot be had', async () => {
    const { resend, workspace } = world
    const asked: string[] = []
    await using files = await served((path) => {
      asked.push(path)
      return path === '/a/invoice.pdf' ? 'a document' : undefined
    })
    const attached = (path: string, more: object = {}) =>
      resend.emails.send(email({ attachments: [{ path, ...more }] }), { idempotencyKey: `of ${path}` })
    const sent = await attached(`${files.url}/a/invoice.pdf`)
    expect(sent.error).toBeNull()
    const path = `/v1/messages/${encodeId('message', sent.data?.id ?? '')}/content`
    const { text } = await api.call(workspace.key, 'GET', path)
    expect(text).toContain('filename=invoice.pdf')
    expect(text).toContain(Buffer.from('a document').toString('base64'))
    expect((await attached(`${files.url}/a/invoice.pdf`)).data?.id).toBe(sent.data?.id)
    expect(asked).toEqual(['/a/invoice.pdf'])
    for (const wrong of [
      `${files.url}/gone.txt`,
      'ftp://there.example/a.txt',
      'no url',
      'http://u:p@127.0.0.1/a.txt',
    ])
      expect((await attached(wrong, { filename: 'a.txt' })).error).toMatchObject({
        statusCode: 422,
        name: 'invalid_attachment',
        message: expect.stringContaining('attachments[0].path'),
      })
    const batch = await resend.batch.send([email({ attachments: [{ path: `${files.url}/a/invoice.pdf` }] })])
    expect(batch.error).toMatchObject({ name: 'invalid_attachment' })
    const foreign = email({ from: 'a@elsewhere.example', attachments: [{ path: `${files.url}/late.txt` }] })
    expect((await resend.emails.send(foreign)).error).toMatchObject({ statusCode: 403 })
    expect(asked).not.toContain('/late.txt')
  })

  it('schedules in words and in ISO 8601, moves and cancels', async () => {
    const { resend } = world
    const { data } = await resend.emails.send(email({ scheduledAt: 'in 1 hour' }))
    const id = data?.id ?? ''
    const first = await resend.emails.get(id)
    expect(first.data).toMatchObject({ last_event: 'scheduled' })
    const at = Date.parse(String(first.data?.scheduled_at))
    expect(Math.abs(at - Date.now() - 3_600_000)).toBeLessThan(60_000)
    const later = new Date(Date.now() + 86_400_000).toISOString()
    expect((await resend.emails.update({ id, scheduledAt: later })).data).toEqual({ object: 'email', id })
    expect((await resend.emails.get(id)).data).toMatchObject({ scheduled_at: later })
    expect((await resend.emails.cancel(id)).data).toEqual({ object: 'email', id })
    expect((await resend.emails.get(id)).data).toMatchObject({ last_event: 'canceled' })
    const again = await resend.emails.cancel(id)
    expect(again.error).toMatchObject({ statusCode: 422, name: 'validation_error' })
  })

  it('lists, newest first, with places to go on and back', async () => {
    const own = await resendWorld(api)
    const ids: string[] = []
    for (const subject of ['one', 'two', 'three', 'four']) {
      const { data } = await own.resend.emails.send({
        from: own.workspace.from,
        to: 'ann@there.example',
        subject,
        text: 'x',
      })
      ids.unshift(data?.id ?? '')
    }
    expect(shown(await own.resend.emails.list({ limit: 2 }))).toEqual(['list', true, ids.slice(0, 2)])
    expect(shown(await own.resend.emails.list({ limit: 2, after: ids[1] ?? '' }))).toEqual([
      'list',
      false,
      ids.slice(2),
    ])
    expect(shown(await own.resend.emails.list({ limit: 2, before: ids[3] ?? '' }))).toEqual([
      'list',
      true,
      ids.slice(1, 3),
    ])
    expect(shown(await own.resend.emails.list())).toEqual(['list', false, ids])
    expect((await own.resend.emails.list({ limit: 101 })).error).toMatchObject({
      statusCode: 422,
      name: 'validation_error',
    })
  })

  it('sends once where two requests with one idempotency key come at once', async () => {
    const mail = email({ subject: 'Twice' })
    const both = await Promise.all(
      [1, 2, 3].map(() => world.resend.emails.send(mail, { idempotencyKey: 'at-once' })),
    )
    expect(new Set(both.map(({ data }) => data?.id)).size).toBe(1)
  })

  it('sends once for one idempotency key, and refuses another email with it', async () => {
    const { resend } = world
    const mail = email({ subject: 'Once' }) as never
    const one = await resend.emails.send(mail, { idempotencyKey: 'once-1' })
    const two = await resend.emails.send(mail, { idempotencyKey: 'once-1' })
    expect(two.data?.id).toBe(one.data?.id)
    const other = await resend.emails.send(email({ subject: 'Other' }), { idempotencyKey: 'once-1' })
    expect(other.error).toMatchObject({ statusCode: 409, name: 'invalid_idempotent_request' })
    const long = await resend.emails.send(mail, { idempotencyKey: 'x'.repeat(257) })
    expect(long.error).toMatchObject({ statusCode: 400, name: 'invalid_idempotency_key' })
  })
})

const bad = () => email({ to: 'nobody' })
const good = (subject = 'ok') => email({ subject })

function shape(statusCode: number, name: string) {
  return { status: statusCode, body: { statusCode, name, message: expect.any(String) } }
}

describe('a batch', () => {
  it('is sent whole or not at all', async () => {
    const { resend, workspace } = world
    const sent = await resend.batch.send([good('a'), good('b')])
    expect(sent.data).toEqual({
      data: [{ id: expect.stringMatching(UUID) }, { id: expect.stringMatching(UUID) }],
    })
    const before = (await workspace.ledger()).accepted
    const refused = await resend.batch.send([good(), bad()])
    expect(refused.error).toMatchObject({ statusCode: 422, name: 'validation_error' })
    expect((await workspace.ledger()).accepted).toBe(before)
  })

  it('that is permissive sends what is in order and tells the rest by place', async () => {
    const { data, error } = await world.resend.batch.send([good(), bad(), good()], {
      batchValidation: 'permissive',
    })
    expect(error).toBeNull()
    expect(data).toEqual({
      data: [{ id: expect.stringMatching(UUID) }, { id: expect.stringMatching(UUID) }],
      errors: [{ index: 1, message: expect.stringContaining('`to`') }],
    })
    const none = await world.resend.batch.send([bad(), bad()], { batchValidation: 'permissive' })
    expect(none.data).toMatchObject({ data: [], errors: [{ index: 0 }, { index: 1 }] })
  })

  it.each(['strict', 'permissive'] as const)(
    'is sent once for one idempotency key: %s',
    async (batchValidation) => {
      const mails = [good('x'), good('y')]
      const options = { batchValidation, idempotencyKey: `batch-${batchValidation}` }
      const one = await world.resend.batch.send(mails, options)
      const two = await world.resend.batch.send(mails, options)
      expect(one.data?.data).toHaveLength(2)
      expect(two.data?.data).toEqual(one.data?.data)
      const other = await world.resend.batch.send([good('z'), good('y')], options)
      expect(other.error).toMatchObject({ statusCode: 409, name: 'invalid_idempotent_request' })
    },
  )

  it('has at least one email and at most a hundred', async () => {
    for (const mails of [[], Array.from({ length: 101 }, () => good())]) {
      expect((await world.resend.batch.send(mails)).error).toMatchObject({
        statusCode: 422,
        name: 'validation_error',
      })
    }
  })
})

describe('a refusal', () => {
  it.each<[string, Record<string, unknown>, number, string]>([
    ['no from', { from: undefined }, 422, 'missing_required_field'],
    ['no to', { to: undefined }, 422, 'missing_required_field'],
    ['an empty to', { to: [] }, 422, 'missing_required_field'],
    ['no subject', { subject: undefined }, 422, 'missing_required_field'],
    ['no content', { html: undefined }, 422, 'missing_required_field'],
    ['a from that is no address', { from: 'Acme' }, 422, 'invalid_from_address'],
    ['a to that is no address', { to: 'Acme' }, 422, 'validation_error'],
    [
      '51 recipients',
      { to: Array.from({ length: 51 }, (_, n) => `a${n}@there.example`) },
      422,
      'validation_error',
    ],
    ['a tag with a blank', { tags: [{ name: 'a b', value: 'c' }] }, 422, 'validation_error'],
    ['a time that means nothing', { scheduled_at: 'whenever' }, 422, 'validation_error'],
    ['a time too far ahead', { scheduled_at: 'in 31 days' }, 422, 'validation_error'],
    ['an attachment of nothing', { attachments: [{ filename: 'a.txt' }] }, 422, 'invalid_attachment'],
    [
      'an attachment that is not base64',
      { attachments: [{ filename: 'a', content: '%%' }] },
      422,
      'invalid_attachment',
    ],
    ['a domain that is not verified', { from: 'a@elsewhere.example' }, 403, 'validation_error'],
    ['a template that is not there', { html: undefined, template: { id: 'none' } }, 422, 'validation_error'],
    [
      'a topic that is not there',
      { topic_id: '00000000-0000-7000-8000-000000000000' },
      422,
      'validation_error',
    ],
  ])('names what is wrong: %s', async (_name, over, status, name) => {
    const answer = await world.ask('POST', '/emails', { body: email(over) })
    expect([answer.status, answer.body]).toEqual([
      status,
      { statusCode: status, name, message: expect.any(String) },
    ])
  })

  it('says of a foreign domain what the vendor says', async () => {
    const { error } = await world.resend.emails.send({
      from: 'a@elsewhere.example',
      to: 'ann@there.example',
      subject: 'Hello',
      text: 'Hi',
    })
    expect(error).toEqual({
      statusCode: 403,
      name: 'validation_error',
      message:
        'The elsewhere.example domain is not verified. Please, add and verify your domain: bulkhead domains add elsewhere.example',
    })
  })

  it('has the vendor’s shape for what no call is reached by', async () => {
    expect(await askerOf(api, null)('POST', '/emails', { body: email() })).toMatchObject(
      shape(401, 'missing_api_key'),
    )
    expect(await askerOf(api, 're_wrong')('POST', '/emails', { body: email() })).toMatchObject(
      shape(403, 'invalid_api_key'),
    )
    expect(await world.ask('GET', '/nowhere')).toMatchObject(shape(404, 'not_found'))
    expect(await world.ask('PUT', '/emails', { body: {} })).toMatchObject(shape(405, 'method_not_allowed'))
    expect(await world.ask('POST', '/emails', { body: '{"from":' })).toMatchObject(
      shape(400, 'validation_error'),
    )
    for (const id of ['00000000-0000-7000-8000-000000000000', '00000000-0000-0000-0000-000000000000'])
      expect(await world.ask('GET', `/emails/${id}`)).toMatchObject({
        status: 404,
        body: { statusCode: 404, name: 'not_found', message: 'Email not found' },
      })
    for (const path of ['/emails/x', '/domains/x', '/segments/x', '/webhooks/x', '/broadcasts/x'])
      expect(await world.ask('GET', path)).toMatchObject(shape(422, 'invalid_parameter'))
    for (const path of ['/emails/receiving', '/emails/metrics'])
      expect(await world.ask('GET', path)).toMatchObject(shape(404, 'not_found'))
  })

  it('tells of limits as the vendor does', async () => {
    const own = await resendWorld(api)
    for (const [period, name] of [
      ['day', 'daily_quota_exceeded'],
      ['month', 'monthly_quota_exceeded'],
      ['minute', 'rate_limit_exceeded'],
    ] as const) {
      const limits = [{ period, amount: 1 }]
      const path = `/v1/workspaces/${own.workspace.id}/quotas`
      expect((await api.call(api.operatorKey, 'PUT', path, { limits })).status).toBe(200)
      const mail = { ...email(), from: own.workspace.from }
      const refused = await eventually(async () => {
        const answer = await own.ask('POST', '/emails', { body: mail })
        return answer.body.name === name ? answer : undefined
      }, name)
      expect(refused).toMatchObject({ status: 429, body: { statusCode: 429, message: expect.any(String) } })
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    }
  })

  it('stops a key that may only send from everything else', async () => {
    const { data } = await world.resend.apiKeys.create({ name: 'sender', permission: 'sending_access' })
    const own = clientOf(api, data?.token ?? '')
    expect((await own.emails.send(email() as never)).data?.id).toMatch(UUID)
    for (const refused of [
      await own.domains.list(),
      await own.emails.list(),
      await own.apiKeys.create({ name: 'wider' }),
      await own.emails.cancel('00000000-0000-7000-8000-000000000000'),
    ])
      expect(refused.error).toMatchObject({ statusCode: 401, name: 'restricted_api_key' })
  })
})
