import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'
import { asker, BASE, mandrillWorld } from './mandrill-world.ts'
import type { MandrillWorld } from './mandrill-world.ts'

let api: ApiFixture
let world: MandrillWorld
beforeAll(async () => {
  api = await startApi()
  world = await mandrillWorld(api)
})
afterAll(() => api[Symbol.asyncDispose]())

const error = (code: number, name: string, message: unknown) => ({
  status: 500,
  body: { status: 'error', code, name, message },
})

const simple = (more: object = {}) => ({
  from_email: `shop@${world.domain}`,
  from_name: 'The Shop',
  subject: 'Hello',
  text: 'Good morning.',
  to: [{ email: 'ann@example.com', name: 'Ann' }],
  ...more,
})

async function send(message: object, more: object = {}) {
  const { status, body } = await world.ask('messages.send', { message, ...more })
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}

async function refused(message: unknown, more: object = {}) {
  return (await world.ask('messages.send', { message, ...more })).body
}

/** A time as the vendor writes it, some hours from now. */
function at(hours: number): string {
  return new Date(Date.now() + hours * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
}

describe('the Mandrill door: who calls', () => {
  it('answers a ping, with and without a name for what is said', async () => {
    expect(await world.ask('users.ping')).toEqual({ status: 200, body: 'PONG!' })
    expect(await world.ask('users.ping2')).toEqual({ status: 200, body: { PING: 'PONG!' } })
  })

  it('tells a wrong key, and none, as the vendor does', async () => {
    const wrong = error(-1, 'Invalid_Key', 'Invalid API key')
    expect(await asker(api, 'md-wrong')('users.ping')).toEqual(wrong)
    expect(await world.post('/api/1.0/users/ping', JSON.stringify({ key: 7 }))).toEqual(wrong)
    expect(await world.post('/api/1.0/users/ping.json', '{}')).toEqual(
      error(-1, 'ValidationError', 'You must specify a key value'),
    )
  })

  it('takes every version of the path, JSON that is called a form, forms, and the key in a header', async () => {
    for (const version of ['1.0', '1.1', '1.2', '1.3']) {
      for (const ending of ['', '.json']) {
        const path = `/api/${version}/users/ping2${ending}`
        expect((await world.post(path, JSON.stringify({ key: world.key }))).body).toEqual({ PING: 'PONG!' })
      }
    }
    const form = 'application/x-www-form-urlencoded'
    const path = '/api/1.0/users/ping2.json'
    expect((await world.post(path, JSON.stringify({ key: world.key }), form)).body).toEqual({ PING: 'PONG!' })
    expect((await world.post(path, `key=${world.key}`, form)).body).toEqual({ PING: 'PONG!' })
    expect((await world.post(path, '{}', 'application/json', { 'x-mc-apikey': world.key })).body).toEqual({
      PING: 'PONG!',
    })
  })

  it('parses a large body only for whoever shows a key, in a header or as its first or last parameter', async () => {
    const path = '/api/1.0/messages/parse.json'
    const raw_message = `Subject: large\r\n\r\n${'x'.repeat(400_000)}`
    const { key } = world
    const form = 'application/x-www-form-urlencoded'
    for (const [body, type, headers] of [
      [JSON.stringify({ key, raw_message })],
      [JSON.stringify({ raw_message, key }, null, 2)],
      [String(new URLSearchParams({ raw_message, key })), form],
      [JSON.stringify({ raw_message }), 'application/json', { 'x-mc-apikey': key }],
    ] as const)
      expect((await world.post(path, body, type, headers)).body).toMatchObject({ subject: 'large' })
    const unparsed = `{"raw_message":"${'x'.repeat(400_000)}` // no JSON: it would be told
    for (const said of ['', ',"key":"md-0123456789012345678901"', ',"key":"x"'])
      expect(await world.post(path, unparsed + said)).toEqual(error(-1, 'Invalid_Key', 'Invalid API key'))
    // A key that opens the door lets nobody in who shows another as the one that is meant.
    const other = JSON.stringify({ key: 'md-0123456789012345678901', raw_message })
    expect(await world.post(path, other, 'application/json', { 'x-mc-apikey': key })).toEqual(
      error(-1, 'Invalid_Key', 'Invalid API key'),
    )
  })

  it('answers what it does not know, and other methods, in the shape of the vendor', async () => {
    expect(await world.post('/api/1.0/no/such', JSON.stringify({ key: world.key }))).toEqual(
      error(-1, 'Unknown_Method', expect.any(String)),
    )
    const got = await fetch(`${api.url}${BASE}/users/ping`)
    expect([got.status, await got.json()]).toEqual([
      500,
      error(-1, 'Unknown_Method', expect.any(String)).body,
    ])
    expect(await world.post('/api/1.0/users/ping', '{"key"')).toEqual(
      error(-1, 'ValidationError', expect.any(String)),
    )
  })

  it('tells about the account from what was counted', async () => {
    const { body } = await world.ask('users.info')
    expect(body).toMatchObject({
      username: 'Test',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      public_id: expect.any(String),
      reputation: 100,
      hourly_quota: expect.any(Number),
      backlog: expect.any(Number),
    })
    expect(Object.keys(body.stats)).toEqual([
      'today',
      'last_7_days',
      'last_30_days',
      'last_60_days',
      'last_90_days',
      'all_time',
    ])
    expect(body.stats.today).toMatchObject({ sent: 0, hard_bounces: 0, unique_clicks: 0 })
  })
})

describe('the Mandrill door: messages/send', () => {
  it('answers for each recipient, and gives an id that leads to the mail', async () => {
    const sent = await send(simple({ tags: ['welcome'], metadata: { order: 7, website: 'example.com' } }))
    expect(sent).toEqual([
      {
        email: 'ann@example.com',
        status: 'sent',
        reject_reason: null,
        queued_reason: null,
        _id: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    ])
    const info = await world.ask('messages.info', { id: sent[0]._id })
    expect(info.body).toMatchObject({
      _id: sent[0]._id,
      ts: expect.any(Number),
      sender: `shop@${world.domain}`,
      template: null,
      subject: 'Hello',
      email: 'ann@example.com',
      tags: ['welcome'],
      opens: 0,
      opens_detail: [],
      clicks: 0,
      clicks_detail: [],
      state: 'sent',
      metadata: { order: 7, website: 'example.com' },
      smtp_events: [],
    })
    const mime = await world.mime(sent[0]._id)
    expect(mime).toContain('From: The Shop <shop@')
    expect(mime).toContain('To: Ann <ann@example.com>')
    expect(mime).toContain('Good morning.')
  })

  it('gives everybody a mail of his own, in which nobody else stands', async () => {
    const to = [
      { email: 'a@example.com', type: 'to' },
      { email: 'b@example.com', type: 'cc' },
      { email: 'A@example.com' },
    ]
    const sent = await send(simple({ to }))
    expect(sent.map(({ email }: { email: string }) => email)).toEqual(['a@example.com', 'b@example.com'])
    expect(new Set(sent.map(({ _id }: { _id: string }) => _id)).size).toBe(2)
    const second = await world.mime(sent[1]._id)
    expect(second).toContain('To: b@example.com')
    expect(second).not.toContain('a@example.com')
  })

  it('shows all recipients to all where that is asked for, but for those in Bcc', async () => {
    const sent = await send(
      simple({
        preserve_recipients: true,
        to: [
          { email: 'a@example.com', name: 'A', type: 'to' },
          { email: 'b@example.com', type: 'cc' },
          { email: 'c@example.com', type: 'bcc' },
        ],
        text: 'You are *|WHO|*',
        merge_vars: [{ rcpt: 'c@example.com', vars: [{ name: 'WHO', content: 'hidden' }] }],
      }),
    )
    const ids = sent.map(({ _id }: { _id: string }) => _id)
    expect(ids).toHaveLength(3)
    for (const id of ids) {
      const mime = await world.mime(id)
      expect(mime).toContain('To: A <a@example.com>')
      expect(mime).toContain('Cc: b@example.com')
      expect(mime).not.toMatch(/^(?:To|Cc|Bcc):.*c@example\.com/m)
    }
    expect(await world.mime(ids[2])).toContain('You are hidden')
    expect((await world.ask('messages.info', { id: ids[2] })).body.email).toBe('c@example.com')
  })

  it('fills merge tags, those of a recipient over those of all, without regard to case', async () => {
    const sent = await send(
      simple({
        to: [{ email: 'ann@example.com' }, { email: 'bob@example.com' }],
        subject: 'Hi *|FNAME|*',
        html: '<p>*|IF:VIP|*Dear *|ELSE:|*Hello *|END:IF|**|fname|* &amp; *|HTML:RAW|*</p>',
        text: null,
        global_merge_vars: [
          { name: 'fname', content: 'you' },
          { name: 'raw', content: '<b>x</b>' },
        ],
        merge_vars: [
          {
            rcpt: 'BOB@example.com',
            vars: [
              { name: 'FNAME', content: '<Bob>' },
              { name: 'vip', content: 1 },
            ],
          },
        ],
      }),
    )
    const [ann, bob] = await Promise.all(sent.map(({ _id }: { _id: string }) => world.mime(_id)))
    expect(ann).toContain('Subject: Hi you')
    expect(ann).toContain('<p>Hello you &amp; <b>x</b></p>')
    expect(bob).toContain('Subject: Hi <Bob>')
    expect(bob).toContain('<p>Dear &lt;Bob&gt; &amp; <b>x</b></p>')
  })

  it('fills Handlebars, with lists in variables', async () => {
    const [sent] = await send(
      simple({
        merge_language: 'handlebars',
        text: '{{#each items}}{{this.name}}={{this.n}};{{/each}}{{#if `total > 2`}}many{{/if}}',
        global_merge_vars: [
          {
            name: 'items',
            content: [
              { name: 'a', n: 1 },
              { name: 'b', n: 2 },
            ],
          },
          { name: 'total', content: 3 },
        ],
      }),
    )
    expect(await world.mime(sent._id)).toContain('a=1;b=2;many')
  })

  it('leaves tags alone where nothing is to be merged', async () => {
    const [sent] = await send(simple({ text: 'a *|B|* {{c}}' }))
    expect(await world.mime(sent._id)).toContain('a *|B|* {{c}}')
  })

  it('refuses a message whose tags it cannot read, and accepts nothing of the request', async () => {
    const before = (await api.call(world.workspace.key, 'GET', '/v1/ledger')).body.accepted
    const { status, body } = await world.ask('messages.send', {
      message: simple({ merge: true, text: '*|IF:A|* open' }),
    })
    expect([status, body.name]).toEqual([500, 'ValidationError'])
    expect((await api.call(world.workspace.key, 'GET', '/v1/ledger')).body.accepted).toBe(before)
  })

  it('carries headers, importance, attachments, images and a blind copy', async () => {
    const [sent] = await send(
      simple({
        html: '<img src="cid:logo">',
        important: true,
        bcc_address: 'archive@example.com',
        headers: {
          'Reply-To': 'Help <help@example.com>, desk@example.com',
          'X-Order': 7,
          'X-MC-Tags': 'a',
          'Message-Id': `<mine@${world.domain}>`,
        },
        attachments: [
          { type: 'text/plain', name: 'note.txt', content: Buffer.from('a note').toString('base64') },
        ],
        images: [{ type: 'image/png', name: 'logo', content: Buffer.from('png').toString('base64') }],
      }),
    )
    const mime = await world.mime(sent._id)
    expect(mime).toContain('Reply-To: Help <help@example.com>, desk@example.com')
    expect(mime).toContain('X-Order: 7')
    expect(mime).toContain(`Message-ID: <mine@${world.domain}>`)
    expect(mime).toContain('X-Priority: 1')
    expect(mime).toContain('Importance: high')
    expect(mime).toContain('Content-ID: <logo>')
    expect(mime).toContain('note.txt')
    expect(mime).not.toMatch(/x-mc-|archive@/i)
    const content = await world.ask('messages.content', { id: sent._id })
    expect(content.body).toMatchObject({
      _id: sent._id,
      from_email: `shop@${world.domain}`,
      from_name: 'The Shop',
      subject: 'Hello',
      to: { email: 'ann@example.com', name: 'Ann' },
      html: expect.stringContaining('<img src="cid:logo">'),
      text: expect.stringContaining('Good morning.'),
      attachments: [
        { name: 'note.txt', type: 'text/plain', content: Buffer.from('a note').toString('base64') },
        { name: 'logo', type: 'image/png', content: Buffer.from('png').toString('base64') },
      ],
    })
    expect(content.body.headers['X-Order']).toBe('7')
  })

  it('makes text of HTML and HTML of text where that is asked for', async () => {
    const [one] = await send(simple({ html: '<p>Hello <b>you</b></p>', text: null, auto_text: true }))
    expect((await world.ask('messages.content', { id: one._id })).body.text).toContain('Hello you')
    const [two] = await send(simple({ text: 'a < b\nhttps://example.com/x.', auto_html: true }))
    expect((await world.ask('messages.content', { id: two._id })).body.html).toContain(
      'a &lt; b<br>\n<a href="https://example.com/x">https://example.com/x</a>.',
    )
  })

  it('writes styles into elements where that is asked for', async () => {
    const [sent] = await send(
      simple({
        html: '<html><head><style>p{color:red}</style></head><body><p>*|N|*</p></body></html>',
        inline_css: true,
        global_merge_vars: [{ name: 'n', content: '<x>' }],
      }),
    )
    expect((await world.ask('messages.content', { id: sent._id })).body.html).toContain(
      '<p style="color: red;">&lt;x&gt;</p>',
    )
  })

  it('adds analytics to links of the domains that are named, and to no other', async () => {
    const [sent] = await send(
      simple({
        html: '<a href="https://shop.example.com/a?b=1">x</a> <a href="https://example.org/">y</a>',
        google_analytics_domains: ['example.com'],
        google_analytics_campaign: 'spring',
      }),
    )
    const { html } = (await world.ask('messages.content', { id: sent._id })).body
    expect(html).toMatch(
      /shop\.example\.com\/a\?b=1&amp;utm_source=\w+&amp;utm_medium=email&amp;utm_campaign=spring"/,
    )
    expect(html).toContain('href="https://example.org/"')
  })

  it('tells of each recipient that an address is none, or that the sender may not send', async () => {
    const mixed = await send(simple({ to: [{ email: 'no-address' }, { email: 'ann@example.com' }] }))
    expect(mixed).toMatchObject([
      { email: 'no-address', status: 'invalid', _id: expect.stringMatching(/^[0-9a-f]{32}$/) },
      { email: 'ann@example.com', status: 'sent' },
    ])
    const foreign = await send(simple({ from_email: 'shop@example.com' }))
    expect(foreign).toMatchObject([{ status: 'rejected', reject_reason: 'unsigned' }])
    const unknown = await world.ask('messages.info', { id: foreign[0]._id })
    expect(unknown.body).toMatchObject({ code: 11, name: 'Unknown_Message' })
  })

  it('tells of suppressed recipients why they get nothing', async () => {
    for (const [reason, told] of [
      ['hard_bounce', 'hard-bounce'],
      ['complaint', 'spam'],
      ['manual', 'custom'],
    ] as const) {
      const email = `${reason}@example.com`
      await api.call(world.workspace.key, 'POST', '/v1/suppressions', { email, reason })
      expect(await send(simple({ to: [{ email }] }))).toMatchObject([
        { status: 'rejected', reject_reason: told },
      ])
    }
  })

  it('says in the words of the vendor what is wrong with a request', async () => {
    expect(await refused(undefined)).toEqual(
      error(-1, 'ValidationError', 'You must specify a message value').body,
    )
    expect(await refused(simple({ from_email: 'nobody' }))).toEqual(
      error(
        -2,
        'ValidationError',
        'Validation error: {"message":{"from_email":"An email address must contain a single @"}}',
      ).body,
    )
    expect((await refused(simple({ attachments: 'x' }))).message).toBe(
      'Validation error: {"message":{"attachments":"Please enter an array"}}',
    )
    expect((await refused(simple(), { send_at: 'tomorrow' })).message).toBe(
      'Validation error: {"send_at":"Please enter a valid date\\/time"}',
    )
    expect((await refused(simple({ to: [{ name: 'x' }] }))).message).toBe(
      'Validation error: {"message":{"to":[{"email":"Sorry, this field can\'t be left blank."}]}}',
    )
    const file = { type: 'text/plain', name: 'a', content: '!' }
    expect((await refused(simple({ attachments: [file] }))).message).toMatch(
      /^Validation error: \{"message":\{"attachments":\[\{"content":"is not base64\./,
    )
    expect((await refused(simple({ tags: ['_x'] }))).name).toBe('ValidationError')
    expect(await refused(simple({ subaccount: 'nobody' }))).toEqual(
      error(12, 'Unknown_Subaccount', "No subaccount exists with the id 'nobody'").body,
    )
  })

  it('takes forms as PHP writes them', async () => {
    const fields = new URLSearchParams()
    fields.set('key', world.key)
    for (const [name, value] of Object.entries(simple({ to: undefined, text: 'by form' }))) {
      if (typeof value === 'string') fields.set(`message[${name}]`, value)
    }
    fields.set('message[to][0][email]', 'ann@example.com')
    fields.set('message[to][1][email]', 'bob@example.com')
    fields.set('message[track_opens]', 'false')
    fields.append('message[tags][]', 'one')
    fields.append('message[tags][]', 'two')
    const { status, body } = await world.post(
      '/api/1.0/messages/send.json',
      fields.toString(),
      'application/x-www-form-urlencoded',
    )
    expect([status, body.length]).toEqual([200, 2])
    expect((await world.ask('messages.info', { id: body[1]._id })).body).toMatchObject({
      email: 'bob@example.com',
      tags: ['one', 'two'],
    })
  })

  it('opens packed bodies', async () => {
    const answer = await fetch(`${api.url}${BASE}/messages/send`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync(JSON.stringify({ key: world.key, message: simple() })),
    })
    expect(await answer.json()).toMatchObject([{ status: 'sent' }])
  })

  it('says that many, and what is to be sent behind the answer, are queued', async () => {
    const to = Array.from({ length: 11 }, (_, number) => ({ email: `r${number}@example.com` }))
    expect((await send(simple({ to })))[10]).toMatchObject({
      status: 'queued',
      queued_reason: 'multiple-recipients',
    })
    expect((await send(simple(), { async: true }))[0]).toMatchObject({
      status: 'queued',
      queued_reason: null,
    })
  })

  it('keeps no content that may be looked at where that is asked for', async () => {
    const [sent] = await send(simple({ view_content_link: false }))
    expect((await world.ask('messages.content', { id: sent._id })).body).toMatchObject({
      name: 'Unknown_Message',
    })
  })
})

describe('the Mandrill door: mail that was sent', () => {
  it('is found by address, words of the subject, tags, sender and day', async () => {
    const fresh = await mandrillWorld(api)
    const message = (more: object) => ({
      from_email: `shop@${fresh.domain}`,
      text: 'x',
      subject: 'Your order 4711',
      to: [{ email: 'ann@example.com' }],
      ...more,
    })
    await fresh.ask('messages.send', { message: message({ tags: ['order'] }) })
    await fresh.ask('messages.send', {
      message: message({
        subject: 'Welcome, Bob',
        from_email: `hi@${fresh.domain}`,
        to: [{ email: 'bob@example.com' }],
      }),
    })
    const found = async (parameters: object) =>
      (await fresh.ask('messages.search', parameters)).body.map(({ email }: { email: string }) => email)
    expect(await found({})).toEqual(['bob@example.com', 'ann@example.com'])
    expect(await found({ query: '*', limit: 1 })).toEqual(['bob@example.com'])
    expect(await found({ query: 'email:ann@example.com' })).toEqual(['ann@example.com'])
    expect(await found({ query: 'ANN@example.com' })).toEqual(['ann@example.com'])
    expect(await found({ query: 'subject:order' })).toEqual(['ann@example.com'])
    expect(await found({ query: '"order 4711" OR subject:wel*' })).toEqual([
      'bob@example.com',
      'ann@example.com',
    ])
    expect(await found({ query: 'NOT welcome' })).toEqual(['ann@example.com'])
    expect(await found({ query: 'state:sent AND (subject:nothing OR sender:hi)' })).toEqual([
      'bob@example.com',
    ])
    expect(await found({ tags: ['order', 'other'] })).toEqual(['ann@example.com'])
    expect(await found({ senders: [`hi@${fresh.domain}`] })).toEqual(['bob@example.com'])
    const day = new Date().toISOString().slice(0, 10)
    expect(await found({ date_from: day, date_to: day })).toHaveLength(2)
    expect(await found({ date_to: '2020-01-01' })).toEqual([])
    expect((await fresh.ask('messages.search', { limit: 1001 })).body.name).toBe('ValidationError')
    const [first] = (await fresh.ask('messages.search', { query: 'welcome' })).body
    expect(first).toMatchObject({
      state: 'sent',
      opens: 0,
      clicks: 0,
      opens_detail: [],
      clicks_detail: [],
      metadata: {},
    })
    const senders = (await fresh.ask('users.senders')).body
    expect(senders.map(({ address }: { address: string }) => address).sort()).toEqual([
      `hi@${fresh.domain}`,
      `shop@${fresh.domain}`,
    ])
  })

  it('waits for its time, is moved and cancelled', async () => {
    const fresh = await mandrillWorld(api)
    const message = {
      from_email: `shop@${fresh.domain}`,
      subject: 'Later',
      text: 'x',
      to: [{ email: 'ann@example.com' }, { email: 'bob@example.com' }],
    }
    const sent = (await fresh.ask('messages.send', { message, send_at: at(2) })).body
    expect(sent).toMatchObject([{ status: 'scheduled' }, { status: 'scheduled' }])
    const item = {
      _id: sent[0]._id,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      send_at: at(2),
      from_email: `shop@${fresh.domain}`,
      to: 'ann@example.com',
      subject: 'Later',
    }
    expect((await fresh.ask('messages.listScheduled')).body).toHaveLength(2)
    expect((await fresh.ask('messages.listScheduled', { to: 'ann@example.com' })).body).toEqual([
      { ...item, send_at: expect.any(String) },
    ])
    const moved = (
      await fresh.ask('messages.reschedule', { id: sent[0]._id, send_at: '2020-01-01 00:00:00' })
    ).body
    expect(moved._id).toBe(sent[0]._id)
    expect((await fresh.ask('messages.listScheduled')).body).toHaveLength(1)
    const gone = (await fresh.ask('messages.cancelScheduled', { id: sent[1]._id })).body
    expect(gone).toMatchObject({ _id: sent[1]._id, to: 'bob@example.com' })
    expect((await fresh.ask('messages.listScheduled')).body).toEqual([])
    expect(await fresh.ask('messages.cancelScheduled', { id: sent[1]._id })).toEqual(
      error(11, 'Unknown_Message', `No message exists with the id '${sent[1]._id}'`),
    )
    // What lies in the past goes at once.
    expect(
      (await fresh.ask('messages.send', { message, send_at: '2020-01-01 00:00:00' })).body[0].status,
    ).toBe('sent')
  })

  it('of another workspace is unknown', async () => {
    const [sent] = await send(simple())
    const other = await mandrillWorld(api)
    expect((await other.ask('messages.info', { id: sent._id })).body).toMatchObject({ code: 11 })
    expect((await other.ask('messages.info', { id: 'x' })).body).toEqual(
      error(11, 'Unknown_Message', "No message exists with the id 'x'").body,
    )
  })

  it('of others is taken apart', async () => {
    const raw = [
      'From: Ann <ann@example.com>',
      'To: Bob <bob@example.com>, eve@example.com',
      'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'Hello',
      '',
    ].join('\r\n')
    expect((await world.ask('messages.parse', { raw_message: raw })).body).toMatchObject({
      subject: 'Grüße',
      from_email: 'ann@example.com',
      from_name: 'Ann',
      to: [
        { email: 'bob@example.com', name: 'Bob' },
        { email: 'eve@example.com', name: null },
      ],
      text: 'Hello\n',
      html: '',
      attachments: [],
      images: [],
      headers: { From: 'Ann <ann@example.com>' },
    })
  })
})
