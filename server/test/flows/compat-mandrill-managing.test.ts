import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { mandrillWorld } from './mandrill-world.ts'
import type { MandrillWorld } from './mandrill-world.ts'

let api: ApiFixture
let world: MandrillWorld
beforeAll(async () => {
  api = await startApi()
  world = await mandrillWorld(api)
})
afterAll(() => api[Symbol.asyncDispose]())

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)

const error = (code: number, name: string, message: unknown) => ({
  status: 500,
  body: { status: 'error', code, name, message },
})

async function ok(call: string, body: object = {}) {
  const answer = await world.ask(call, body)
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return answer.body
}

function sendTemplate(name: string, message: object = {}, more: object = {}) {
  return world.ask('messages.sendTemplate', {
    template_name: name,
    template_content: [],
    message: { to: [{ email: 'ann@example.com' }], ...message },
    ...more,
  })
}

describe('the Mandrill door: templates', () => {
  it('are added, drafted, published, listed by label and deleted', async () => {
    const added = await ok('templates.add', {
      name: 'Order shipped',
      from_email: `shop@${world.domain}`,
      from_name: 'Shop',
      subject: 'Your order *|ORDER|*',
      code: '<p mc:edit="main">Hello</p>',
      text: 'plain',
      labels: ['orders', 'shop'],
    })
    expect(added).toEqual({
      slug: 'order-shipped',
      name: 'Order shipped',
      labels: ['orders', 'shop'],
      code: '<p mc:edit="main">Hello</p>',
      subject: 'Your order *|ORDER|*',
      from_email: `shop@${world.domain}`,
      from_name: 'Shop',
      text: 'plain',
      publish_name: 'Order shipped',
      publish_code: '<p mc:edit="main">Hello</p>',
      publish_subject: 'Your order *|ORDER|*',
      publish_from_email: `shop@${world.domain}`,
      publish_from_name: 'Shop',
      publish_text: 'plain',
      published_at: TIME,
      created_at: TIME,
      updated_at: TIME,
      draft_updated_at: TIME,
      is_broken_template: false,
    })
    expect(await world.ask('templates.add', { name: 'Order shipped', code: 'x' })).toEqual(
      error(6, 'Invalid_Template', 'A template with name "Order shipped" already exists'),
    )
    const draft = await ok('templates.update', { name: 'order-shipped', code: '<p>New</p>', publish: false })
    expect(draft).toMatchObject({
      code: '<p>New</p>',
      publish_code: '<p mc:edit="main">Hello</p>',
      text: 'plain',
    })
    const again = await ok('templates.update', { name: 'order-shipped', subject: 'S', publish: false })
    expect(again).toMatchObject({ code: '<p>New</p>', subject: 'S', publish_subject: 'Your order *|ORDER|*' })
    expect(await ok('templates.publish', { name: 'order-shipped' })).toMatchObject({
      publish_code: '<p>New</p>',
      publish_subject: 'S',
      labels: ['orders', 'shop'],
    })
    expect(await ok('templates.info', { name: 'Order shipped' })).toMatchObject({ slug: 'order-shipped' })
    await ok('templates.add', { name: 'other', code: 'x', publish: false })
    expect((await ok('templates.list')).map(({ slug }: { slug: string }) => slug).sort()).toEqual([
      'order-shipped',
      'other',
    ])
    expect(await ok('templates.list', { label: 'shop' })).toHaveLength(1)
    expect(await ok('templates.delete', { name: 'other' })).toMatchObject({
      slug: 'other',
      published_at: null,
    })
    for (const call of ['info', 'publish', 'delete', 'update'])
      expect(await world.ask(`templates.${call}`, { name: 'other' })).toEqual(
        error(5, 'Unknown_Template', 'No such template "other"'),
      )
    expect((await world.ask('templates.add', {})).body.message).toBe('You must specify a name value')
  })

  it('that cannot be read are not published, and leave nothing behind', async () => {
    const broken = { name: 'broken', code: '*|IF:A|* open' }
    expect((await world.ask('templates.add', broken)).body).toMatchObject({
      code: 6,
      name: 'Invalid_Template',
    })
    expect(await ok('templates.add', { ...broken, publish: false })).toMatchObject({
      is_broken_template: true,
      publish_code: null,
    })
  })

  it('are sent with regions, variables and a subject of the message, from whom they say', async () => {
    await ok('templates.add', {
      name: 'welcome',
      from_email: `hi@${world.domain}`,
      from_name: 'Hi',
      subject: 'Welcome *|FNAME|*',
      code: '<div mc:edit="main">old</div><b>*|FNAME|*</b>',
    })
    const vars = { global_merge_vars: [{ name: 'fname', content: 'Ann' }] }
    const [sent] = (
      await sendTemplate('welcome', vars, {
        template_content: [{ name: 'main', content: '<i>*|fname|*!</i>' }],
      })
    ).body
    expect(sent).toMatchObject({ status: 'sent' })
    const mime = await world.mime(sent._id)
    expect(mime).toContain(`From: Hi <hi@${world.domain}>`)
    expect(mime).toContain('Subject: Welcome Ann')
    expect(mime).toContain('<div mc:edit="main"><i>Ann!</i></div><b>Ann</b>')
    expect((await ok('messages.info', { id: sent._id })).template).toBe('welcome')

    const [own] = (await sendTemplate('welcome', { ...vars, subject: 'Own *|FNAME|*', from_name: 'Other' }))
      .body
    const other = await world.mime(own._id)
    expect(other).toContain('Subject: Own Ann')
    expect(other).toContain(`From: Other <hi@${world.domain}>`)
  })

  it('are read in the language that the message says', async () => {
    await ok('templates.add', {
      name: 'braces',
      subject: 's',
      from_email: `hi@${world.domain}`,
      code: '<p>{{name}}</p>',
    })
    const vars = { merge_language: 'handlebars', global_merge_vars: [{ name: 'name', content: '<Bob>' }] }
    const [sent] = (await sendTemplate('braces', vars)).body
    expect(await world.mime(sent._id)).toContain('<p>&lt;Bob&gt;</p>')
  })

  it('that are unknown or only drafted are not sent', async () => {
    const from = { from_email: `hi@${world.domain}` }
    expect(await sendTemplate('nothing', from)).toEqual(
      error(5, 'Unknown_Template', 'No such template "nothing"'),
    )
    await ok('templates.add', { name: 'draft', code: 'x', publish: false })
    expect((await sendTemplate('draft', from)).body).toMatchObject({ code: 5 })
    expect((await world.ask('messages.sendTemplate', { template_content: [], message: {} })).body).toEqual(
      error(-1, 'ValidationError', 'You must specify a template_name value').body,
    )
    expect(
      (await world.ask('messages.sendTemplate', { template_name: '', template_content: [], message: {} }))
        .body.message,
    ).toBe('Validation error: {"template_name":"Sorry, this field can\'t be left blank."}')
  })

  it('are rendered, and tags are left alone where there are no variables', async () => {
    await ok('templates.add', { name: 'shown', subject: 's', code: '<p mc:edit="a">x</p>*|N|*' })
    const content = [{ name: 'a', content: '<b>y</b>' }]
    expect(await ok('templates.render', { template_name: 'shown', template_content: content })).toEqual({
      html: '<p mc:edit="a"><b>y</b></p>*|N|*',
    })
    expect(
      await ok('templates.render', {
        template_name: 'shown',
        template_content: content,
        merge_vars: [{ name: 'n', content: '7' }],
      }),
    ).toEqual({ html: '<p mc:edit="a"><b>y</b></p>7' })
  })
})

