import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { createWebhookDispatcher } from '../../src/modules/webhooks/index.ts'
import { createResolver } from '../../src/platform/dns/index.ts'
import { createEgress } from '../../src/platform/egress/index.ts'
import { createKeyringClient } from '../../src/platform/keyring-client/index.ts'
import type { KeyringClient } from '../../src/platform/keyring-client/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { startContainmentWatch } from '../../src/security/containment/index.ts'
import type { ContainmentWatch } from '../../src/security/containment/index.ts'
import { startAudit } from '../support/audit.ts'
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
  containment = await startContainmentWatch({
    pool: api.database.pool('bulkhead_worker'),
    log: createLogger({ name: 'test', level: 'error' }),
    actorClass: 'worker',
  })
  running = createWebhookDispatcher({
    pool: api.database.pool('bulkhead_worker'),
    keyring: api.keyring('worker'),
    containment,
    egress,
    log: createLogger({ name: 'test', level: 'error' }),
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

async function endpoint(url: string, more: Record<string, unknown> = {}) {
  const { key, id } = await api.workspace()
  await api.call(key, 'POST', '/v1/domains', { name: 'shop.test' })
  const made = await api.call(key, 'POST', '/v1/webhooks', { url, ...more })
  expect(made.status).toBe(201)
  const path = `/v1/webhooks/${made.body.id}`
  const deliveries = async () => (await api.call(key, 'GET', `${path}/deliveries`)).body.data
  return {
    key,
    workspaceId: id,
    path,
    secret: String(made.body.secret),
    deliveries,
    id: String(made.body.id),
  }
}

const send = (key: string, more: Record<string, unknown> = {}) =>
  api.call(key, 'POST', '/v1/messages', {
    from: 'a@shop.test',
    to: ['ann@example.com'],
    subject: 'Hi',
    text: 'Hi',
    tags: ['welcome'],
    metadata: { order: '42' },
    ...more,
  })

describe('webhooks', () => {
  it('carry signed events with the recipient, its tags and metadata', async () => {
    await using receiver = await startReceiver()
    const hook = await endpoint(receiver.url)
    await api.call(hook.key, 'POST', '/v1/suppressions', { email: 'ann@example.com' })
    const sent = await send(hook.key)
    await expect.poll(() => receiver.received.length).toBe(2)
    const events = receiver.received.map((item) => {
      new Webhook(hook.secret).verify(item.body, item.headers)
      return JSON.parse(item.body)
    })
    expect(events.find((event) => event.type === 'message.accepted').data).toMatchObject({
      messageId: sent.body.id,
      recipient: null,
      state: 'accepted',
      tags: ['welcome'],
      metadata: { order: '42' },
    })
    expect(events.find((event) => event.type === 'message.suppressed').data).toMatchObject({
      messageId: sent.body.id,
      recipient: { number: 1, email: 'ann@example.com' },
      state: 'suppressed',
      attempts: 0,
    })
    await expect
      .poll(async () => (await hook.deliveries()).map((item: { state: string }) => item.state))
      .toEqual(['delivered', 'delivered'])
    const ids = (await hook.deliveries()).map((item: { id: string }) => item.id)
    expect(new Set(ids)).toEqual(new Set(receiver.received.map((item) => item.headers['webhook-id'])))
  })

  it('tell only the chosen events, and nothing to another workspace', async () => {
    await using receiver = await startReceiver()
    const hook = await endpoint(receiver.url, { eventTypes: ['message.suppressed'] })
    const other = await endpoint(receiver.url, { eventTypes: ['message.bounced'] })
    await api.call(hook.key, 'POST', '/v1/suppressions', { email: 'ann@example.com' })
    await send(hook.key)
    await send(other.key)
    await expect.poll(() => receiver.received.length).toBe(1)
    expect(JSON.parse(receiver.received[0]!.body).type).toBe('message.suppressed')
    expect(await other.deliveries()).toEqual([])
    expect((await api.call(other.key, 'GET', `${hook.path}/deliveries`)).status).toBe(404)
  })

  it('of sensitive messages carry no metadata', async () => {
    await using receiver = await startReceiver()
    const hook = await endpoint(receiver.url)
    const sent = await send(hook.key, { sensitive: true })
    expect(sent.status).toBe(202)
    await expect.poll(() => receiver.received.length).toBe(1)
    expect(JSON.parse(receiver.received[0]!.body).data.metadata).toEqual({})
  })

  it('are signed with both secrets for a day after a rotation', async () => {
    await using receiver = await startReceiver()
    const hook = await endpoint(receiver.url)
    const rotated = await api.call(hook.key, 'POST', `${hook.path}/rotate-secret`)
    expect(rotated.body.secret).toMatch(/^whsec_/)
    expect(rotated.body.secret).not.toBe(hook.secret)
    expect(Date.parse(rotated.body.previousSecretExpiresAt) - Date.now()).toBeGreaterThan(23 * 3_600_000)
    expect((await api.call(hook.key, 'POST', `${hook.path}/test`)).status).toBe(202)
    await expect.poll(() => receiver.received.length).toBe(1)
    const [{ body, headers }] = receiver.received as [Received]
    for (const secret of [hook.secret, rotated.body.secret]) new Webhook(secret).verify(body, headers)
    expect(JSON.parse(body).type).toBe('webhook.test')
    await api.database
      .pool('superuser')
      .query('update webhook_endpoint set previous_secret_expires_at = now() where id = $1', [
        decodeId('webhook', hook.id),
      ])
    await api.call(hook.key, 'POST', `${hook.path}/test`)
    await expect.poll(() => receiver.received.length).toBe(2)
    const last = receiver.received[1]!
    expect(() => new Webhook(hook.secret).verify(last.body, last.headers)).toThrow()
    new Webhook(rotated.body.secret).verify(last.body, last.headers)
  })

  it('are tried again after failures and redirects, and replayed under the same id', async () => {
    await using receiver = await startReceiver()
    const hook = await endpoint(receiver.url)
    receiver.answer((_request, response, count) => {
      if (count === 1) response.writeHead(500).end('x'.repeat(300_000))
      else if (count === 2) response.writeHead(302, { location: receiver.url }).end()
      else response.writeHead(200).end()
    })
    await api.call(hook.key, 'POST', `${hook.path}/test`)
    await expect.poll(() => receiver.received.length).toBe(3)
    await expect
      .poll(async () => (await hook.deliveries())[0])
      .toMatchObject({ state: 'delivered', attempts: 3, lastStatus: 200, lastError: null })
    const [delivery] = await hook.deliveries()
    const replayed = await api.call(hook.key, 'POST', `${hook.path}/deliveries/${delivery.id}/replay`)
    expect(replayed.status).toBe(202)
    await expect.poll(() => receiver.received.length).toBe(4)
    expect(new Set(receiver.received.map((item) => item.headers['webhook-id'])).size).toBe(1)
    expect((await api.call(hook.key, 'GET', hook.path)).body.failingSince).toBeNull()
  })

  it('show what was sent, what was answered and how long it took; the answer is kept sealed', async () => {
    await using receiver = await startReceiver()
    receiver.answer((_request, response) => response.writeHead(400).end('no such order 42 <b>of ann</b>'))
    const hook = await endpoint(receiver.url, { eventTypes: ['message.suppressed'] })
    await api.call(hook.key, 'POST', '/v1/suppressions', { email: 'ann@example.com' })
    await send(hook.key)
    await expect
      .poll(async () => (await hook.deliveries())[0]?.attempts, { timeout: 10_000 })
      .toBeGreaterThan(0)
    const [row] = await hook.deliveries()
    expect(row.durationMs).toBeGreaterThanOrEqual(0)
    const shown = await api.call(hook.key, 'GET', `${hook.path}/deliveries/${row.id}`)
    expect(shown.body).toMatchObject({ answer: 'no such order 42 <b>of ann</b>', bodyProblem: null })
    expect(JSON.parse(shown.body.body)).toEqual(JSON.parse(receiver.received[0]?.body ?? ''))
    const stored = await api.database
      .pool('superuser')
      .query<{ row: string; sealed: string }>(
        `select d::text as row, encode(answer, 'escape') as sealed from webhook_delivery d where id = $1`,
        [decodeId('delivery', row.id)],
      )
    expect(stored.rows[0]?.sealed.length).toBeGreaterThan(40)
    expect(stored.rows[0]?.sealed).not.toContain('order 42')

    // Whoever may not read mail does not read it here; a test holds nothing of anybody.
    const scoped = await api.call(hook.key, 'POST', '/v1/api-keys', { name: 'x', scopes: ['webhooks:read'] })
    const less = await api.call(scoped.body.key, 'GET', `${hook.path}/deliveries/${row.id}`)
    expect(less.body).toMatchObject({ body: null, answer: null })
    expect(less.body.bodyProblem).toContain('messages:read')
    const test = await api.call(hook.key, 'POST', `${hook.path}/test`, {})
    const path = `${hook.path}/deliveries/${test.body.id}`
    await expect
      .poll(async () => (await api.call(scoped.body.key, 'GET', path)).body.answer, { timeout: 10_000 })
      .toContain('no such order')
    expect(JSON.parse((await api.call(scoped.body.key, 'GET', path)).body.body).type).toBe('webhook.test')
  })

  it('keep no answer to events of sensitive messages', async () => {
    await using receiver = await startReceiver()
    receiver.answer((_request, response) => response.writeHead(400).end('your code is 123456'))
    const hook = await endpoint(receiver.url, { eventTypes: ['message.accepted'] })
    await send(hook.key, { sensitive: true })
    await expect.poll(async () => (await hook.deliveries())[0]?.lastStatus, { timeout: 10_000 }).toBe(400)
    const [row] = await hook.deliveries()
    expect((await api.call(hook.key, 'GET', `${hook.path}/deliveries/${row.id}`)).body.answer).toBeNull()
  })

  it('show nothing of what a private address answers in production, also where such targets are allowed', async () => {
    await using own = await startApi()
    await using receiver = await startReceiver()
    receiver.answer((_request, response) => response.writeHead(400).end('a secret of the own network'))
    const { key } = await own.workspace()
    const made = await own.call(key, 'POST', '/v1/webhooks', { url: receiver.url })
    const path = `/v1/webhooks/${made.body.id}`
    const test = await own.call(key, 'POST', `${path}/test`)
    using inProduction = createEgress({ resolver, allowPrivateTargets: true })
    const end = new AbortController()
    const work = createWebhookDispatcher({
      pool: own.database.pool('bulkhead_worker'),
      keyring: own.keyring('worker'),
      containment,
      egress: inProduction,
      log: createLogger({ name: 'test', level: 'error' }),
      retryScale: 1,
    }).run(end.signal)
    const shown = async () => (await own.call(key, 'GET', `${path}/deliveries/${test.body.id}`)).body
    await expect.poll(async () => (await shown()).lastStatus, { timeout: 10_000 }).toBe(400)
    expect((await shown()).answer).toBeNull()
    end.abort()
    await work
  })

  it('that failed are all replayed, in parts and once each, and counted', async () => {
    await using receiver = await startReceiver()
    receiver.answer((_request, response) => response.writeHead(503).end())
    const hook = await endpoint(receiver.url, { eventTypes: ['message.accepted'] })
    for (let sent = 0; sent < 5; sent++) await send(hook.key)
    await expect.poll(() => receiver.received.length).toBeGreaterThan(0)
    await api.call(hook.key, 'PATCH', hook.path, { state: 'disabled' })
    const behind = (statement: string) =>
      api.database
        .pool('superuser')
        .query<{ n: number }>(statement, [decodeId('webhook', hook.id)])
        .then(({ rows }) => rows[0]?.n)
    const flying = `select count(lease_until)::integer as n from webhook_delivery where endpoint_id = $1`
    await expect.poll(() => behind(flying)).toBe(0)
    // As after the last of eleven tries, for which a test has no day.
    await behind(`update webhook_delivery set state = 'failed', settled_at = now() where endpoint_id = $1`)
    const counts = { failed: 5, delivered: 0, isWhole: true }
    expect((await api.call(hook.key, 'GET', `${hook.path}/statistics`)).body).toMatchObject(counts)
    expect((await api.call(hook.key, 'POST', `${hook.path}/replay-failed`, {})).status).toBe(409)
    await api.call(hook.key, 'PATCH', hook.path, { state: 'enabled' })
    receiver.answer(acceptRequest)
    const first = await api.call(hook.key, 'POST', `${hook.path}/replay-failed`, { limit: 3 })
    expect(first.body).toMatchObject({ replayed: 3, left: 2 })
    const { until } = first.body
    const second = await api.call(hook.key, 'POST', `${hook.path}/replay-failed`, { limit: 3, until })
    expect(second.body.left).toBe(0)
    await expect
      .poll(
        async () =>
          (await hook.deliveries()).filter((row: { state: string }) => row.state === 'delivered').length,
      )
      .toBe(5)
    const newest = await api.call(hook.key, 'GET', `${hook.path}/deliveries?order=newest&limit=2`)
    const all = (await hook.deliveries()).map((row: { id: string }) => row.id)
    expect(newest.body.data.map((row: { id: string }) => row.id)).toEqual([all[4], all[3]])
    const next = await api.call(
      hook.key,
      'GET',
      `${hook.path}/deliveries?order=newest&limit=2&cursor=${newest.body.nextCursor}`,
    )
    expect(next.body.data.map((row: { id: string }) => row.id)).toEqual([all[2], all[1]])
    const none = await api.call(hook.key, 'GET', `${hook.path}/deliveries?type=message.bounced`)
    expect(none.body.data).toEqual([])
  })

  it('stop at an endpoint that is gone or took nothing for a day, and say why', async () => {
    await using receiver = await startReceiver()
    const gone = await endpoint(receiver.url)
    receiver.answer((_request, response) => response.writeHead(410).end())
    await api.call(gone.key, 'POST', `${gone.path}/test`)
    await expect
      .poll(async () => (await api.call(gone.key, 'GET', gone.path)).body)
      .toMatchObject({ state: 'disabled', disabledReason: 'The endpoint answered 410 Gone.' })
    expect((await api.call(gone.key, 'POST', `${gone.path}/test`)).status).toBe(409)
    receiver.answer((_request, response) => response.writeHead(200).end())
    const enabled = await api.call(gone.key, 'PATCH', gone.path, { state: 'enabled' })
    expect(enabled.body).toMatchObject({ state: 'enabled', disabledReason: null })
    expect((await api.call(gone.key, 'POST', `${gone.path}/test`)).status).toBe(202)

    const dead = await endpoint('http://127.0.0.1:9/')
    const delivery = (await api.call(dead.key, 'POST', `${dead.path}/test`)).body
    await api.database
      .pool('superuser')
      .query('update webhook_delivery set attempts = 10 where id = $1', [decodeId('delivery', delivery.id)])
    await api.database
      .pool('superuser')
      .query("update webhook_endpoint set failing_since = now() - interval '1 day' where id = $1", [
        decodeId('webhook', dead.id),
      ])
    await expect
      .poll(async () => (await api.call(dead.key, 'GET', dead.path)).body, { timeout: 15_000 })
      .toMatchObject({ state: 'disabled' })
    const ended = await api.call(dead.key, 'GET', dead.path)
    expect(ended.body.disabledReason).toContain('The connection was refused')
  })

  it('of one endpoint that hangs do not delay those of another', async () => {
    await using slow = await startReceiver()
    await using fast = await startReceiver()
    slow.answer(() => undefined)
    const hanging = await endpoint(slow.url)
    const quick = await endpoint(fast.url)
    for (let i = 0; i < 30; i++) await api.call(hanging.key, 'POST', `${hanging.path}/test`)
    await expect.poll(() => slow.received.length).toBeGreaterThan(0)
    const started = Date.now()
    for (let i = 0; i < 20; i++) await api.call(quick.key, 'POST', `${quick.path}/test`)
    await expect.poll(() => fast.received.length, { timeout: 15_000 }).toBe(20)
    expect(Date.now() - started).toBeLessThan(3_000)
    expect(slow.openMost()).toBeLessThanOrEqual(8)
  })

  it('keep flowing to others when more requests hang than may be under way', async () => {
    await using slow = await startReceiver()
    await using fast = await startReceiver()
    slow.answer(() => undefined)
    const owner = api.database.pool('superuser')
    const { key } = await api.workspace()
    for (let i = 0; i < 20; i++) await api.call(key, 'POST', '/v1/webhooks', { url: `${slow.url}?${i}` })
    await owner.query(
      `insert into webhook_delivery (endpoint_id, workspace_id, event_id, type)
       select e.id, e.workspace_id, gen_random_uuid(), 'webhook.test'
       from webhook_endpoint e cross join generate_series(1, 20)
       where e.url like $1`,
      [`${slow.url}%`],
    )
    await expect.poll(() => slow.received.length, { timeout: 15_000 }).toBe(128)
    const quick = await endpoint(fast.url)
    await api.call(quick.key, 'POST', `${quick.path}/test`)
    await expect.poll(() => fast.received.length, { timeout: 10_000 }).toBe(1)
    await owner.query("update webhook_endpoint set state = 'disabled' where url like $1", [`${slow.url}%`])
  })

  it('can be pulled in commit order without missing one that commits late', async () => {
    const hook = await endpoint('http://127.0.0.1:9/')
    const owner = api.database.pool('superuser')
    const insert = `insert into webhook_delivery (endpoint_id, workspace_id, event_id, type, due)
                    values ($1, $2, gen_random_uuid(), 'webhook.test', now() + interval '1 day')`
    const values = [decodeId('webhook', hook.id), decodeId('workspace', hook.workspaceId)]
    const late = await owner.connect()
    await late.query('begin')
    await late.query(insert, values)
    await owner.query(insert, values)
    expect(await hook.deliveries()).toEqual([])
    await late.query('commit')
    late.release()
    await expect.poll(async () => (await hook.deliveries()).length).toBe(2)
    const [first, second] = await hook.deliveries()
    const rest = await api.call(hook.key, 'GET', `${hook.path}/deliveries?cursor=${first.cursor}`)
    expect(rest.body.data).toEqual([second])
  })
})

describe('webhook URLs', () => {
  it('are https and public unless private targets are allowed', async () => {
    await using strict = await startApi({ production: true })
    const { key } = await strict.workspace()
    for (const url of [
      'http://example.com/',
      'https://127.0.0.1/',
      'https://2130706433/',
      'https://0x7f.1/',
      'https://[::1]/',
      'https://[::ffff:10.0.0.1]/',
      'https://169.254.169.254/latest',
      'https://localhost/',
      'https://user:secret@example.com/',
      'file:///etc/passwd',
      'nonsense',
    ]) {
      const refused = await strict.call(key, 'POST', '/v1/webhooks', { url })
      expect([url, refused.status, refused.body.errors?.[0]?.field]).toEqual([url, 400, 'url'])
    }
    expect((await strict.call(key, 'POST', '/v1/webhooks', { url: 'https://example.com/hook' })).status).toBe(
      201,
    )
  })
})

describe('a containment', () => {
  it('is told to the endpoint as it takes effect, with the reason and until when', async () => {
    await using receiver = await startReceiver()
    const hook = await endpoint(receiver.url, { eventTypes: ['containment.changed'] })
    const made = await api.call(hook.key, 'POST', '/v1/containments', {
      capabilities: ['send:bulk'],
      reason: 'We check a campaign.',
      incident: 'INC-5',
    })
    expect(made.status).toBe(201)
    await expect.poll(() => receiver.received.length, { timeout: 10_000 }).toBe(1)
    const payload = JSON.parse(receiver.received[0]?.body ?? '{}')
    expect(payload).toMatchObject({
      type: 'containment.changed',
      data: {
        containmentId: made.body.id,
        state: 'active',
        scope: 'workspace',
        capabilities: ['send:bulk'],
        reason: 'We check a campaign.',
        incident: 'INC-5',
        until: made.body.until,
      },
    })
  })
})

describe('the audit log', () => {
  it('is told to endpoints that name it, and to no other', async () => {
    await using receiver = await startReceiver()
    await using deaf = await startReceiver()
    const hook = await endpoint(receiver.url, { eventTypes: ['audit.recorded'] })
    await api.call(hook.key, 'POST', '/v1/webhooks', { url: deaf.url })
    await using audit = startAudit(api.database)
    await api.call(hook.key, 'POST', '/v1/suppressions', { email: 'told@example.com' })
    await audit.settle()
    const told = () => receiver.received.map((item) => JSON.parse(item.body))
    await expect
      .poll(() => told().map((item) => item.data.action), { timeout: 10_000 })
      .toContain('suppression.added')
    const { data } = told().find((item) => item.data.action === 'suppression.added')
    expect(data).toMatchObject({
      index: expect.any(Number),
      number: expect.any(Number),
      actor: expect.stringMatching(/^api_key:/),
    })
    expect((await api.call(hook.key, 'GET', `/v1/audit/${data.index}`)).body.action).toBe('suppression.added')
    expect(deaf.received).toEqual([])
  })
})

describe('a dispatcher', () => {
  it('loses nothing and blames no endpoint when the keyring is away or a worker dies', async () => {
    await using own = await startApi()
    await using receiver = await startReceiver()
    const { key } = await own.workspace()
    const made = await own.call(key, 'POST', '/v1/webhooks', { url: receiver.url })
    const path = `/v1/webhooks/${made.body.id}`
    const worker = own.database.pool('bulkhead_worker')
    const log = createLogger({ name: 'test', level: 'error' })
    const run = async (keyring: KeyringClient, until: () => Promise<boolean>): Promise<void> => {
      const end = new AbortController()
      const work = createWebhookDispatcher({
        pool: worker,
        keyring,
        containment,
        egress,
        log,
        retryScale: 1,
      }).run(end.signal)
      await expect.poll(until, { timeout: 10_000 }).toBe(true)
      end.abort()
      await work
    }

    await own.call(key, 'POST', `${path}/test`)
    await using away = createKeyringClient({
      socketPath: '/nonexistent/keyring.sock',
      token: 'x',
      log,
      timeoutMs: 200,
    })
    const owner = own.database.pool('superuser')
    const row = async () =>
      (await owner.query('select state, attempts, lease_until, due > now() as later from webhook_delivery'))
        .rows[0]
    await run(away, async () => (await row())?.['later'] === true)
    expect(await row()).toMatchObject({ state: 'pending', attempts: 0, lease_until: null })
    expect((await own.call(key, 'GET', path)).body.failingSince).toBeNull()
    expect(receiver.received).toEqual([])

    await owner.query('update webhook_delivery set due = now()')
    // A worker that claims for a second and is never heard of again.
    const held = await worker.query('select id from engine.claim_webhooks(10, 8, 1, $1, $2)', [
      [],
      '00000000-0000-0000-0000-000000000000',
    ])
    expect(held.rows).toHaveLength(1)
    await run(own.keyring('worker'), async () => (await row())?.['state'] === 'delivered')
    expect(receiver.received).toHaveLength(1)
  })
})
