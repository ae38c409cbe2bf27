import type { EventSource } from './event-source.ts'

const REFUSED = {
  code: 550,
  enhanced: '5.1.1',
  reply: 'No such user here',
  class: 'recipient',
  stage: 'rcpt',
}
const LATER = { code: 451, enhanced: '4.3.0', reply: 'Try again later', attempt: 1 }
const TAKEN = {
  code: 250,
  enhanced: '2.0.0',
  reply: 'OK',
  address: '192.0.2.25',
  tls: { version: 'TLSv1.3' },
}

/** What a test of a vendor's format tells: one event of each kind, of a message that never was. */
export function sampleSources(test: EventSource): EventSource[] {
  const base: EventSource = {
    ...test,
    messageId: test.eventId,
    number: 1,
    attempts: 1,
    tags: ['webhook-test'],
    email: 'recipient@example.com',
    message: {
      from: { email: 'sender@example.com', name: 'Sender' },
      subject: 'A test of this webhook',
      messageIdHeader: `<${test.eventId}@example.com>`,
      requestId: test.eventId,
      metadata: { test: true },
      templateId: null,
      broadcastId: null,
      topicNumber: null,
      subaccount: null,
    },
    acceptedAt: test.happenedAt,
    sendAt: null,
    recipients: [{ number: 1, kind: 'to', email: 'recipient@example.com' }],
  }
  const event = (type: string, detail: Record<string, unknown>, from = base): EventSource => ({
    ...from,
    type,
    detail,
  })
  return [
    event('message.accepted', {}),
    event('message.accepted', {}, { ...base, sendAt: new Date(test.happenedAt.getTime() + 3_600_000) }),
    event('message.deferred', { ...LATER, nextAttemptAt: test.happenedAt.toISOString() }),
    event('message.delivered', TAKEN),
    event('message.bounced', REFUSED),
    event('message.bounced', { code: 552, enhanced: '5.2.2', reply: 'Over quota', class: 'mailbox' }),
    event('message.expired', { reason: 'not delivered before it expired' }),
    event('message.suppressed', { reason: 'on the suppression list', suppression: 'hard_bounce' }),
    event('message.opened', { by: 'person' }),
    event('message.clicked', { by: 'person', url: 'https://example.com/', link: 0 }),
    event('message.complained', { feedbackType: 'abuse' }),
    event('message.unsubscribed', { via: 'one-click' }),
    event('message.unsubscribed', { via: 'one-click', topicNumber: 1 }),
    event('message.unsubscribed', { via: 'one-click', topicNumber: 1, undone: true }),
  ]
}
