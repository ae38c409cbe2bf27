import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DoorName } from '../../src/kernel/doors.ts'
import { startApi } from './api-fixture.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'
import { sendingWorkspace, type TestWorkspace } from './engine-fixture.ts'

// A key of a door that may send as one address only, in the hands of somebody who wants to be another.
let api: ApiFixture
let workspace: TestWorkspace
let own: string
let other: string
beforeAll(async () => {
  api = await startApi()
})
beforeEach(async () => {
  workspace = await sendingWorkspace(api)
  own = workspace.from
  other = `ceo@${own.split('@')[1]}`
})
afterAll(() => api[Symbol.asyncDispose]())

const call = (method: string, path: string, body?: unknown, key = workspace.key): Promise<Answer> =>
  api.call(key, method, path, body)

/** Bound to one address; with false a key that is bound to nothing, to show that only the bound stops it. */
async function stolen(door: DoorName | null, isBound = true): Promise<string> {
  const made = await call('POST', '/v1/api-keys', {
    name: 'stolen',
    ...(isBound ? { allowedSenders: [own] } : {}),
    ...(door === null ? {} : { door }),
  })
  if (made.status !== 201) throw new Error(made.text)
  return made.body.key
}

const mandrill = (key: string, path: string, body: object): Promise<Answer> =>
  api.call('', 'POST', `/compat/mandrill/api/1.0/${path}`, { key, ...body })

const raw = (from: string): string => `From: ${from}\r\nTo: bob@example.com\r\nSubject: x\r\n\r\nx\r\n`

const sendgridMail = (from: string, personal?: string) => ({
  personalizations: [
    {
      to: [{ email: 'bob@example.com' }],
      ...(personal === undefined ? {} : { from: { email: personal } }),
    },
  ],
  from: { email: from },
  subject: 'Hi',
  content: [{ type: 'text/plain', value: 'x' }],
})

/** Who every message of the workspace is from. */
async function senders(): Promise<string[]> {
  const { body } = await call('GET', '/v1/messages?limit=100')
  return [...new Set<string>(body.data.map(({ from }: { from: { email: string } }) => from.email))]
}

async function template(alias: string, dialect: string): Promise<void> {
  const made = await call('POST', '/v1/templates', {
    name: alias,
    alias,
    dialect,
    subject: 'x',
    html: '<p>x</p>',
    text: null,
    from: { email: other },
  })
  expect([made.status, made.text]).toEqual([201, made.text])
  await call('POST', `/v1/templates/${made.body.id}/versions/1/publish`, {})
}

