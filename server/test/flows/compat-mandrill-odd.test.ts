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

async function ok(call: string, body: object = {}) {
  const answer = await world.ask(call, body)
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return answer.body
}

const simple = (more: object = {}) => ({
  from_email: `shop@${world.domain}`,
  subject: 'Hello',
  text: 'Good morning.',
  to: [{ email: 'ann@example.com' }],
  ...more,
})

const refused = async (message: object) => (await world.ask('messages.send', { message })).body.message

/** A message of fields and a body. */
const mail = (fields: readonly string[], body = 'Hello') => [...fields, '', body].join('\r\n')

const raw = (raw_message: string, more: object = {}) =>
  world.ask('messages.sendRaw', { raw_message, ...more })

const suppress = (email: string, more: object = {}) =>
  api.call(world.workspace.key, 'POST', '/v1/suppressions', { email, ...more })

async function packed(body: Buffer, headers: Record<string, string> = {}) {
  const answer = await fetch(`${api.url}${BASE}/messages/parse`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip', ...headers },
    body: new Uint8Array(body),
  })
  return answer.json()
}

describe('the Mandrill door: packed bodies', () => {
  const large = 'x'.repeat(20_000_000)

  it('are unpacked no further than to see whether a key stands at their begin', async () => {
    const raw_message = `Subject: large\r\n\r\n${large}`
    // What is wrong at the end is seen by whoever reads so far.
    const torn = gzipSync(JSON.stringify({ raw_message }))
    torn.writeUInt32LE(0, torn.length - 8)
    expect(await packed(torn)).toMatchObject({ code: -1, name: 'Invalid_Key' })
    expect(await packed(torn, { 'x-mc-apikey': 'md-0123456789012345678901' })).toMatchObject({
      name: 'Invalid_Key',
    })
    expect(await packed(torn, { 'x-mc-apikey': world.key })).toMatchObject({
      name: 'ValidationError',
      message: expect.stringContaining('gzip'),
    })
  })

  it('are opened whole for whoever shows a key there, or in a header', async () => {
    const raw_message = `Subject: large\r\n\r\n${'x'.repeat(400_000)}`
    const { key } = world
    const opened = { subject: 'large' }
    expect(await packed(gzipSync(JSON.stringify({ key, raw_message })))).toMatchObject(opened)
    expect(await packed(gzipSync(JSON.stringify({ raw_message })), { 'x-mc-apikey': key })).toMatchObject(
      opened,
    )
    expect(await packed(gzipSync(JSON.stringify({ raw_message: 'Subject: large', key })))).toMatchObject(
      opened,
    )
    expect(await packed(gzipSync(JSON.stringify({ raw_message, key })))).toMatchObject({
      name: 'Invalid_Key',
    })
    expect(await packed(Buffer.from('no gzip'))).toMatchObject({ name: 'ValidationError' })
    const bomb = gzipSync(Buffer.concat([Buffer.from(`{"key":"${key}","a":"`), Buffer.alloc(60_000_000, 97)]))
    expect(await packed(bomb)).toMatchObject({
      name: 'ValidationError',
      message: expect.stringMatching(/larger/),
    })
  })
})

