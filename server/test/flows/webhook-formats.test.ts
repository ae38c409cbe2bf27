import { createHmac } from 'node:crypto'
import { EventWebhook } from '@sendgrid/eventwebhook'
import { Resend } from 'resend'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createWebhookDispatcher, sendgridRequestId } from '../../src/modules/webhooks/index.ts'
import { decodeId } from '../../src/kernel/ids.ts'
import { createResolver } from '../../src/platform/dns/index.ts'
import { createEgress } from '../../src/platform/egress/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { startContainmentWatch } from '../../src/security/containment/index.ts'
import type { ContainmentWatch } from '../../src/security/containment/index.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { acceptRequest, startReceiver, type Received } from './webhook-receiver.ts'

let api: ApiFixture
let stop: AbortController
let running: Promise<void>
let containment: ContainmentWatch
const resolver = createResolver({ servers: ['127.0.0.1:9'], timeoutMs: 200, tries: 1 })
const egress = createEgress({ resolver, allowPrivateTargets: true, excerptsOfPrivate: true })

beforeAll(async () => {
  api = await startApi()
  stop = new AbortController()
  const log = createLogger({ name: 'test', level: 'error' })
  const pool = api.database.pool('bulkhead_worker')
  containment = await startContainmentWatch({ pool, log, actorClass: 'worker' })
  running = createWebhookDispatcher({
    pool,
    keyring: api.keyring('worker'),
    containment,
    egress,
    log,
    retryScale: 0.0005,
    timeoutMs: 1_500,
  }).run(stop.signal)
})
afterAll(async () => {
  stop.abort()
  await running
  await containment[Symbol.asyncDispose]()
  egress[Symbol.dispose]()
  await api[Symbol.asyncDispose]()
})

async function endpoint(url: string, more: Record<string, unknown>) {
  const { key } = await api.workspace()
  await api.call(key, 'POST', '/v1/domains', { name: 'shop.test' })
  const made = await api.call(key, 'POST', '/v1/webhooks', { url, ...more })
  expect(made.status, made.text).toBe(201)
  const path = `/v1/webhooks/${made.body.id}`
  const deliveries = async () => (await api.call(key, 'GET', `${path}/deliveries`)).body.data
  return { key, path, made: made.body, deliveries }
}

async function send(key: string, more: Record<string, unknown> = {}) {
  const sent = await api.call(key, 'POST', '/v1/messages', {
    from: { email: 'a@shop.test', name: 'Shop' },
    to: ['ann@example.com', 'bob@example.com'],
    subject: 'Hi',
    text: 'Hi',
    tags: ['welcome'],
    metadata: { order: '42' },
    ...more,
  })
  expect(sent.status, sent.text).toBe(202)
  return sent
}

/** As the vendor's own library finds it. */
function isSignedBySendgrid(publicKey: string, { headers, body }: Received): boolean {
  const library = new EventWebhook()
  return library.verifySignature(
    library.convertPublicKeyToECDSA(publicKey),
    body,
    headers['x-twilio-email-event-webhook-signature'] ?? '',
    headers['x-twilio-email-event-webhook-timestamp'] ?? '',
  )
}

function isSignedByMandrill(url: string, authenticationKey: string, { headers, body }: Received): boolean {
  const fields = [...new URLSearchParams(body)].flat()
  const mac = createHmac('sha1', authenticationKey).update([url, ...fields].join(''))
  return headers['x-mandrill-signature'] === mac.digest('base64')
}

const mandrillEvents = ({ body }: Received) =>
  JSON.parse(new URLSearchParams(body).get('mandrill_events') ?? '')