describe('the Mandrill door: rejects', () => {
  it('are added, listed and taken away', async () => {
    expect(await ok('rejects.add', { email: 'Ann@example.com', comment: 'asked us' })).toEqual({
      email: 'Ann@example.com',
      added: true,
    })
    const [entry] = await ok('rejects.list', { email: 'ann@example.com' })
    expect(entry).toEqual({
      email: 'Ann@example.com',
      reason: 'custom',
      detail: 'asked us',
      created_at: TIME,
      last_event_at: TIME,
      expires_at: null,
      expired: false,
      sender: null,
      subaccount: null,
    })
    const [sent] = await ok('messages.send', {
      message: { from_email: `shop@${world.domain}`, text: 'x', to: [{ email: 'ann@example.com' }] },
    })
    expect(sent).toMatchObject({ status: 'rejected', reject_reason: 'custom' })
    expect((await ok('messages.info', { id: sent._id })).state).toBe('rejected')
    expect(await ok('rejects.delete', { email: 'ann@example.com' })).toEqual({
      email: 'ann@example.com',
      deleted: true,
      subaccount: null,
    })
    expect((await world.ask('rejects.delete', { email: 'ann@example.com' })).body).toMatchObject({
      code: 4,
      name: 'Invalid_Reject',
    })
    expect((await world.ask('rejects.add', { email: 'nobody' })).body.message).toBe(
      'Validation error: {"email":"An email address must contain a single @"}',
    )
    expect(await world.ask('rejects.add', { email: 'a@example.com', subaccount: 'none' })).toEqual(
      error(12, 'Unknown_Subaccount', "No subaccount exists with the id 'none'"),
    )
  })
})

