import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeId } from '../../src/kernel/ids.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { eventually } from './engine-fixture.ts'
import { clientOf, resendWorld } from './resend-world.ts'
import type { ResendWorld } from './resend-world.ts'

let api: ApiFixture
let world: ResendWorld
beforeAll(async () => {
  api = await startApi()
  world = await resendWorld(api)
})
afterAll(() => api[Symbol.asyncDispose]())

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const NOBODY = '00000000-0000-7000-8000-000000000000'
const isMissing = { error: { statusCode: 404, name: 'not_found' } }
const isInvalid = { error: { statusCode: 422, name: 'validation_error' } }
const isIncomplete = { error: { statusCode: 422, name: 'missing_required_field' } }

function ok<Data>({ data, error }: { data: Data | null; error: unknown }): Data {
  expect(error).toBeNull()
  if (data === null) throw new Error('no data')
  return data
}

describe('domains', () => {
  it('are added with the records to publish, shown, listed, checked, changed and removed', async () => {
    const { resend } = world
    const made = ok(await resend.domains.create({ name: 'shop.example' }))
    expect(made).toMatchObject({
      id: expect.stringMatching(UUID),
      name: 'shop.example',
      status: 'not_started',
      region: 'us-east-1',
    })
    expect(made.records).toContainEqual({
      record: 'DKIM',
      name: expect.stringMatching(/^[\w-]+\._domainkey$/),
      type: expect.stringMatching(/^(TXT|CNAME)$/),
      ttl: 'Auto',
      status: 'not_started',
      value: expect.any(String),
    })
    expect(ok(await resend.domains.get(made.id))).toMatchObject({
      object: 'domain',
      id: made.id,
      name: 'shop.example',
      open_tracking: false,
    })
    const all = ok(await resend.domains.list())
    expect(all).toMatchObject({ object: 'list', has_more: false })
    expect(all.data.map(({ name }) => name)).toContain('shop.example')
    expect(ok(await resend.domains.verify(made.id))).toEqual({ object: 'domain', id: made.id })
    expect(ok(await resend.domains.update({ id: made.id, openTracking: true, clickTracking: true }))).toEqual(
      {
        object: 'domain',
        id: made.id,
      },
    )
    expect(ok(await resend.domains.get(made.id))).toMatchObject({ open_tracking: true, click_tracking: true })
    ok(await resend.domains.update({ id: made.id, openTracking: false, clickTracking: false }))
    ok(await resend.domains.update({ id: made.id, tls: 'enforced' }))
    const own = await api.call(world.workspace.key, 'GET', `/v1/domains/${encodeId('domain', made.id)}`)
    expect(own.body.tls).toBe('required')
    expect(ok(await resend.domains.remove(made.id))).toEqual({ object: 'domain', id: made.id, deleted: true })
    expect(await resend.domains.get(made.id)).toMatchObject(isMissing)
  })

  it('are added with a host for tracked links before they are verified', async () => {
    const { resend } = world
    const made = ok(await resend.domains.create({ name: 'links.example', trackingSubdomain: 'go' }))
    expect(made).toMatchObject({ tracking_subdomain: 'go' })
    expect(made.records).toContainEqual(
      expect.objectContaining({ record: 'Tracking', name: 'go', type: 'CNAME', status: 'pending' }),
    )
    ok(await resend.domains.verify(made.id))
    ok(await resend.domains.remove(made.id))
  })

  it('are refused where they cannot be', async () => {
    const { resend } = world
    const name = world.workspace.from.split('@')[1] ?? ''
    expect(await resend.domains.create({ name })).toMatchObject({
      error: { statusCode: 403, name: 'validation_error' },
    })
    expect(await resend.domains.create({ name: 'no domain' })).toMatchObject(isInvalid)
    expect(await world.ask('POST', '/domains', { body: {} })).toMatchObject({
      status: 422,
      body: { name: 'missing_required_field' },
    })
    expect(
      await world.ask('POST', '/domains', { body: { name: 'x.example', region: 'moon' } }),
    ).toMatchObject({
      status: 422,
      body: { name: 'invalid_region' },
    })
    expect(await resend.domains.get(NOBODY)).toMatchObject(isMissing)
  })
})