describe('webhooks in the format of SendGrid', () => {
  it('tell each recipient of a message by the id that its request was answered with, signed for the vendor’s library', async () => {
    await using receiver = await startReceiver()
    const hook = await endpoint(receiver.url, { format: 'sendgrid' })
    expect(hook.made).toMatchObject({ format: 'sendgrid', signing: true, secret: null })
    const shown = await api.call(hook.key, 'GET', `${hook.path}/verification`)
    expect(shown.body).toMatchObject({ algorithm: 'ecdsa-p256-sha256', publicKey: hook.made.publicKey })
    await api.call(hook.key, 'POST', '/v1/suppressions', { email: 'bob@example.com', reason: 'hard_bounce' })
    const sent = await send(hook.key)
    await expect.poll(() => receiver.received.length).toBe(2)
    for (const request of receiver.received)
      expect(isSignedBySendgrid(hook.made.publicKey, request)).toBe(true)
    const events = receiver.received.flatMap(({ body }) => JSON.parse(body))
    const id = sendgridRequestId(decodeId('message', sent.body.id) ?? '')
    expect(events).toHaveLength(2)
    for (const event of events) expect(event.sg_message_id.split('.')[0]).toBe(id)
    expect(events.find(({ event }) => event === 'processed')).toMatchObject({
      email: 'ann@example.com',
      category: ['welcome'],
      order: '42',
      'smtp-id': expect.stringMatching(/^<.+>$/),
    })
    expect(events.find(({ event }) => event === 'dropped')).toMatchObject({
      email: 'bob@example.com',
      reason: 'Bounced Address',
    })
    const [delivery] = await hook.deliveries()
    const detail = await api.call(hook.key, 'GET', `${hook.path}/deliveries/${delivery.id}`)
    expect(receiver.received.map(({ body }) => body)).toContain(detail.body.body)
  })

  it('name the topic of a message, and drop those who left it', async () => {
    await using receiver = await startReceiver()
    const hook = await endpoint(receiver.url, { format: 'sendgrid' })
    const topic = await api.call(hook.key, 'POST', '/v1/topics', { name: 'Offers' })
    const left = await api.call(hook.key, 'POST', `/v1/topics/${topic.body.id}/suppressions`, {
      emails: ['bob@example.com'],
    })
    expect(left.status, left.text).toBeLessThan(300)
    await send(hook.key, { topic: topic.body.id })
    await expect.poll(() => receiver.received.length).toBe(2)
    const events = receiver.received.flatMap(({ body }) => JSON.parse(body))
    const { number } = topic.body
    expect(events.find(({ event }) => event === 'processed')).toMatchObject({ asm_group_id: number })
    expect(events.find(({ event }) => event === 'dropped')).toMatchObject({
      asm_group_id: number,
      reason: 'Unsubscribed Address',
    })
  })

  it('keep their event ids over failures and replays', async () => {
    await using receiver = await startReceiver()
    receiver.answer((_request, response, count) => response.writeHead(count < 3 ? 500 : 200).end())
    const hook = await endpoint(receiver.url, { format: 'sendgrid', formatEvents: ['processed'] })
    await send(hook.key)
    await expect.poll(() => receiver.received.length).toBe(3)
    await expect.poll(async () => (await hook.deliveries())[0].state).toBe('delivered')
    const [delivery] = await hook.deliveries()
    await api.call(hook.key, 'POST', `${hook.path}/deliveries/${delivery.id}/replay`)
    await expect.poll(() => receiver.received.length).toBe(4)
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1)
  })

  it('go unsigned where that is wished, and another key signs after a rotation', async () => {
    await using receiver = await startReceiver()
    const hook = await endpoint(receiver.url, { format: 'sendgrid', signing: false })
    await api.call(hook.key, 'POST', `${hook.path}/test`)
    await expect.poll(() => receiver.received.length).toBe(1)
    expect(Object.keys(receiver.received[0]?.headers ?? {}).join()).not.toMatch(/signature/)
    const told: { event: string; sg_event_id: string }[] = JSON.parse(receiver.received[0]?.body ?? '')
    expect(told.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['processed', 'deferred', 'delivered', 'bounce', 'dropped', 'open', 'click']),
    )
    expect(new Set(told.map((one) => one.sg_event_id)).size).toBe(told.length)
    await api.call(hook.key, 'PATCH', hook.path, { signing: true })
    const rotated = await api.call(hook.key, 'POST', `${hook.path}/rotate-secret`)
    expect(rotated.body).toMatchObject({ secret: null, previousSecretExpiresAt: null })
    expect(rotated.body.publicKey).not.toBe(hook.made.publicKey)
    await api.call(hook.key, 'POST', `${hook.path}/test`)
    await expect.poll(() => receiver.received.length).toBe(2)
    const [, second] = receiver.received
    if (second === undefined) throw new Error('there are two')
    expect(isSignedBySendgrid(rotated.body.publicKey, second)).toBe(true)
    expect(isSignedBySendgrid(hook.made.publicKey, second)).toBe(false)
  })

  it('tell of a scheduled message when its time comes, and nothing of one that was cancelled before', async () => {
    await using receiver = await startReceiver()
    const hook = await endpoint(receiver.url, { format: 'sendgrid' })
    const sendAt = new Date(Date.now() + 3_000).toISOString()
    const cancelled = await send(hook.key, { sendAt, to: ['eve@example.com'] })
    const kept = await send(hook.key, { sendAt, to: ['ann@example.com'] })
    expect((await api.call(hook.key, 'POST', `/v1/messages/${cancelled.body.id}/cancel`)).status).toBe(200)
    await expect
      .poll(async () =>
        (await hook.deliveries()).map((item: { nextAttemptAt: string }) => item.nextAttemptAt),
      )
      .toEqual([expect.any(String), expect.any(String)])
    expect(receiver.received).toEqual([])
    await expect.poll(() => receiver.received.length, { timeout: 15_000 }).toBe(1)
    expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject([
      { event: 'processed', email: 'ann@example.com' },
    ])
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(sendAt))
    await expect
      .poll(async () =>
        (await hook.deliveries()).map((item: Record<string, unknown>) => [
          item['messageId'],
          item['state'],
          item['lastStatus'],
        ]),
      )
      .toEqual([
        [cancelled.body.id, 'delivered', null],
        [kept.body.id, 'delivered', 204],
      ])
  }, 90_000)
})

