import { describe, expect, it } from 'vitest'
import { encodeId } from '../../../kernel/ids.ts'
import { WEBHOOK_EVENTS, type WebhookFormat } from '../webhook.ts'
import type { EventSource } from './event-source.ts'
import { eventTypesOf, namesOf, outgoingOf, toldFrom } from './formats.ts'

const AT = new Date('2026-11-22T10:00:00.000Z')
const MESSAGE = '019a1ffe-5098-72e8-9459-da255b796bfc'
const REQUEST = '019a1ffe-5098-72e8-9459-da255b796b00'

function source(
  type: string,
  detail: Record<string, unknown> = {},
  more: Partial<EventSource> = {},
): EventSource {
  return {
    type,
    endpointId: MESSAGE,
    eventId: '019a1ffe-5098-72e8-9459-da255b796b11',
    messageId: MESSAGE,
    number: 2,
    happenedAt: AT,
    attempts: 3,
    detail,
    tags: ['welcome', 'group:a'],
    sensitive: false,
    email: 'ann@example.com',
    message: {
      from: { email: 'shop@shop.test', name: 'Shop' },
      subject: 'Hi',
      messageIdHeader: '<1@shop.test>',
      requestId: REQUEST,
      metadata: { order: '42', event: 'mine', email: 'x@example.net' },
      templateId: null,
      broadcastId: null,
      topicNumber: null,
      subaccount: null,
    },
    acceptedAt: new Date(AT.getTime() - 60_000),
    sendAt: null,
    recipients: [],
    ...more,
  }
}

const REFUSED = {
  code: 550,
  enhanced: '5.1.1',
  reply: 'No such user',
  class: 'recipient',
  address: '192.0.2.7',
  tls: null,
}
const FULL = {
  code: 552,
  enhanced: '5.2.2',
  reply: '5.2.2 Over quota',
  class: 'mailbox',
  tls: { version: 'TLSv1.3' },
}
// oxlint-disable-next-line typescript/no-explicit-any -- what is told is looked into by these tests only
function told(format: WebhookFormat, from: EventSource): any[] {
  const sent = outgoingOf(format, [], from)
  if (sent === null) return []
  const json =
    format === 'mandrill' ? String(new URLSearchParams(sent.body).get('mandrill_events')) : sent.body
  const value = JSON.parse(json)
  return Array.isArray(value) ? value : [value]
}

const left = (detail: Record<string, unknown>) => told('sendgrid', source('message.unsubscribed', detail))

describe('every format', () => {
  it.each(['sendgrid', 'mandrill', 'resend'] as const)(
    '%s tells of messages only, and everything that it says it tells',
    (format) => {
      const types = eventTypesOf(format)
      expect(types.every((type) => type.startsWith('message.'))).toBe(true)
      for (const type of WEBHOOK_EVENTS) {
        const recipients = [{ number: 1, kind: 'to', email: 'ann@example.com' }]
        const events = told(format, source(type, {}, { recipients }))
        expect(events.length > 0, type).toBe(types.includes(type))
      }
    },
  )

  it.each(['sendgrid', 'mandrill'] as const)('a test of %s shows each name of the vendor once', (format) => {
    const names = told(format, source('webhook.test', {}, { messageId: null, message: null }))
    expect(new Set(names.map((item) => item.event))).toEqual(new Set(namesOf(format)))
    expect(names).toHaveLength(namesOf(format).length)
  })

  it('sends what the endpoint chose by its vendor name, and nothing else', () => {
    const hard = source('message.bounced', REFUSED)
    expect(outgoingOf('mandrill', ['hard_bounce'], hard)).not.toBeNull()
    expect(outgoingOf('mandrill', ['soft_bounce'], hard)).toBeNull()
    expect(outgoingOf('sendgrid', ['group_unsubscribe'], source('message.unsubscribed'))).toBeNull()
  })

  it('keeps the acceptance of a scheduled message back where the vendor tells of it when it goes out', () => {
    const event = { type: 'message.accepted', sendAt: AT }
    expect(toldFrom('sendgrid', event)).toEqual(AT)
    expect(toldFrom('mandrill', event)).toEqual(AT)
    expect(toldFrom('resend', event)).toBeNull()
    expect(toldFrom('bulkhead', event)).toBeNull()
    expect(toldFrom('sendgrid', { ...event, type: 'message.delivered' })).toBeNull()
  })
})

