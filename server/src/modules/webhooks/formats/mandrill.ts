import { mandrillMessageId } from '../vendor-ids.ts'
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

/** What the vendor calls a refusal, with the number of its classifier. */
const DESCRIPTIONS: Readonly<Record<string, readonly [string, number]>> = {
  recipient: ['bad_mailbox', 10],
  mailbox: ['mailbox_full', 22],
  content: ['spam', 52],
  reputation: ['spam', 51],
}

/** The vendor's words for why a message is rejected (messages/send, reject_reason). */
const REJECTED: Readonly<Record<string, string>> = {
  hard_bounce: 'hard-bounce',
  complaint: 'spam',
  unsubscribe: 'unsub',
  topic: 'unsub',
  manual: 'custom',
}

/**
 * Mandrill's webhooks: a form with one field, a JSON array (mandrill.zendesk.com 205583307). What it knows of those who open and click
 * (address, place, program) is not known to us and is null, as there where it is unknown.
 */
export const mandrillFormat: VendorFormat = {
  events: {
    send: ['message.accepted'],
    deferral: ['message.deferred', 'message.uncertain'],
    delivered: ['message.delivered'],
    hard_bounce: ['message.bounced', 'message.returned'],
    soft_bounce: ['message.bounced', 'message.returned', 'message.expired', 'message.uncertain'],
    open: ['message.opened'],
    click: ['message.clicked'],
    spam: ['message.complained'],
    unsub: ['message.unsubscribed'],
    reject: ['message.suppressed'],
  },
  contentType: 'application/x-www-form-urlencoded',
  tellsAcceptanceWhenDue: true,
  body: (events) =>
    new URLSearchParams({ mandrill_events: JSON.stringify(events.map(({ event }) => event)) }).toString(),

  tell: tellBy({
    accepted: (source) =>
      source.recipients.map((recipient) => event(source, 'send', 'sent', {}, {}, recipient)),
    delivered: (source) => [event(source, 'delivered', 'sent', { smtp_events: [smtpEvent(source, 'sent')] })],
    deferred: (source) => [
      event(source, 'deferral', 'deferred', { smtp_events: [smtpEvent(source, 'deferred')] }),
    ],
    bounced: bounce,
    failed: bounce,
    suppressed: (source) => [
      event(source, 'reject', 'rejected', {
        reject: { reason: REJECTED[suppressedBy(source.detail)] ?? 'custom', last_event_at: null },
      }),
    ],
    complained: (source) => [event(source, 'spam', 'spam')],
    unsubscribed: (source) => (source.detail['undone'] === true ? [] : [event(source, 'unsub', 'unsub')]),
    opened: (source) => [
      event(source, 'open', 'sent', { opens: [{ ts: unixSeconds(source.happenedAt) }] }, FETCHED_BY),
    ],
    clicked(source) {
      const url = text(source.detail['url']) ?? ''
      const clicks = [{ ts: unixSeconds(source.happenedAt), url }]
      return [event(source, 'click', 'sent', { clicks }, { url, ...FETCHED_BY })]
    },
  }),
}

const FETCHED_BY = { ip: null, location: null, user_agent: null, user_agent_parsed: null }

function bounce(source: EventSource): readonly NamedEvent[] {
  const { detail } = source
  const isHard = isHardBounce(detail)
  const [description, code] =
    detail['stage'] === 'dns' && isHard
      ? ['invalid_domain', 21]
      : (DESCRIPTIONS[text(detail['class']) ?? ''] ?? ['general', isHard ? 10 : 20])
  const response = responseOf(detail)
  const told = {
    bounce_description: description,
    bgtools_code: code,
    diag: response === null ? reasonOf(detail) : `smtp;${response}`,
  }
  return [
    isHard
      ? event(source, 'hard_bounce', 'bounced', told)
      : event(source, 'soft_bounce', 'soft-bounced', told),
  ]
}

function smtpEvent(source: EventSource, type: 'sent' | 'deferred'): Record<string, unknown> {
  return {
    ts: unixSeconds(source.happenedAt),
    type,
    diag: reasonOf(source.detail),
    source_ip: null,
    destination_ip: text(source.detail['address']),
    size: 0,
  }
}

function event(
  source: EventSource,
  name: string,
  state: string,
  ofMessage: Readonly<Record<string, unknown>> = {},
  ofEvent: Readonly<Record<string, unknown>> = {},
  recipient: { readonly number: number; readonly email: string | null } = {
    number: source.number ?? 1,
    email: source.email,
  },
): NamedEvent {
  const { message, messageId } = source
  const id = messageId === null ? null : mandrillMessageId(messageId, recipient.number)
  return {
    name,
    event: {
      event: name,
      ts: unixSeconds(source.happenedAt),
      _id: id,
      msg: {
        ts: unixSeconds(source.acceptedAt ?? source.happenedAt),
        _id: id,
        _version: source.eventId.replaceAll('-', '').slice(0, 22),
        state,
        subject: message?.subject ?? null,
        email: recipient.email,
        sender: message?.from.email ?? null,
        tags: source.tags,
        metadata: message?.metadata ?? {},
        subaccount: message?.subaccount ?? null,
        template: message?.templateAlias ?? message?.templateId ?? null,
        opens: [],
        clicks: [],
        resends: [],
        smtp_events: [],
        ...ofMessage,
      },
      ...ofEvent,
    },
  }
}