describe('webhooks in the format of Mandrill', () => {
  it('ask a new URL with an empty batch, and tell events in a form that is signed with its URL', async () => {
    await using receiver = await startReceiver()
    const url = `${receiver.url}?from=mandrill&a=b`
    const hook = await endpoint(url, { format: 'mandrill', formatEvents: ['send'] })
    expect((await api.call(hook.key, 'POST', '/v1/subaccounts', { name: 'cust-1' })).status).toBe(201)
    expect(hook.made.secret).toMatch(/^[\w-]{22}$/)
    await expect.poll(() => receiver.received.length).toBe(1)
    await send(hook.key, { subaccount: 'cust-1' })
    await expect.poll(() => receiver.received.length).toBe(2)
    const [check, told] = receiver.received
    if (check === undefined || told === undefined) throw new Error('there are two')
    expect(mandrillEvents(check)).toEqual([])
    expect(mandrillEvents(told)).toMatchObject([
      {
        event: 'send',
        msg: { email: 'ann@example.com', subject: 'Hi', sender: 'a@shop.test', metadata: { order: '42' } },
      },
      { event: 'send', msg: { email: 'bob@example.com', state: 'sent', subaccount: 'cust-1' } },
    ])
    for (const request of receiver.received)
      expect(isSignedByMandrill(url, hook.made.secret, request)).toBe(true)
    expect(told.headers['content-type']).toBe('application/x-www-form-urlencoded')
  })

  it('name the template of a message as its sender does', async () => {
    await using receiver = await startReceiver()
    const hook = await endpoint(receiver.url, { format: 'mandrill', formatEvents: ['send'] })
    const template = { name: 'Welcome', subject: 'Hi', html: '<p>x</p>' }
    for (const alias of ['welcome', undefined]) {
      const made = await api.call(hook.key, 'POST', '/v1/templates', { ...template, alias })
      const path = `/v1/templates/${made.body.id}/versions/1/publish`
      expect((await api.call(hook.key, 'POST', path)).status).toBe(200)
      const use = {
        template: { id: made.body.id },
        subject: undefined,
        text: undefined,
        to: ['ann@example.com'],
      }
      const before = receiver.received.length
      await send(hook.key, use)
      await expect.poll(() => receiver.received.length).toBeGreaterThan(before)
      const last = () => receiver.received.flatMap(mandrillEvents).at(-1)
      await expect.poll(() => last()?.msg.template).toBe(alias ?? made.body.id)
    }
  })
})