describe('API keys', () => {
  it('are made, listed, renamed and deleted', async () => {
    const { resend } = world
    const made = ok(await resend.apiKeys.create({ name: 'Production' }))
    expect(made).toEqual({ id: expect.stringMatching(UUID), token: expect.stringMatching(/^re_/) })
    expect(ok(await clientOf(api, made.token).domains.list()).object).toBe('list')
    expect(ok(await resend.apiKeys.list()).data).toContainEqual({
      id: made.id,
      name: 'Production',
      created_at: expect.any(String),
      last_used_at: null,
    })
    expect(ok(await resend.apiKeys.update(made.id, { name: 'Other' }))).toEqual({
      object: 'api_key',
      id: made.id,
    })
    expect(ok(await resend.apiKeys.remove(made.id))).toMatchObject({ id: made.id, deleted: true })
    expect(await resend.apiKeys.remove(made.id)).toMatchObject(isMissing)
    await eventually(async () => {
      const { error } = await clientOf(api, made.token).domains.list()
      return error?.name === 'invalid_api_key' && error.statusCode === 403 ? true : undefined
    }, 'the end of the key')
  })

  it('of one domain send from that domain only', async () => {
    const { resend, workspace } = world
    const other = ok(await resend.domains.create({ name: 'other.test' }))
    const made = ok(
      await resend.apiKeys.create({ name: 'One', permission: 'sending_access', domain_id: other.id }),
    )
    const own = clientOf(api, made.token)
    const mail = { to: 'ann@there.example', subject: 'x', text: 'x' }
    expect(ok(await own.emails.send({ from: 'a@other.test', ...mail })).id).toMatch(UUID)
    expect(await own.emails.send({ from: workspace.from, ...mail })).toMatchObject({
      error: { statusCode: 403 },
    })
  })

  it('are refused where they cannot be', async () => {
    const { resend } = world
    expect(await world.ask('POST', '/api-keys', { body: {} })).toMatchObject({
      status: 422,
      body: { name: 'missing_required_field' },
    })
    expect(await resend.apiKeys.create({ name: 'x', permission: 'all' as never })).toMatchObject({
      error: { statusCode: 422, name: 'invalid_access' },
    })
  })
})

