import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId } from '../../src/kernel/ids.ts'
import { WHOLE_MESSAGE } from '../../src/security/references/index.ts'
import { startBouncesWorld } from './bounces-world.ts'
import type { BouncesWorld } from './bounces-world.ts'
import { arfOf, dsnOf, RETURN_DOMAIN } from './inbound-fixture.ts'

let world: BouncesWorld
let api: BouncesWorld['api']
let inbound: BouncesWorld['inbound']
beforeAll(async () => {
  world = await startBouncesWorld()
  ;({ api, inbound } = world)
})
afterAll(() => world[Symbol.asyncDispose]())

const eventsOf = (messageId: string) => world.eventsOf(messageId)
const reportsOf = (key: string, messageId: string) => world.reportsOf(key, messageId)
const suppressed = (key: string) => world.suppressed(key)
const quarantine = () => world.quarantine()
const sent = (to?: readonly string[]) => world.sent(to)

describe('a bounce', () => {
  it('becomes an event with class, reason and rule, suppresses a dead address, and is kept as evidence', async () => {
    const { key, messageId } = await sent()
    const to = await inbound.returnPath(messageId, 1)
    expect(await inbound.mail(to, dsnOf({ to, recipients: [{ final: 'Ann@there.example' }] }))).toMatch(
      /^250 2\.0\.0/,
    )
    const events = await eventsOf(messageId)
    expect(events).toEqual([
      {
        type: 'message.returned',
        number: 1,
        detail: expect.objectContaining({
          class: 'recipient',
          permanent: true,
          reason: 'there is no such mailbox',
          rule: 'status:1.1',
          enhanced: '5.1.1',
          reply: expect.stringContaining('<address>: Recipient address rejected'),
          host: 'mx.there.example',
          reportedBy: 'mail.there.example',
        }),
      },
    ])
    expect(JSON.stringify(events)).not.toMatch(/ann@/i)
    expect(await suppressed(key)).toEqual([
      expect.objectContaining({
        email: 'Ann@there.example',
        reason: 'hard_bounce',
        messageId,
        evidence: expect.objectContaining({ class: 'recipient', rule: 'status:1.1' }),
      }),
    ])
    const [report] = await reportsOf(key, messageId)
    expect(report).toMatchObject({
      kind: 'bounce',
      format: 'dsn',
      messageId,
      recipients: [{ number: 1, named: true, effect: 'returned', suppressed: true, action: 'failed' }],
    })
    expect(events[0]?.detail['report']).toBe(report.id)
    const source = await api.call(key, 'GET', `/v1/bounces/${report.id}/source`)
    expect(source.text).toMatch(/^Return-Path: <>\r\nDelivered-To: b-[a-z2-7]{45}@/)
    expect(source.text).toContain('Final-Recipient: rfc822; Ann@there.example')
    expect((await api.call(key, 'GET', `/v1/bounces/${report.id}`)).body).toEqual(report)
    const other = await api.workspace()
    expect((await api.call(other.key, 'GET', `/v1/bounces/${report.id}`)).status).toBe(404)
    expect((await api.call(other.key, 'GET', '/v1/bounces')).body.data).toEqual([])
  })

  it('leaves the ledger as it is: the other side had taken the mail', async () => {
    const { key, messageId } = await sent()
    const to = await inbound.returnPath(messageId, 1)
    await inbound.mail(to, dsnOf({ to, recipients: [{ final: 'ann@there.example' }] }))
    const shown = await api.call(key, 'GET', `/v1/messages/${messageId}`)
    expect(shown.body.recipients[0].state).toBe('delivered')
  })

  it('that comes twice, also by another way, counts once', async () => {
    const { key, messageId } = await sent()
    const to = await inbound.returnPath(messageId, 1)
    const raw = dsnOf({ to, recipients: [{ final: 'ann@there.example' }] })
    for (const again of [raw, raw, `Received: from elsewhere by another.example\n${raw}`])
      expect(await inbound.mail(to, again)).toMatch(/^250/)
    expect(await eventsOf(messageId)).toHaveLength(1)
    expect(await reportsOf(key, messageId)).toHaveLength(1)
  })

  it.each([
    ['policy', '5.7.1', '550 5.7.1 Service unavailable; Client host blocked by policy'],
    ['reputation', '5.1.1', '550 5.1.1 Mail refused, your IP is listed on our blocklist'],
    ['mailbox', '5.2.2', '552 5.2.2 mailbox full'],
    ['infrastructure', '4.4.7', 'delivery time expired'],
    ['recipient', '4.1.1', '450 4.1.1 unverified address: user unknown'],
  ])('of class %s (%s) is told and suppresses nobody', async (kind, status, diagnostic) => {
    const { key, messageId } = await sent()
    const to = await inbound.returnPath(messageId, 1)
    await inbound.mail(to, dsnOf({ to, recipients: [{ final: 'ann@there.example', status, diagnostic }] }))
    expect(await eventsOf(messageId)).toMatchObject([{ type: 'message.returned', detail: { class: kind } }])
    expect(await suppressed(key)).toEqual([])
  })

  it('of several recipients is told for each, and for nobody else', async () => {
    const { key, messageId } = await sent(['ann@there.example', 'bob@there.example', 'eve@there.example'])
    const to = await inbound.returnPath(messageId, WHOLE_MESSAGE)
    await inbound.mail(
      to,
      dsnOf({
        to,
        recipients: [
          { final: 'forwarded@elsewhere.example', original: 'bob@there.example' },
          { final: 'ann@there.example', action: 'delivered', status: '2.1.5', diagnostic: '250 ok' },
          { final: 'stranger@there.example' },
        ],
      }),
    )
    expect(await eventsOf(messageId)).toMatchObject([{ type: 'message.returned', number: 2 }])
    expect((await suppressed(key)).map((entry) => entry.email)).toEqual(['bob@there.example'])
    const [report] = await reportsOf(key, messageId)
    expect(report.recipients).toMatchObject([
      { number: 2, effect: 'returned', suppressed: true },
      { number: 1, effect: 'none', suppressed: false, note: 'no failure' },
      { number: null, effect: 'none', note: expect.stringContaining('not sent to') },
    ])
  })

  it('about an address that the mail was forwarded to is told, and suppresses nobody', async () => {
    const { key, messageId } = await sent()
    const to = await inbound.returnPath(messageId, 1)
    await inbound.mail(to, dsnOf({ to, recipients: [{ final: 'moved@elsewhere.example' }] }))
    expect(await eventsOf(messageId)).toMatchObject([{ type: 'message.returned', number: 1 }])
    expect(await suppressed(key)).toEqual([])
  })

  it('of one recipient’s return path says nothing about another recipient', async () => {
    const { key, messageId } = await sent(['ann@there.example', 'bob@there.example'])
    const to = await inbound.returnPath(messageId, 1)
    await inbound.mail(to, dsnOf({ to, recipients: [{ final: 'bob@there.example' }] }))
    expect((await eventsOf(messageId)).map((event) => event.number)).toEqual([1])
    expect(await suppressed(key)).toEqual([])
  })

  it('of mail that nobody has taken yet cannot be true and changes nothing', async () => {
    const { key } = await api.workspace()
    await api.call(key, 'POST', '/v1/domains', { name: 'example.test' })
    const sentNow = await api.call(key, 'POST', '/v1/messages', {
      from: 'news@example.test',
      to: ['ann@there.example'],
      subject: 'x',
      text: 'x',
      sendAt: new Date(Date.now() + 3_600_000).toISOString(),
    })
    const to = await inbound.returnPath(sentNow.body.id, 1)
    expect(await inbound.mail(to, dsnOf({ to, recipients: [{ final: 'ann@there.example' }] }))).toMatch(
      /^250/,
    )
    expect((await eventsOf(sentNow.body.id)).filter((event) => event.type === 'message.returned')).toEqual([])
    expect(await suppressed(key)).toEqual([])
    expect((await reportsOf(key, sentNow.body.id))[0].recipients[0].note).toContain('cannot be true')
  })

  it('in words is understood, and suppresses where it names the address or nobody', async () => {
    const named = await sent()
    const to = await inbound.returnPath(named.messageId, 1)
    const words = (address: string) => `From: MAILER-DAEMON@qmail.example
To: ${to}
Subject: failure notice

Hi. This is the qmail-send program at qmail.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

${address}
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

From: news@example.test
To: ann@there.example
`
    await inbound.mail(to, words('<ann@there.example>:'))
    expect(await eventsOf(named.messageId)).toMatchObject([
      { detail: { class: 'recipient', format: 'qmail' } },
    ])
    expect((await suppressed(named.key)).map((entry) => entry.email)).toEqual(['ann@there.example'])

    const silent = await sent(['hidden@there.example'])
    const path = await inbound.returnPath(silent.messageId, 1)
    const text = `From: postmaster@there.example\nTo: ${path}\nSubject: Undeliverable mail\n\nThe message could not be delivered: 550 5.1.1 user unknown.\n`
    await inbound.mail(path, text)
    await expect
      .poll(async () => (await suppressed(silent.key)).map((entry) => entry.email), { timeout: 10_000 })
      .toEqual(['hidden@there.example'])
  })

  it('that is late, or says that mail arrived, is kept and is no event', async () => {
    const { key, messageId } = await sent()
    const to = await inbound.returnPath(messageId, 1)
    for (const [action, status] of [
      ['delayed', '4.4.1'],
      ['delivered', '2.0.0'],
      ['relayed', '2.0.0'],
      ['expanded', '2.0.0'],
    ] as const)
      await inbound.mail(
        to,
        dsnOf({ to, messageId: action, recipients: [{ final: 'ann@there.example', action, status }] }),
      )
    expect(await eventsOf(messageId)).toEqual([])
    const reports = await reportsOf(key, messageId)
    expect(reports.map((report: { kind: string }) => report.kind)).toEqual(Array(4).fill('notice'))
  })

  it('of a bounce makes no mail and no suppression', async () => {
    const { key, messageId } = await sent()
    const owner = api.database.pool('superuser')
    await owner.query(`update message set lane = 'internal' where id = $1`, [decodeId('message', messageId)])
    const before = await owner.query('select count(*)::int as n from message')
    const to = await inbound.returnPath(messageId, 1)
    await inbound.mail(
      to,
      dsnOf({
        to,
        recipients: [{ final: 'ann@there.example' }],
        returned: dsnOf({ to: 'ann@there.example', recipients: [{ final: 'x@y.example' }] }),
      }),
    )
    expect(await eventsOf(messageId)).toMatchObject([{ type: 'message.returned' }])
    expect(await suppressed(key)).toEqual([])
    expect((await owner.query('select count(*)::int as n from message')).rows).toEqual(before.rows)
  })

  it('is heard by webhooks', async () => {
    const { key, messageId } = await sent()
    await api.call(key, 'POST', '/v1/webhooks', {
      url: 'http://127.0.0.1:9/',
      eventTypes: ['message.returned'],
    })
    const to = await inbound.returnPath(messageId, 1)
    await inbound.mail(to, dsnOf({ to, recipients: [{ final: 'ann@there.example' }] }))
    const { rows } = await api.database
      .pool('superuser')
      .query('select type, number from webhook_delivery where message_id = $1', [
        decodeId('message', messageId),
      ])
    expect(rows).toEqual([{ type: 'message.returned', number: 1 }])
  })
})