describe('webhooks in the format of Resend', () => {
  it("are verified by the vendor's library and hold one event", async () => {
    await using receiver = await startReceiver()
    const hook = await endpoint(receiver.url, { format: 'resend' })
    const sent = await send(hook.key)
    await expect.poll(() => receiver.received.length).toBe(1)
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received
    const event = new Resend('re_test').webhooks.verify({
      payload: body,
      headers: {
        id: headers['svix-id'] ?? '',
        timestamp: headers['svix-timestamp'] ?? '',
        signature: headers['svix-signature'] ?? '',
      },
      webhookSecret: hook.made.secret,
    })
    expect(event).toMatchObject({
      type: 'email.sent',
      data: {
        email_id: decodeId('message', sent.body.id),
        from: 'Shop <a@shop.test>',
        to: ['ann@example.com', 'bob@example.com'],
        subject: 'Hi',
      },
    })
  })
})

describe('the format of an endpoint', () => {
  it('changes with the secret it needs, drops what it cannot tell, and never tells alerts in a vendor’s words', async () => {
    await using receiver = await startReceiver()
    const hook = await endpoint(receiver.url, {
      eventTypes: ['message.accepted', 'message.held', 'security.alert'],
    })
    const resend = await api.call(hook.key, 'PATCH', hook.path, { format: 'resend' })
    expect(resend.body).toMatchObject({ format: 'resend', eventTypes: ['message.accepted'] })
    await send(hook.key)
    await expect.poll(() => receiver.received.length).toBe(1)
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received
    // Both have secrets of one kind: the one that the receiver has goes on signing.
    new Webhook(hook.made.secret).verify(body, {
      'webhook-id': String(headers['svix-id']),
      'webhook-timestamp': String(headers['svix-timestamp']),
      'webhook-signature': String(headers['svix-signature']),
    })
    const mandrill = await api.call(hook.key, 'PATCH', hook.path, { format: 'mandrill' })
    expect(mandrill.text).not.toContain('secret"')
    const rotated = await api.call(hook.key, 'POST', `${hook.path}/rotate-secret`)
    receiver.answer(acceptRequest)
    await send(hook.key)
    await expect.poll(() => receiver.received.length).toBe(2)
    const last = receiver.received.at(-1)
    if (last === undefined) throw new Error('there is one')
    expect(isSignedByMandrill(receiver.url, rotated.body.secret, last)).toBe(true)
    const back = await api.call(hook.key, 'PATCH', hook.path, { format: 'bulkhead', eventTypes: [] })
    expect(back.body).toMatchObject({ format: 'bulkhead', eventTypes: [], formatEvents: [], signing: true })
  })

  it('refuses what it cannot do, and says what it can', async () => {
    const { key } = await api.workspace()
    const refused = async (body: Record<string, unknown>) => {
      const answer = await api.call(key, 'POST', '/v1/webhooks', { url: 'https://example.com/', ...body })
      return [answer.status, answer.body.errors?.[0]?.field ?? answer.body.fields?.[0]?.field]
    }
    expect(await refused({ format: 'postmark' })).toEqual([400, 'format'])
    expect(await refused({ format: 'resend', eventTypes: ['security.alert'] })).toEqual([400, 'eventTypes'])
    expect(await refused({ format: 'sendgrid', formatEvents: ['sent'] })).toEqual([400, 'formatEvents'])
    expect(await refused({ formatEvents: ['processed'] })).toEqual([400, 'formatEvents'])
    expect(await refused({ format: 'mandrill', signing: false })).toEqual([400, 'signing'])
  })
})