describe('templates', () => {
  const order = {
    name: 'order-confirmation',
    alias: 'order-confirmation',
    subject: 'Your {{{PRODUCT}}}',
    html: '<p>Name: {{{PRODUCT}}}</p><p>Total: {{{PRICE}}}</p>',
    variables: [
      { key: 'PRODUCT', type: 'string' as const, fallbackValue: 'item' },
      { key: 'PRICE', type: 'number' as const },
    ],
  }

  it('are drafted, published, changed, sent with variables and fallbacks, copied and removed', async () => {
    const { resend, workspace } = world
    const from = `Shop <${workspace.from}>`
    const { id } = ok(await resend.templates.create({ ...order, from, replyTo: 'answers@there.example' }))
    expect(id).toMatch(UUID)
    expect(ok(await resend.templates.get(id))).toMatchObject({
      object: 'template',
      id,
      name: order.name,
      alias: order.alias,
      status: 'draft',
      subject: order.subject,
      html: order.html,
      text: 'Name: {{{PRODUCT}}}\n\nTotal: {{{PRICE}}}',
      from,
      reply_to: ['answers@there.example'],
      published_at: null,
      variables: [
        { id: expect.stringMatching(UUID), key: 'PRODUCT', type: 'string', fallback_value: 'item' },
        { id: expect.stringMatching(UUID), key: 'PRICE', type: 'number', fallback_value: null },
      ],
      has_unpublished_versions: true,
    })
    const mail = { to: 'ann@there.example', template: { id: order.alias, variables: { PRICE: 25 } } }
    expect(await resend.emails.send(mail as never)).toMatchObject(isInvalid)
    expect(ok(await resend.templates.publish(id))).toEqual({ object: 'template', id })
    const sent = ok(await resend.emails.send(mail as never))
    const email = ok(await resend.emails.get(sent.id))
    expect(email).toMatchObject({ from, subject: 'Your item', reply_to: ['answers@there.example'] })
    expect(email.html).toBe('<p>Name: item</p><p>Total: 25</p>')
    expect(email.text).toBe('Name: item\n\nTotal: 25')
    const own = ok(
      await resend.emails.send({
        from: workspace.from,
        to: 'ann@there.example',
        subject: 'Own subject',
        template: { id, variables: { PRODUCT: '<b>&', PRICE: 1 } },
      }),
    )
    const shown = ok(await resend.emails.get(own.id))
    expect(shown).toMatchObject({ subject: 'Own subject', from: workspace.from })
    expect(shown.html).not.toContain('<b>')
    expect(await resend.emails.send({ ...mail, template: { id, variables: {} } })).toMatchObject(isInvalid)
    expect(
      await resend.emails.send({ ...mail, template: { id, variables: { PRICE: 'much' } } }),
    ).toMatchObject(isInvalid)

    expect(
      ok(await resend.templates.update(order.alias, { html: '<p>New {{{PRICE}}}</p>', name: 'New name' })),
    ).toEqual({
      object: 'template',
      id,
    })
    expect(ok(await resend.templates.get(id))).toMatchObject({
      name: 'New name',
      status: 'published',
      has_unpublished_versions: true,
      html: '<p>New {{{PRICE}}}</p>',
      text: 'New {{{PRICE}}}',
      subject: order.subject,
      from,
    })
    ok(await resend.templates.update(id, { text: '' }))
    ok(await resend.templates.update(id, { html: '<p>Newer {{{PRICE}}}</p>' }))
    expect(ok(await resend.templates.get(id))).toMatchObject({ text: null })
    const copy = ok(await resend.templates.duplicate(id).publish())
    expect(copy.id).not.toBe(id)
    const list = ok(await resend.templates.list({ limit: 100 }))
    expect(list).toMatchObject({ object: 'list', has_more: false })
    expect(list.data.map((one) => one.id)).toEqual([copy.id, id])
    expect(ok(await resend.templates.remove(copy.id))).toEqual({
      object: 'template',
      id: copy.id,
      deleted: true,
    })
    expect(await resend.templates.get(copy.id)).toMatchObject(isMissing)
  })

  it('are refused where they cannot be', async () => {
    const { resend } = world
    expect(await resend.templates.create({ name: 'x' } as never)).toMatchObject(isIncomplete)
    const reserved = { key: 'FIRST_NAME', type: 'string' as const }
    expect(await resend.templates.create({ ...order, alias: 'b', variables: [reserved] })).toMatchObject(
      isInvalid,
    )
    const html = '<p>{{{PRICE}}} {{{UNSUBSCRIBE_URL}}} {{{OTHER|x}}}</p>'
    expect(await resend.templates.create({ ...order, alias: 'c', html })).toMatchObject({
      error: {
        statusCode: 422,
        name: 'validation_error',
        message: "Variable 'OTHER' is used in the template but not defined in the variables list",
      },
    })
    expect(await resend.templates.get('nowhere')).toMatchObject(isMissing)
    expect(await resend.templates.publish(NOBODY)).toMatchObject(isMissing)
  })
})