describe('what is no bounce', () => {
  it.each([
    [
      'auto_reply',
      'Auto-Submitted: auto-replied',
      'Re: Hello',
      'I am away. Mail to me cannot be delivered until Monday.',
    ],
    ['auto_reply', 'X-Mailer: x', 'Out of Office: Hello', 'Back on Monday.'],
    ['auto_reply', 'X-Mailer: x', 'Abwesenheitsnotiz', 'Ich bin im Urlaub.'],
    [
      'challenge',
      'X-Mailer: x',
      'Re: Hello',
      'Please confirm that you sent this email message by clicking on the link.',
    ],
    ['other', 'X-Mailer: x', 'Re: Hello', 'Thank you, this helped me a lot!'],
  ])('%s (%s, %s) is kept and counts for nothing', async (kind, header, subject, body) => {
    const { key, messageId } = await sent()
    const to = await inbound.returnPath(messageId, 1)
    const raw = `From: Ann <ann@there.example>\nTo: ${to}\n${header}\nSubject: ${subject}\nMessage-ID: <${subject.length}@x>\n\n${body}\n`
    expect(await inbound.mail(to, raw, kind === 'auto_reply' ? '' : 'ann@there.example')).toMatch(/^250/)
    expect((await reportsOf(key, messageId)).map((report: { kind: string }) => report.kind)).toEqual([kind])
    expect(await eventsOf(messageId)).toEqual([])
    expect(await suppressed(key)).toEqual([])
  })
})