describe('the Mandrill door: allowlists', () => {
  it('take an address from the rejects and keep it out, under both names', async () => {
    const email = 'vip@example.com'
    await ok('rejects.add', { email })
    expect(await ok('allowlists.add', { email, comment: 'ours' })).toEqual({ email, added: true })
    expect(await ok('rejects.list', { email })).toEqual([])
    expect(await ok('allowlists.list')).toEqual([{ email, detail: 'ours', created_at: TIME }])
    expect(await ok('allowlists.list', { email: 'vip@' })).toHaveLength(1)
    expect(await ok('allowlists.list', { email: 'other' })).toEqual([])
    const old = (name: string, body: object) =>
      world.post(`/api/1.0/whitelists/${name}.json`, JSON.stringify({ key: world.key, ...body }))
    expect((await old('list', {})).body).toHaveLength(1)
    expect((await old('delete', { email })).body).toEqual({ email, deleted: true })
    expect((await world.ask('allowlists.delete', { email })).body).toMatchObject({
      code: -2,
      name: 'ValidationError',
    })
  })
})

describe('the Mandrill door: subaccounts', () => {
  it('are added, changed, paused, resumed and deleted, and mail names them', async () => {
    const added = await ok('subaccounts.add', {
      id: 'cust-1',
      name: 'Customer',
      notes: 'n',
      custom_quota: 50,
    })
    expect(added).toEqual({
      id: 'cust-1',
      name: 'Customer',
      custom_quota: 50,
      status: 'active',
      reputation: 100,
      created_at: TIME,
      first_sent_at: null,
      sent_weekly: 0,
      sent_monthly: 0,
      sent_total: 0,
    })
    expect(await world.ask('subaccounts.add', { id: 'cust-1' })).toEqual(
      error(-2, 'ValidationError', 'Validation error: {"id":"A subaccount with id cust-1 already exists"}'),
    )
    expect(await ok('subaccounts.info', { id: 'cust-1' })).toMatchObject({
      notes: 'n',
      sent_hourly: 0,
      hourly_quota: 50,
      last_30_days: { sent: 0 },
    })
    expect(await ok('subaccounts.update', { id: 'cust-1', name: 'Renamed' })).toMatchObject({
      name: 'Renamed',
    })
    await ok('subaccounts.add', { id: 'other' })
    expect(await ok('subaccounts.list')).toHaveLength(2)
    expect(await ok('subaccounts.list', { q: 'cust' })).toMatchObject([{ id: 'cust-1' }])

    const message = {
      from_email: `shop@${world.domain}`,
      text: 'x',
      to: [{ email: 'bob@example.com' }],
      subaccount: 'cust-1',
    }
    expect(await ok('messages.send', { message })).toMatchObject([{ status: 'sent' }])
    expect(await ok('subaccounts.pause', { id: 'cust-1' })).toMatchObject({ status: 'paused', sent_total: 1 })
    expect(await ok('messages.send', { message })).toMatchObject([
      { status: 'queued', queued_reason: 'sending-paused', reject_reason: null },
    ])
    expect(await ok('subaccounts.resume', { id: 'cust-1' })).toMatchObject({ status: 'active' })
    expect(await ok('subaccounts.delete', { id: 'cust-1' })).toMatchObject({ id: 'cust-1' })
    for (const call of ['info', 'update', 'pause', 'resume', 'delete'])
      expect(await world.ask(`subaccounts.${call}`, { id: 'cust-1' })).toEqual(
        error(12, 'Unknown_Subaccount', "No subaccount exists with the id 'cust-1'"),
      )
  })
})

