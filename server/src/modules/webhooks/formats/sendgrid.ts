import { createHash } from 'node:crypto'
import { sendgridMessageId } from '../vendor-ids.ts'
import {
  isHardBounce,
  reasonOf,
  responseOf,
  tellBy,
  text,
  unixSeconds,
  type EventSource,
  type NamedEvent,
  type VendorFormat,
} from './event-source.ts'
import { suppressedBy } from './suppressed-by.ts'

/** The words of the vendor's classification (Bounce and Block Classifications) for ours. */
const CLASSIFICATION: Readonly<Record<string, string>> = {
  recipient: 'Invalid Address',
  mailbox: 'Mailbox Unavailable',
  reputation: 'Reputation',
  content: 'Content',
  infrastructure: 'Technical',
  protocol: 'Technical',
}

/** The vendor's words for why something is dropped; its only manual list is the one of unsubscribed addresses. */
const DROPPED: Readonly<Record<string, string>> = {
  hard_bounce: 'Bounced Address',
  complaint: 'Spam Reporting Address',
  unsubscribe: 'Unsubscribed Address',
  topic: 'Unsubscribed Address',
  manual: 'Unsubscribed Address',
}

/**
 * SendGrid's Event Webhook: a JSON array of flat objects (twilio.com/docs/sendgrid/for-developers/tracking-events/event). Addresses and
 * programs of those who open and click are not known to us and are left out.
 */
export const sendgridFormat: VendorFormat = {
  events: {
    processed: ['message.accepted'],
    dropped: ['message.suppressed'],
    deferred: ['message.deferred', 'message.uncertain'],
    delivered: ['message.delivered'],
    bounce: ['message.bounced', 'message.returned', 'message.expired', 'message.uncertain'],
    open: ['message.opened'],
    click: ['message.clicked'],
    spamreport: ['message.complained'],
    unsubscribe: ['message.unsubscribed'],
    group_unsubscribe: ['message.unsubscribed'],
    group_resubscribe: ['message.unsubscribed'],
  },
  contentType: 'application/json',
  tellsAcceptanceWhenDue: true,
  body: (events) => JSON.stringify(events.map(({ event }) => event)),

  tell: tellBy({
    accepted: (source) =>
      source.recipients.map(({ number, email }) => event(source, 'processed', {}, { number, email })),
    delivered: (source) => [
      event(source, 'delivered', { ...answered(source.detail), ...session(source.detail) }),
    ],
    deferred,
    bounced: bounce,
    failed: bounce,
    suppressed: (source) => [
      event(source, 'dropped', {
        reason: DROPPED[suppressedBy(source.detail)] ?? 'Bounced Address',
        status: '5.0.0',
      }),
    ],
    complained: (source) => [event(source, 'spamreport', {})],
    opened: (source) => [
      event(source, 'open', { sg_machine_open: isMachine(source.detail), sg_content_type: 'html' }),
    ],
    clicked: (source) => [
      event(source, 'click', { url: text(source.detail['url']) ?? '', ...offset(source.detail) }),
    ],
    unsubscribed,
  }),
}

function isMachine(detail: Readonly<Record<string, unknown>>): boolean {
  return detail['by'] === 'proxy' || detail['by'] === 'scanner'
}

function deferred(source: EventSource): readonly NamedEvent[] {
  const { detail } = source
  const attempt = typeof detail['attempt'] === 'number' ? detail['attempt'] : (source.attempts ?? 0)
  return [
    event(source, 'deferred', { response: reasonOf(detail), attempt: String(attempt), ...session(detail) }),
  ]
}

/** `bounce` puts an address on the vendor's list, `blocked` does not: the same line that our suppressions draw. */
function bounce(source: EventSource): readonly NamedEvent[] {
  const { detail } = source
  const status = text(detail['enhanced'])
  return [
    event(source, 'bounce', {
      type: isHardBounce(detail) ? 'bounce' : 'blocked',
      reason: reasonOf(detail),
      ...(status === null ? {} : { status }),
      bounce_classification: CLASSIFICATION[text(detail['class']) ?? ''] ?? 'Unclassified',
      ...session(detail),
    }),
  ]
}

/** Leaving a topic has events of its own; taking it back has one only there. Whoever leaves everything leaves no topic. */
function unsubscribed(source: EventSource): readonly NamedEvent[] {
  const isUndone = source.detail['undone'] === true
  const topic = source.detail['topicNumber']
  if (typeof topic === 'number')
    return [event(source, isUndone ? 'group_resubscribe' : 'group_unsubscribe', { asm_group_id: topic })]
  return isUndone ? [] : [event(source, 'unsubscribe', {})]
}

function event(
  source: EventSource,
  name: string,
  more: Readonly<Record<string, unknown>>,
  recipient: { readonly number: number; readonly email: string | null } = {
    // A link of a message to several cannot say who followed it.
    number: source.number ?? 0,
    email: source.email,
  },
): NamedEvent {
  const { message, messageId } = source
  const requestId = message?.requestId ?? messageId
  return {
    name,
    event: {
      // What the sender gave stands at the top level; it takes the place of nothing that is ours.
      ...message?.metadata,
      ...(recipient.email === null ? {} : { email: recipient.email }),
      timestamp: unixSeconds(source.type === 'message.accepted' ? dueAt(source) : source.happenedAt),
      ...(message === null ? {} : { 'smtp-id': message.messageIdHeader }),
      event: name,
      ...(source.tags.length === 0 ? {} : { category: source.tags }),
      sg_event_id: eventId(source.eventId, name, recipient.number),
      ...(messageId === null || requestId === null
        ? {}
        : { sg_message_id: sendgridMessageId({ requestId, messageId, number: recipient.number }) }),
      ...(message === null || message.topicNumber === null ? {} : { asm_group_id: message.topicNumber }),
      ...more,
    },
  }
}

function dueAt({ happenedAt, sendAt }: EventSource): Date {
  return sendAt !== null && sendAt > happenedAt ? sendAt : happenedAt
}

/** The same in every try; one event of ours is one for each recipient there, and a test is one of each kind. */
function eventId(id: string, name: string, number: number): string {
  return createHash('sha256').update(`${id} ${name} ${number}`).digest().subarray(0, 16).toString('base64url')
}

function answered(detail: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const response = responseOf(detail)
  return response === null ? {} : { response }
}

function session(detail: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const ip = text(detail['address'])
  return {
    ...(ip === null ? {} : { ip }),
    ...('tls' in detail ? { tls: detail['tls'] === null ? 0 : 1 } : {}),
  }
}

function offset(detail: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return typeof detail['link'] === 'number' ? { url_offset: { index: detail['link'], type: 'html' } } : {}
}