describe('the format sendgrid', () => {
  it('has flat events, in which nothing of the sender takes the place of what is ours', () => {
    expect(
      told(
        'sendgrid',
        source('message.delivered', {
          code: 250,
          reply: '2.0.0 OK',
          tls: { version: 'TLSv1.3' },
          address: '192.0.2.7',
        }),
      ),
    ).toEqual([
      {
        order: '42',
        email: 'ann@example.com',
        event: 'delivered',
        timestamp: AT.getTime() / 1_000,
        'smtp-id': '<1@shop.test>',
        category: ['welcome', 'group:a'],
        sg_event_id: expect.stringMatching(/^[\w-]{22}$/),
        sg_message_id: `${encodeId('message', REQUEST)}.recvd-019a1ffe509872e89459da255b796bfc-2`,
        response: '250 2.0.0 OK',
        ip: '192.0.2.7',
        tls: 1,
      },
    ])
  })

  it('tells of acceptance to each recipient, with an id of its own that every try has again', () => {
    const recipients = [1, 2].map((number) => ({ number, kind: 'to', email: `${number}@example.com` }))
    const accepted = source('message.accepted', {}, { number: null, email: null, recipients })
    const events = told('sendgrid', accepted)
    expect(events.map(({ event, email }) => [event, email])).toEqual([
      ['processed', '1@example.com'],
      ['processed', '2@example.com'],
    ])
    expect(new Set(events.map((item) => item.sg_event_id)).size).toBe(2)
    expect(told('sendgrid', accepted)).toEqual(events)
  })

  it('draws the line between bounced and blocked where our suppressions draw it', () => {
    expect(told('sendgrid', source('message.bounced', REFUSED))[0]).toMatchObject({
      event: 'bounce',
      type: 'bounce',
      status: '5.1.1',
      reason: '550 5.1.1 No such user',
      bounce_classification: 'Invalid Address',
      ip: '192.0.2.7',
      tls: 0,
    })
    expect(told('sendgrid', source('message.bounced', FULL))[0]).toMatchObject({
      type: 'blocked',
      reason: '552 5.2.2 Over quota',
      bounce_classification: 'Mailbox Unavailable',
      tls: 1,
    })
    expect(told('sendgrid', source('message.returned', { ...REFUSED, permanent: false }))[0].type).toBe(
      'blocked',
    )
    expect(
      told('sendgrid', source('message.expired', { reason: 'not delivered before it expired' }))[0],
    ).toMatchObject({
      event: 'bounce',
      type: 'blocked',
      reason: 'not delivered before it expired',
    })
  })

  it('calls what is tried again deferred, with the attempt as text', () => {
    const later = { code: 451, reply: 'Later', attempt: 2, nextAttemptAt: AT.toISOString() }
    expect(told('sendgrid', source('message.deferred', later))[0]).toMatchObject({
      event: 'deferred',
      response: '451 Later',
      attempt: '2',
    })
    const lost = { cause: 'no answer', nextAttemptAt: AT.toISOString() }
    expect(told('sendgrid', source('message.uncertain', lost))[0].event).toBe('deferred')
    expect(told('sendgrid', source('message.uncertain', { cause: 'no answer' }))[0]).toMatchObject({
      event: 'bounce',
      type: 'blocked',
      reason: 'no answer',
    })
  })

  it("says why it dropped in the vendor's words", () => {
    expect(told('sendgrid', source('message.suppressed', { suppression: 'topic' }))[0].status).toBe('5.0.0')
    const reasons = ['hard_bounce', 'complaint', 'unsubscribe', 'topic'].map(
      (suppression) => told('sendgrid', source('message.suppressed', { suppression }))[0].reason,
    )
    expect(reasons).toEqual([
      'Bounced Address',
      'Spam Reporting Address',
      'Unsubscribed Address',
      'Unsubscribed Address',
    ])
  })

  it('tells leaving a topic from leaving all, and says nothing of taking the latter back', () => {
    expect(left({})).toMatchObject([{ event: 'unsubscribe' }])
    expect(left({ topicNumber: 7 })).toMatchObject([{ event: 'group_unsubscribe', asm_group_id: 7 }])
    expect(left({ topicNumber: 7, undone: true })).toMatchObject([
      { event: 'group_resubscribe', asm_group_id: 7 },
    ])
    expect(left({ undone: true })).toEqual([])
  })

  it('marks what a machine opened', () => {
    const marks = ['person', 'proxy', 'scanner', 'unknown'].map(
      (by) => told('sendgrid', source('message.opened', { by }))[0].sg_machine_open,
    )
    expect(marks).toEqual([false, true, true, false])
  })

  it('says of a sensitive message no more than its address and tags', () => {
    const event = told(
      'sendgrid',
      source('message.delivered', { code: 250, reply: 'OK' }, { sensitive: true, message: null }),
    )[0]
    expect(Object.keys(event).sort()).toEqual(
      ['category', 'email', 'event', 'response', 'sg_event_id', 'sg_message_id', 'timestamp'].sort(),
    )
  })
})