describe('a key of a door that may send as one address', () => {
  it('is nobody else at the SendGrid door, with keys that it makes neither', async () => {
    const key = await stolen('sendgrid')
    const send = (body: unknown, as = key) => call('POST', '/compat/sendgrid/v3/mail/send', body, as)
    expect((await send(sendgridMail(own))).status).toBe(202)
    expect((await send(sendgridMail(other))).status).toBe(403)
    expect((await send(sendgridMail(own, other))).status).toBe(403)
    expect((await send({ ...sendgridMail(own), headers: { From: other } })).status).toBe(400)
    const made = await call('POST', '/compat/sendgrid/v3/api_keys', { name: 'more' }, key)
    expect(made.status).toBe(201)
    expect((await send(sendgridMail(own), made.body.api_key)).status).toBe(202)
    expect((await send(sendgridMail(other), made.body.api_key)).status).toBe(403)
    // Nor does it widen one that is there.
    const free = await call('POST', '/v1/api-keys', {
      name: 'narrow',
      door: 'sendgrid',
      scopes: ['messages:read'],
      doorScopes: ['messages.read'],
    })
    const { body: all } = await call('GET', '/compat/sendgrid/v3/api_keys', undefined, key)
    const narrow = all.result.find(({ name }: { name: string }) => name === 'narrow')
    const widened = await call(
      'PUT',
      `/compat/sendgrid/v3/api_keys/${narrow.api_key_id}`,
      { name: 'narrow', scopes: ['mail.send'] },
      key,
    )
    expect([free.status, widened.status]).toEqual([201, 403])
  })

  it('is nobody else at the Mandrill door, by templates and raw mail neither', async () => {
    const key = await stolen('mandrill')
    await template('from-ceo', 'merge-tags')
    const message = { to: [{ email: 'bob@example.com' }], subject: 'x', text: 'x' }
    const asks: [string, object][] = [
      ['messages/send', { message: { ...message, from_email: other } }],
      [
        'messages/send-template',
        { template_name: 'from-ceo', template_content: [], message: { to: message.to } },
      ],
      ['messages/send-raw', { raw_message: raw(other), from_email: own, to: ['bob@example.com'] }],
      ['messages/send-raw', { raw_message: raw(own), from_email: other, to: ['bob@example.com'] }],
      ['messages/send', { message: { ...message, from_email: own, headers: { From: other } } }],
    ]
    for (const [path, body] of asks) await mandrill(key, path, body)
    expect(await senders()).not.toContain(other)
    const free = await stolen('mandrill', false)
    for (const [path, body] of asks.slice(0, 3)) {
      const { status, text } = await mandrill(free, path, body)
      expect([path, status, text]).toEqual([path, 200, text])
    }
    expect(await senders()).toContain(other)
  })

  it('is nobody else at the Resend door, by templates and broadcasts neither', async () => {
    const key = await stolen('resend')
    await template('ceo', 'resend')
    const to = 'bob@example.com'
    const segment = await call('POST', '/compat/resend/segments', { name: 'All' }, key)
    await call('POST', '/compat/resend/contacts', { email: to, segments: [{ id: segment.body.id }] }, key)
    const asks = [
      ['emails', { from: other, to, subject: 'x', text: 'x' }],
      ['emails', { to, template: { id: 'ceo' } }],
      ['emails/batch', [{ from: other, to, subject: 'x', text: 'x' }]],
      [
        'broadcasts',
        {
          segment_id: segment.body.id,
          from: other,
          subject: 'x',
          text: 'x {{{RESEND_UNSUBSCRIBE_URL}}}',
          send: true,
        },
      ],
    ] as const
    for (const [path, body] of asks) await call('POST', `/compat/resend/${path}`, body, key)
    const draft = await call(
      'POST',
      '/compat/resend/broadcasts',
      { segment_id: segment.body.id, from: other, subject: 'x', text: 'x {{{RESEND_UNSUBSCRIBE_URL}}}' },
      key,
    )
    expect(draft.status).toBeLessThan(300)
    const sent = await call('POST', `/compat/resend/broadcasts/${draft.body.id}/send`, {}, key)
    expect(sent.status).toBeGreaterThanOrEqual(400)
    const { body } = await call('GET', '/v1/broadcasts')
    expect(body.data.map(({ state }: { state: string }) => state)).not.toContain('queued')
    expect(await senders()).toEqual([])
    const free = await stolen('resend', false)
    for (const [path, wanted] of asks) {
      const { status, text } = await call('POST', `/compat/resend/${path}`, wanted, free)
      expect([path, status < 300, text]).toEqual([path, true, text])
    }
    expect(await senders()).toEqual([other])
  })

  it('sends nobody else’s message again', async () => {
    const key = await stolen(null)
    const sent = await call('POST', '/v1/messages', {
      from: other,
      to: 'bob@example.com',
      subject: 'x',
      text: 'x',
      sendAt: new Date(Date.now() + 3_600_000).toISOString(),
    })
    expect(sent.status).toBe(202)
    expect((await call('POST', `/v1/messages/${sent.body.id}/cancel`, {})).status).toBe(200)
    const again = await call('POST', `/v1/messages/${sent.body.id}/resend`, { reason: 'x' }, key)
    expect([again.status, again.body.code]).toEqual([403, 'sender_refused'])
  })
})