describe('webhooks', () => {
  it('are made with a secret, shown, listed, changed and removed', async () => {
    const { resend } = world
    const made = ok(
      await resend.webhooks.create({
        endpoint: 'https://hooks.there.example/resend',
        events: ['email.sent', 'email.bounced'],
      }),
    )
    expect(made).toEqual({
      object: 'webhook',
      id: expect.stringMatching(UUID),
      signing_secret: expect.stringMatching(/^whsec_/),
    })
    const shown = {
      id: made.id,
      endpoint: 'https://hooks.there.example/resend',
      events: ['email.sent', 'email.bounced'],
      status: 'enabled',
      created_at: expect.any(String),
    }
    expect(ok(await resend.webhooks.get(made.id))).toMatchObject({ object: 'webhook', ...shown })
    await api.call(world.workspace.key, 'POST', '/v1/webhooks', { url: 'https://hooks.there.example/own' })
    expect(ok(await resend.webhooks.list())).toEqual({ object: 'list', has_more: false, data: [shown] })
    expect(
      ok(await resend.webhooks.update(made.id, { events: ['email.clicked'], status: 'disabled' })),
    ).toEqual({ object: 'webhook', id: made.id })
    expect(ok(await resend.webhooks.get(made.id))).toMatchObject({
      events: ['email.clicked'],
      status: 'disabled',
    })
    const rotated = ok(await resend.webhooks.rotateSigningSecret(made.id))
    expect(rotated).toMatchObject({ id: made.id, signing_secret: expect.stringMatching(/^whsec_/) })
    expect(ok(await resend.webhooks.remove(made.id))).toEqual({
      object: 'webhook',
      id: made.id,
      deleted: true,
    })
    expect(await resend.webhooks.get(made.id)).toMatchObject(isMissing)
  })

  it('are refused where they cannot be', async () => {
    const { resend } = world
    expect(await world.ask('POST', '/webhooks', { body: { events: ['email.sent'] } })).toMatchObject({
      status: 422,
      body: { name: 'missing_required_field' },
    })
    const endpoint = 'https://hooks.there.example/x'
    for (const events of [['email.eaten'], ['contact.created']])
      expect(await resend.webhooks.create({ endpoint, events: events as never })).toMatchObject(isInvalid)
  })
})

describe('suppressions', () => {
  it('are added, found by id and address, listed by origin and removed', async () => {
    const { resend, workspace } = world
    const made = ok(await resend.suppressions.add({ email: 'stop@there.example' }))
    expect(made).toEqual({ object: 'suppression', id: expect.stringMatching(UUID) })
    const shown = {
      id: made.id,
      email: 'stop@there.example',
      origin: 'manual',
      source_id: null,
      created_at: expect.any(String),
    }
    for (const named of [made.id, 'stop@there.example'])
      expect(ok(await resend.suppressions.get(named))).toEqual({ object: 'suppression', ...shown })
    await api.call(workspace.key, 'POST', '/v1/suppressions', {
      email: 'gone@there.example',
      reason: 'hard_bounce',
    })
    const bounced = ok(await resend.suppressions.list({ origin: 'bounce' }))
    expect(bounced.data).toMatchObject([{ email: 'gone@there.example', origin: 'bounce' }])
    expect(ok(await resend.suppressions.list()).data).toHaveLength(2)
    const mail = ok(
      await resend.emails.send({ from: workspace.from, to: 'stop@there.example', subject: 'x', text: 'x' }),
    )
    expect(ok(await resend.emails.get(mail.id)).last_event).toBe('suppressed')
    expect(ok(await resend.suppressions.remove('stop@there.example'))).toEqual({
      object: 'suppression',
      id: made.id,
      deleted: true,
    })
    expect(await resend.suppressions.get(made.id)).toMatchObject(isMissing)
    expect(await resend.suppressions.remove(made.id)).toMatchObject(isMissing)
  })

  it('are added and removed many at once', async () => {
    const { resend } = world
    const emails = ['a@many.example', 'b@many.example']
    const added = ok(await resend.suppressions.batch.add({ emails }))
    expect(added.data).toHaveLength(2)
    const gone = ok(await resend.suppressions.batch.remove({ emails: [...emails, 'c@many.example'] }))
    expect(gone.data).toEqual(added.data.map(({ id }) => ({ object: 'suppression', id, deleted: true })))
    expect(await world.ask('POST', '/suppressions/batch/remove', { body: {} })).toMatchObject({
      status: 422,
      body: { name: 'missing_required_field' },
    })
  })
})

describe('what a door answers', () => {
  it('is about the workspace of its key and no other', async () => {
    const other = await resendWorld(api)
    const mail = ok(
      await world.resend.emails.send({
        from: world.workspace.from,
        to: 'a@b.example',
        subject: 'x',
        text: 'x',
      }),
    )
    expect(await other.resend.emails.get(mail.id)).toMatchObject(isMissing)
    expect(await other.resend.emails.cancel(mail.id)).toMatchObject(isMissing)
    expect(
      (await api.call(other.workspace.key, 'GET', `/v1/messages/${encodeId('message', mail.id)}`)).status,
    ).toBe(404)
  })
})