describe('a complaint', () => {
  it('finds its message by what we wrote into it, and suppresses whom it does not even name', async () => {
    const { key, messageId } = await sent()
    const [token = ''] = (await inbound.returnPath(messageId, 1)).split('@')
    const original = `From: news@example.test\nX-Bulkhead-Reference: ${token}\nTo: redacted`
    expect(await inbound.mail(`fbl@${RETURN_DOMAIN}`, arfOf({ original }), 'fbl@provider.example')).toMatch(
      /^250/,
    )
    expect(await eventsOf(messageId)).toMatchObject([
      {
        type: 'message.complained',
        number: 1,
        detail: { feedbackType: 'abuse', reporter: 'ProviderFBL/1.0' },
      },
    ])
    await expect
      .poll(() => suppressed(key), { timeout: 10_000 })
      .toEqual([expect.objectContaining({ email: 'ann@there.example', reason: 'complaint' })])
    expect((await reportsOf(key, messageId))[0]).toMatchObject({ kind: 'complaint', feedbackType: 'abuse' })
  })

  it('finds it by the return path too, of a message that is only sent back too', async () => {
    for (const raw of [
      (path: string) =>
        arfOf({ original: `Return-Path: <${path}>\nFrom: news@example.test`, rcpt: 'ann@there.example' }),
      (path: string) =>
        `From: staff@hotmail.example\nSubject: complaint\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: ann@there.example\nReturn-Path: ${path}\nFrom: x@y.example\n\nhello\n--b--\n`,
    ]) {
      const { key, messageId } = await sent()
      await inbound.mail(`fbl@${RETURN_DOMAIN}`, raw(await inbound.returnPath(messageId, WHOLE_MESSAGE)))
      expect(await eventsOf(messageId)).toMatchObject([{ type: 'message.complained', number: 1 }])
      expect(await suppressed(key)).toMatchObject([{ email: 'ann@there.example', reason: 'complaint' }])
    }
  })

  it('to a return path itself counts as well', async () => {
    const { messageId } = await sent()
    await inbound.mail(await inbound.returnPath(messageId, 1), arfOf({ original: 'From: x@y.example' }))
    expect(await eventsOf(messageId)).toMatchObject([{ type: 'message.complained', number: 1 }])
  })

  it.each([
    ['not-spam', [], []],
    ['auth-failure', [], []],
    ['fraud', ['message.complained'], ['complaint']],
    ['opt-out', ['message.unsubscribed'], ['unsubscribe']],
    ['virus', ['message.complained'], []],
    ['made-up', ['message.complained'], []],
  ] as const)('of type %s becomes %j and %j', async (type, events, reasons) => {
    const { key, messageId } = await sent()
    const [token = ''] = (await inbound.returnPath(messageId, 1)).split('@')
    const raw = arfOf({ type, rcpt: 'ann@there.example', original: `X-Bulkhead-Reference: ${token}` })
    await inbound.mail(`fbl@${RETURN_DOMAIN}`, raw)
    expect((await eventsOf(messageId)).map((event) => event.type)).toEqual(events)
    expect((await suppressed(key)).map((entry) => entry.reason)).toEqual(reasons)
  })

  it('about several recipients that names none of them is of the whole message, and suppresses nobody', async () => {
    const { key, messageId } = await sent(['ann@there.example', 'bob@there.example'])
    const [token = ''] = (await inbound.returnPath(messageId, WHOLE_MESSAGE)).split('@')
    await inbound.mail(`fbl@${RETURN_DOMAIN}`, arfOf({ original: `X-Bulkhead-Reference: ${token}` }))
    expect(await eventsOf(messageId)).toMatchObject([{ type: 'message.complained', number: null }])
    expect(await suppressed(key)).toEqual([])
  })

  it('with a forged reference, or with none, is for the operator only', async () => {
    const before = (await quarantine()).length
    const forged = `b-${'a'.repeat(45)}`
    await inbound.mail(`fbl@${RETURN_DOMAIN}`, arfOf({ original: `X-Bulkhead-Reference: ${forged}` }))
    await inbound.mail(`fbl@${RETURN_DOMAIN}`, arfOf({ type: 'fraud', original: 'Subject: nothing' }))
    const found = await quarantine()
    expect(found).toHaveLength(before + 2)
    expect(
      found
        .slice(0, 2)
        .map((item: { why: string }) => item.why)
        .sort(),
    ).toEqual(['forged_reference', 'no_reference'])
  })
})