describe('the format mandrill', () => {
  it('has a form with one field, whose events have their message inside', () => {
    const [event] = told('mandrill', source('message.bounced', REFUSED))
    expect(event).toMatchObject({
      event: 'hard_bounce',
      ts: AT.getTime() / 1_000,
      _id: '019a1ffe509872e8d459da255b796bfc',
      msg: {
        _id: '019a1ffe509872e8d459da255b796bfc',
        ts: AT.getTime() / 1_000 - 60,
        state: 'bounced',
        subject: 'Hi',
        email: 'ann@example.com',
        sender: 'shop@shop.test',
        tags: ['welcome', 'group:a'],
        metadata: { order: '42' },
        bounce_description: 'bad_mailbox',
        diag: 'smtp;550 5.1.1 No such user',
      },
    })
    expect(told('mandrill', source('message.bounced', FULL))[0]).toMatchObject({
      event: 'soft_bounce',
      msg: { state: 'soft-bounced', bounce_description: 'mailbox_full', bgtools_code: 22 },
    })
    const unknown = { stage: 'dns', class: 'recipient', reply: 'no such domain' }
    expect(told('mandrill', source('message.bounced', unknown))[0].msg.bounce_description).toBe(
      'invalid_domain',
    )
  })

  it('tells why it rejected, what was followed and what the server said', () => {
    expect(told('mandrill', source('message.suppressed', { suppression: 'hard_bounce' }))[0]).toMatchObject({
      event: 'reject',
      msg: { state: 'rejected', reject: { reason: 'hard-bounce' } },
    })
    expect(told('mandrill', source('message.clicked', { url: 'https://shop.test/' }))[0]).toMatchObject({
      event: 'click',
      url: 'https://shop.test/',
      ip: null,
      msg: { clicks: [{ ts: AT.getTime() / 1_000, url: 'https://shop.test/' }] },
    })
    const later = { code: 451, reply: 'Later', nextAttemptAt: AT.toISOString() }
    expect(told('mandrill', source('message.deferred', later))[0].msg).toMatchObject({
      state: 'deferred',
      smtp_events: [{ type: 'deferred', diag: '451 Later' }],
    })
  })

  it('asks a new URL with an empty batch', () => {
    expect(outgoingOf('mandrill', [], source('webhook.check'))).toEqual({
      contentType: 'application/x-www-form-urlencoded',
      body: 'mandrill_events=%5B%5D',
    })
  })
})

describe('the format resend', () => {
  it('has one event in a request, with the id of the message, its sender and tags', () => {
    expect(told('resend', source('message.bounced', REFUSED))).toEqual([
      {
        type: 'email.bounced',
        created_at: AT.toISOString(),
        data: {
          email_id: MESSAGE,
          created_at: new Date(AT.getTime() - 60_000).toISOString(),
          from: 'Shop <shop@shop.test>',
          to: ['ann@example.com'],
          subject: 'Hi',
          message_id: '<1@shop.test>',
          tags: { group: 'a', order: '42', event: 'mine', email: 'x@example.net' },
          bounce: {
            type: 'Permanent',
            subType: 'General',
            message: '550 5.1.1 No such user',
            diagnosticCode: ['550 5.1.1 No such user'],
          },
        },
      },
    ])
    expect(told('resend', source('message.bounced', FULL))[0].data.bounce).toMatchObject({
      type: 'Transient',
      subType: 'MailboxFull',
    })
  })

  it('names templates and broadcasts by their UUIDs, as the door does', () => {
    const { message, ...of } = source('message.delivered')
    if (message === null) throw new Error('no message')
    const ids = { templateId: encodeId('template', REQUEST), broadcastId: encodeId('broadcast', MESSAGE) }
    expect(told('resend', { ...of, message: { ...message, ...ids } })[0].data).toMatchObject({
      template_id: REQUEST,
      broadcast_id: MESSAGE,
    })
  })

  it('tells of acceptance once for all recipients, and whether it waits', () => {
    const recipients = [
      { number: 1, kind: 'to', email: 'ann@example.com' },
      { number: 2, kind: 'bcc', email: 'bob@example.com' },
    ]
    const accepted = source('message.accepted', {}, { number: null, email: null, recipients })
    expect(told('resend', accepted)).toMatchObject([
      { type: 'email.sent', data: { to: ['ann@example.com'] } },
    ])
    const later = { ...accepted, sendAt: new Date(AT.getTime() + 60_000) }
    expect(told('resend', later)).toMatchObject([{ type: 'email.scheduled' }])
  })

  it('calls what was never delivered failed, with the reason', () => {
    expect(told('resend', source('message.expired', { reason: 'too late' }))[0]).toMatchObject({
      type: 'email.failed',
      data: { failed: { reason: 'too late' } },
    })
  })
})