describe('the Mandrill door: sending', () => {
  it('answers at every version of the API', async () => {
    const body = JSON.stringify({ key: world.key })
    for (const path of ['/api/1.4/users/ping', '/api/1.4/users/ping.json'])
      expect(await world.post(path, body)).toEqual({ status: 200, body: 'PONG!' })
  })

  it('says of everybody that mail is queued where it is sent behind the answer, and afterwards what became of it', async () => {
    await suppress('gone@example.com', { reason: 'hard_bounce' })
    const to = [{ email: 'gone@example.com' }, { email: 'ann@example.com' }]
    const queued = { status: 'queued', reject_reason: null }
    const sent = await ok('messages.send', { message: simple({ to }), async: true })
    expect(sent).toMatchObject([queued, queued])
    expect((await ok('messages.info', { id: sent[0]._id })).state).toBe('rejected')
    expect((await ok('messages.info', { id: sent[1]._id })).state).toBe('sent')
    expect(await ok('messages.send', { message: simple({ to }) })).toMatchObject([
      { status: 'rejected', reject_reason: 'hard-bounce' },
      { status: 'sent' },
    ])
  })

  it('names the parameters of the vendor in what it refuses', async () => {
    expect(await refused(simple({ headers: { 'Message-Id': 'none' } }))).toMatch(
      /^Validation error: \{"message":\{"headers":/,
    )
    expect(await refused(simple({ view_content_link: false, bcc_address: 'b@example.com' }))).toMatch(
      /^Validation error: \{"message":\{"view_content_link":/,
    )
  })

  it('counts what its senders sent in whole numbers', async () => {
    await ok('messages.send', { message: simple() })
    const [sender] = await ok('users.senders')
    expect(sender).toEqual({
      address: `shop@${world.domain}`,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      sent: 0,
      hard_bounces: 0,
      soft_bounces: 0,
      rejects: expect.any(Number),
      complaints: 0,
      unsubs: 0,
      opens: 0,
      clicks: 0,
      unique_opens: 0,
      unique_clicks: 0,
    })
    expect((await ok('senders.list')).map(({ address }: { address: string }) => address)).toContain(
      sender.address,
    )
  })
})

describe('messages/send-raw', () => {
  it('takes its sender from beside the message, which need not have one', async () => {
    const { body } = await raw(mail(['Subject: x', 'To: ann@example.com']), {
      from_email: `shop@${world.domain}`,
      from_name: 'Jörg',
    })
    expect(body).toMatchObject([{ email: 'ann@example.com', status: 'sent' }])
    expect(await ok('messages.content', { id: body[0]._id })).toMatchObject({
      from_email: `shop@${world.domain}`,
      from_name: 'Jörg',
    })
    const kept = await raw(mail(['From: "A B" <x@example.org>', 'To: ann@example.com']), {
      from_email: `shop@${world.domain}`,
    })
    expect((await ok('messages.content', { id: kept.body[0]._id })).from_name).toBe('A B')
  })

  it('tells of each recipient that an address is none, and sends to the others', async () => {
    const from = `From: shop@${world.domain}`
    expect(
      (await raw(mail([from]), { to: ['ann@example.com', 'nobody', 'ANN@example.com'] })).body,
    ).toMatchObject([
      { email: 'ann@example.com', status: 'sent' },
      { email: 'nobody', status: 'invalid', reject_reason: null },
    ])
    expect((await raw(mail([from]), { to: ['nobody'] })).body).toMatchObject([{ status: 'invalid' }])
    expect((await raw(mail([from]), { to: 'ann@example.com' })).body).toMatchObject([{ status: 'sent' }])
  })

  it('sends what is signed as it is', async () => {
    const signed = mail(
      [
        `From: shop@${world.domain}`,
        'To: ann@example.com',
        'MIME-Version: 1.0',
        'Content-Type: multipart/signed; micalg=sha-256; protocol="application/pkcs7-signature"; boundary=b',
      ],
      '--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nx\r\n--b--\r\n',
    )
    const { body } = await raw(signed)
    expect(body).toMatchObject([{ status: 'sent' }])
    expect(await world.mime(body[0]._id)).toContain(signed.slice(signed.indexOf('--b')))
  })

  it('names the message in what it refuses', async () => {
    for (const message of ['x', mail(['Subject: x']), mail(['From: a@example.com', 'From: b@example.com'])])
      expect((await raw(message)).body).toMatchObject({
        code: -2,
        message: expect.stringMatching(/^Validation error: \{"raw_message":/),
      })
  })
})

describe('the Mandrill door: templates', () => {
  it('are read in what they are written in where a message does not say it', async () => {
    await ok('templates.add', { name: 'braces', subject: 's', code: '<p>{{upper name}}</p>' })
    await ok('templates.add', { name: 'bars', subject: 's', code: '<p>*|UPPER:NAME|*</p>' })
    const html = async (template_name: string, more: object = {}): Promise<string> => {
      const [sent] = await ok('messages.sendTemplate', {
        template_name,
        template_content: [],
        message: simple({ text: undefined, global_merge_vars: [{ name: 'name', content: 'ann' }], ...more }),
      })
      return (await ok('messages.content', { id: sent._id })).html
    }
    expect(await html('braces')).toContain('<p>ANN</p>')
    expect(await html('bars')).toContain('<p>ANN</p>')
    expect(await html('braces', { merge_language: 'mailchimp' })).toContain('{{upper name}}')
  })
})

describe('the Mandrill door: subaccounts', () => {
  it('whose hour is used up queue what comes, and what is scheduled says so', async () => {
    await ok('subaccounts.add', { id: 'spent', custom_quota: 1 })
    const message = simple({ subaccount: 'spent' })
    expect(await ok('messages.send', { message })).toMatchObject([{ status: 'sent' }])
    const queued = { status: 'queued', reject_reason: null, queued_reason: 'hourly-quota-exhausted' }
    expect(await ok('messages.send', { message })).toMatchObject([queued])
    const fields = [`From: a@${world.domain}`, 'To: ann@example.com', 'Subject: x', 'X-MC-Subaccount: spent']
    const later = `X-MC-SendAt: ${new Date(Date.now() + 7_200_000).toISOString()}`
    const merged = 'X-MC-MergeVars: {"A": 1}'
    for (const [more, wanted] of [
      [[], queued],
      [[merged], queued],
      [[later], { status: 'scheduled', queued_reason: null }],
      [[later, merged], { status: 'scheduled', queued_reason: null }],
    ] as const)
      expect((await raw(mail([...fields, ...more]))).body).toMatchObject([wanted])
  })

  it('that are paused are deleted where no mail waits for them', async () => {
    for (const id of ['idle', 'busy']) await ok('subaccounts.add', { id })
    await ok('messages.send', { message: simple({ subaccount: 'busy' }) })
    for (const id of ['idle', 'busy']) await ok('subaccounts.pause', { id })
    expect(await ok('subaccounts.delete', { id: 'idle' })).toMatchObject({ id: 'idle', status: 'paused' })
    expect((await world.ask('subaccounts.info', { id: 'idle' })).body.name).toBe('Unknown_Subaccount')
    expect((await world.ask('subaccounts.delete', { id: 'busy' })).status).toBe(500)
    expect((await ok('subaccounts.info', { id: 'busy' })).status).toBe('paused')
  })
})

describe('the Mandrill door: rejects', () => {
  it('leave out what has ended unless it is asked for', async () => {
    const email = 'ended@example.com'
    await suppress(email, { expiresAt: new Date(Date.now() + 1_000).toISOString() })
    await expect.poll(() => ok('rejects.list', { email }), { timeout: 10_000 }).toEqual([])
    expect(await ok('rejects.list', { email, include_expired: true })).toMatchObject([
      { email, expired: true, reason: 'custom' },
    ])
    expect((await world.ask('rejects.list', { include_expired: 'perhaps' })).body.name).toBe(
      'ValidationError',
    )
    expect(await ok('rejects.list', { email: 'no address' })).toEqual([])
  })

  it('take in nobody who is on the allowlist', async () => {
    const email = 'kept@example.com'
    await ok('allowlists.add', { email })
    expect(await ok('rejects.add', { email })).toEqual({ email, added: false })
    expect(await ok('rejects.list', { email })).toEqual([])
    await ok('allowlists.delete', { email })
    expect(await ok('rejects.add', { email })).toEqual({ email, added: true })
  })
})

describe('the Mandrill door: webhooks', () => {
  it('keep their URL as it was written, which their signatures cover', async () => {
    for (const url of ['http://127.0.0.1:9', 'http://127.0.0.1:9/', 'http://127.0.0.1:9/hook?a=b&c='])
      expect((await ok('webhooks.add', { url })).url).toBe(url)
    expect(
      await world.ask('webhooks.add', { url: 'http://127.0.0.1:9/', events: ['send', 'no'] }),
    ).toMatchObject({
      body: { message: expect.stringContaining(`{"events":[null,"Value must be one of: send;`) },
    })
  })
})

/** The mail that was made of a message. */
async function sent(message: object) {
  const [{ _id }] = await ok('messages.send', { message: simple(message) })
  return world.mime(_id)
}

describe('the Mandrill door: merge variables', () => {
  const vars = [
    { name: 'SHOP', content: 'Blümen, "Bob"' },
    { name: 'FNAME', content: 'Ann' },
  ]

  it('fill the name of the sender too, in both languages', async () => {
    const global_merge_vars = vars
    const nameOf = async (message: object) => {
      const [{ _id }] = await ok('messages.send', { message: simple({ ...message, global_merge_vars }) })
      return (await ok('messages.content', { id: _id })).from_name
    }
    expect(await nameOf({ from_name: '*|SHOP|* for *|FNAME|*' })).toBe('Blümen, "Bob" for Ann')
    expect(await nameOf({ from_name: '{{fname}}’s', merge_language: 'handlebars' })).toBe('Ann’s')
    expect(await sent({ from_name: '*|NOBODY|*', global_merge_vars })).toContain(`From: shop@${world.domain}`)
    expect(await sent({ from_name: '*|SHOP|*' })).toContain(`From: *|SHOP|* <shop@${world.domain}>`)
    expect(await refused(simple({ from_name: '*|IF:X|*', global_merge_vars }))).toContain(
      '{"message":{"from_name":"',
    )
  })

  it('fill the name of the sender that a template or a raw message names', async () => {
    const name = 'Named sender'
    await ok('templates.add', {
      name,
      from_email: `news@${world.domain}`,
      from_name: 'News of *|SHOP|*',
      code: '<p>x</p>',
    })
    const to = [{ email: 'ann@example.com' }]
    const filled = async (message: object) => {
      const [{ _id }] = await ok('messages.sendTemplate', {
        template_name: name,
        template_content: [],
        message: { to, ...message },
      })
      return world.mime(_id)
    }
    const merge_vars = [{ rcpt: 'ann@example.com', vars: [{ name: 'shop', content: 'Acme' }] }]
    expect(await filled({ merge_vars })).toContain(`From: News of Acme <news@${world.domain}>`)
    expect(await filled({ merge_vars, from_email: `a@${world.domain}`, from_name: '*|shop|*' })).toContain(
      `From: Acme <a@${world.domain}>`,
    )
    const fields = [
      `From: *|SHOP|* <shop@${world.domain}>`,
      'To: ann@example.com',
      'Subject: x',
      'X-MC-MergeVars: {"shop": "Acme"}',
    ]
    const { body } = await raw(mail(fields))
    expect(await world.mime(body[0]._id)).toContain(`From: Acme <shop@${world.domain}>`)
  })

  it('are sent with the sender of a template by a key that may send only', async () => {
    const { key } = world.workspace
    const made = await api.call(key, 'POST', '/v1/api-keys', {
      name: 'send',
      door: 'mandrill',
      scopes: ['messages:send'],
    })
    const code = '<p>*|FNAME|*</p>'
    await ok('templates.add', { name: 'Own sender', subject: 's', code, from_email: `own@${world.domain}` })
    await ok('templates.add', { name: 'No sender', subject: 's', code })
    const send = (template_name: string) =>
      asker(api, made.body.key)('messages.sendTemplate', {
        template_name,
        template_content: [],
        message: {
          to: [{ email: 'ann@example.com' }],
          auto_text: true,
          google_analytics_domains: ['a.example'],
        },
      })
    const { body } = await send('own-sender')
    expect(await world.mime(body[0]._id)).toContain(`From: own@${world.domain}`)
    expect((await send('no-sender')).body).toMatchObject({
      name: 'ValidationError',
      message: expect.stringContaining('{"message":{"from_email":'),
    })
    expect((await send('nowhere')).body.name).toBe('Unknown_Template')
  })

  it('fill the text that is made of the HTML of a template', async () => {
    const name = 'Without a text'
    await ok('templates.add', { name, subject: 's', code: '<h1 mc:edit="a">x</h1><p>Hi *|FNAME|*</p>' })
    const message = { from_email: `a@${world.domain}`, to: [{ email: 'ann@example.com' }], auto_text: true }
    const content = async (more: object) => {
      const [{ _id }] = await ok('messages.sendTemplate', {
        template_name: name,
        template_content: [{ name: 'a', content: 'For *|FNAME|*' }],
        message: { ...message, global_merge_vars: vars, ...more },
      })
      return (await ok('messages.content', { id: _id })).text
    }
    expect(await content({})).toBe('For Ann\n\nHi Ann')
    expect(await content({ text: 'Own *|FNAME|*' })).toBe('Own Ann')
    expect(await content({ auto_text: false })).toBe('')
  })

  it('have the address of the recipient, where they name no other', async () => {
    expect(await sent({ text: 'To *|EMAIL|*', merge: true })).toContain('To ann@example.com')
    expect(await sent({ text: '{{email}}', merge: true, merge_language: 'handlebars' })).toContain(
      '\r\n\r\nann@example.com\r\n',
    )
    const own = [{ name: 'email', content: 'other@example.com' }]
    expect(await sent({ text: 'To *|EMAIL|*', global_merge_vars: own })).toContain('To other@example.com')
  })
})

describe('messages/content', () => {
  it('has text and names of files as they were given, without the line break that ends a message', async () => {
    const content = async (message: object) => {
      const [{ _id }] = await ok('messages.send', { message: simple(message) })
      return ok('messages.content', { id: _id })
    }
    expect(await content({})).toMatchObject({ text: 'Good morning.', html: '' })
    expect(await content({ text: undefined, html: '<p>Hi</p>' })).toMatchObject({
      text: '',
      html: '<p>Hi</p>',
    })
    const names = ['ünï "x".txt', `${'lång'.repeat(40)}.txt`, 'plain name.txt']
    const attachments = names.map((name) => ({ type: 'text/plain', name, content: 'eA==' }))
    expect((await content({ attachments })).attachments.map(({ name }: { name: string }) => name)).toEqual(
      names,
    )
    const file = ['Content-Type: text/csv; name="=?utf-8?Q?=C3=BC.csv?="', '', 'a,b']
    const raw_message = mail(
      ['Subject: x', 'Content-Type: multipart/mixed; boundary=b'],
      ['--b', ...file, '--b--'].join('\r\n'),
    )
    expect((await ok('messages.parse', { raw_message })).attachments).toEqual([
      { name: 'ü.csv', type: 'text/csv', binary: false, content: 'a,b' },
    ])
    expect(await content({ text: 'a\n', html: '<p>Hi</p>' })).toMatchObject({
      text: 'a\n',
      html: '<p>Hi</p>',
    })
  })
})