describe('the Mandrill door: webhooks', () => {
  it('are added, shown without their key, changed and deleted', async () => {
    const url = 'http://127.0.0.1:9/hook'
    const added = await ok('webhooks.add', {
      url,
      description: 'mine',
      events: ['send', 'open', 'blacklist'],
    })
    expect(added).toEqual({
      id: expect.any(Number),
      url,
      description: 'mine',
      auth_key: expect.any(String),
      events: ['send', 'open'],
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+$/),
      last_sent_at: null,
      batches_sent: 0,
      events_sent: 0,
      last_error: null,
    })
    const { id } = added
    expect(Number.isSafeInteger(id)).toBe(true)
    const shown = await ok('webhooks.info', { id })
    expect(shown).toMatchObject({ id, url, auth_key: null })
    expect(await ok('webhooks.list')).toMatchObject([{ id }])
    expect(await ok('webhooks.update', { id, url: `${url}/2`, events: ['click'] })).toMatchObject({
      id,
      url: `${url}/2`,
      events: ['click'],
      description: 'mine',
    })
    expect(await ok('webhooks.delete', { id: String(id) })).toMatchObject({ id })
    for (const call of ['info', 'delete'])
      expect(await world.ask(`webhooks.${call}`, { id })).toEqual(
        error(3, 'Unknown_Webhook', `Unknown hook ID ${id}`),
      )
    expect(await world.ask('webhooks.add', { url: 'nothing' })).toEqual(
      error(-2, 'ValidationError', 'Validation error: {"url":"That is not a valid URL"}'),
    )
    expect((await world.ask('webhooks.add', { url, events: ['no'] })).body.name).toBe('ValidationError')
  })
})

describe('the Mandrill door: domains of senders', () => {
  it('are added, checked, verified by DNS and deleted', async () => {
    const added = await ok('senders.addDomain', { domain: 'shop-mandrill.test' })
    const part = { valid: expect.any(Boolean), valid_after: null, error: null }
    expect(added).toMatchObject({
      domain: 'shop-mandrill.test',
      created_at: TIME,
      spf: { ...part, error: expect.anything() },
      verified_at: TIME,
      valid_signing: true,
      verify_txt_key: null,
    })
    for (const name of ['dkim', 'dkim2', 'dmarc']) expect(added[name]).toHaveProperty('valid')
    expect(await ok('senders.addDomain', { domain: 'shop-mandrill.test' })).toMatchObject({
      created_at: added.created_at,
    })
    expect((await ok('senders.domains')).map(({ domain }: { domain: string }) => domain)).toContain(
      'shop-mandrill.test',
    )
    expect(await ok('senders.checkDomain', { domain: 'shop-mandrill.test' })).toMatchObject({
      valid_signing: true,
    })
    expect(await ok('senders.verifyDomain', { domain: 'shop-mandrill.test', mailbox: 'postmaster' })).toEqual(
      {
        status: 'already_verified',
        domain: 'shop-mandrill.test',
        email: 'postmaster@shop-mandrill.test',
      },
    )
    expect(
      (await world.ask('senders.verifyDomain', { domain: 'unproven.example', mailbox: 'x' })).body.name,
    ).toBe('ValidationError')
    expect(await ok('senders.deleteDomain', { domain: 'shop-mandrill.test' })).toMatchObject({
      domain: 'shop-mandrill.test',
    })
    expect(await world.ask('senders.deleteDomain', { domain: 'shop-mandrill.test' })).toEqual(
      error(8, 'Unknown_Domain', 'No such domain "shop-mandrill.test"'),
    )
    expect((await world.ask('senders.addDomain', { domain: 'no domain' })).body).toMatchObject({ code: -2 })
  })
})

describe('the Mandrill door: tags', () => {
  it('are known from the moment that mail has them', async () => {
    await ok('messages.send', {
      message: {
        from_email: `shop@${world.domain}`,
        text: 'x',
        tags: ['password resets'],
        to: [{ email: 'bob@example.com' }],
      },
    })
    const info = await ok('tags.info', { tag: 'password resets' })
    expect(info).toMatchObject({ tag: 'password resets', sent: 0, reputation: 100, unique_opens: 0 })
    expect(Object.keys(info.stats)).toEqual([
      'today',
      'last_7_days',
      'last_30_days',
      'last_60_days',
      'last_90_days',
    ])
    expect(Array.isArray(await ok('tags.list'))).toBe(true)
    expect(await world.ask('tags.info', { tag: 'none' })).toEqual(
      error(1, 'Invalid_Tag_Name', 'no such tag "none"'),
    )
  })
})