describe('the quarantine', () => {
  it('has mail to postmaster and abuse, whole, and shows it to the operator alone', async () => {
    for (const to of [
      `abuse@${RETURN_DOMAIN}`,
      `Postmaster@${RETURN_DOMAIN}`,
      'postmaster',
      'abuse@rp.customer.example',
    ])
      expect(
        await inbound.mail(to, `From: a@b.example\nSubject: to ${to}\n\nyou spam\n`, 'a@b.example'),
      ).toMatch(/^250/)
    const found = await quarantine()
    expect(found.slice(0, 4).map((item: { why: string; kind: string }) => [item.kind, item.why])).toEqual(
      found.slice(0, 4).map(() => ['mail', 'role']),
    )
    const source = await api.call(api.operatorKey, 'GET', `/v1/quarantine/${found[3].id}/source`)
    expect(source.text).toContain(`Subject: to abuse@${RETURN_DOMAIN}`)
    const { key } = await api.workspace()
    expect((await api.call(key, 'GET', '/v1/quarantine')).status).toBe(403)
    expect((await api.call(key, 'GET', `/v1/bounces/${found[0].id}`)).status).toBe(404)
  })

  it('has what is about a message that is gone', async () => {
    const to = await inbound.returnPath('msg_01kb0000000000000000000000', 1)
    expect(await inbound.mail(to, dsnOf({ to, recipients: [{ final: 'ann@there.example' }] }))).toMatch(
      /^250/,
    )
    expect((await quarantine())[0]).toMatchObject({ kind: 'bounce', why: 'message_gone' })
  })

  it('has what came for a workspace that is contained, and nothing follows from it', async () => {
    const { key, messageId } = await sent()
    const shown = await api.call(key, 'GET', '/v1/workspace')
    await api.database.pool('superuser').query(
      `insert into containment (id, workspace_id, scope, actor_class, capabilities, reason_code, reason, until, origin, made_by)
       values (gen_random_uuid(), $1, 'workspace', 'any', '{send,write}', 'security_hold', 'a drill', now() + interval '1 hour', 'staff', 'test')`,
      [decodeId('workspace', shown.body.id)],
    )
    // The keyring hears of it within a second; a key that smtp had before would go on for minutes.
    await expect
      .poll(
        () =>
          api
            .keyring('api')
            .sealSecret(decodeId('workspace', shown.body.id) ?? '', 'webhook', 'x', Buffer.from('x'))
            .then(
              () => 'sealed',
              (error: unknown) => String(error),
            ),
        { timeout: 15_000 },
      )
      .toContain('contained')
    const to = await inbound.returnPath(messageId, 1)
    const raw = dsnOf({ to, recipients: [{ final: 'ann@there.example' }] })
    expect(await inbound.mail(to, raw)).toMatch(/^250/)
    expect((await quarantine())[0].why).toBe('workspace_contained')
    expect(await eventsOf(messageId)).toEqual([])
  })
})
