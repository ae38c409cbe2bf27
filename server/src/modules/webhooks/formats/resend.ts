import { decodeId, type IdKind } from '../../../kernel/ids.ts'
import { resendMessageId } from '../vendor-ids.ts'
import {
  isHardBounce,
  reasonOf,
  tellBy,
  text,
  type EventSource,
  type NamedEvent,
  type VendorFormat,
} from './event-source.ts'
import { suppressedBy } from './suppressed-by.ts'

/** Resend's webhooks: one event in each request (resend.com/docs/webhooks/event-types), of the message and one of its recipients. */
export const resendFormat: VendorFormat = {
  events: {
    'email.sent': ['message.accepted'],
    'email.scheduled': ['message.accepted'],
    'email.delivered': ['message.delivered'],
    'email.delivery_delayed': ['message.deferred', 'message.uncertain'],
    'email.bounced': ['message.bounced', 'message.returned'],
    'email.failed': ['message.expired', 'message.uncertain'],
    'email.suppressed': ['message.suppressed'],
    'email.complained': ['message.complained'],
    'email.opened': ['message.opened'],
    'email.clicked': ['message.clicked'],
  },
  contentType: 'application/json',
  tellsAcceptanceWhenDue: false,
  body: ([first]) => JSON.stringify(first?.event ?? {}),

  tell: tellBy({
    accepted,
    delivered: (source) => [event(source, 'email.delivered')],
    deferred: (source) => [event(source, 'email.delivery_delayed')],
    bounced: (source) => [event(source, 'email.bounced', { bounce: bounceOf(source.detail) })],
    failed: (source) => [event(source, 'email.failed', { failed: { reason: reasonOf(source.detail) } })],
    suppressed: (source) => [event(source, 'email.suppressed', { suppressed: suppressedOf(source.detail) })],
    complained: (source) => [event(source, 'email.complained')],
    opened: (source) => [event(source, 'email.opened')],
    clicked: (source) => [event(source, 'email.clicked', { click: clickOf(source) })],
  }),
}

/** Told at once; of what is scheduled the vendor says so. */
function accepted(source: EventSource): NamedEvent[] {
  const to = source.recipients.filter(({ kind }) => kind === 'to').map(({ email }) => email)
  if (source.recipients.length === 0) return []
  const isScheduled = source.sendAt !== null && source.sendAt > source.happenedAt
  return [event(source, isScheduled ? 'email.scheduled' : 'email.sent', { to })]
}

/** The kinds that the vendor knows are those of Amazon SES. */
function bounceOf(detail: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const message = reasonOf(detail)
  if (isHardBounce(detail))
    return { type: 'Permanent', subType: 'General', message, diagnosticCode: [message] }
  const enhanced = text(detail['enhanced']) ?? ''
  const subType = enhanced.endsWith('.2.2')
    ? 'MailboxFull'
    : /\.[23]\.[34]$/.test(enhanced)
      ? 'MessageTooLarge'
      : detail['class'] === 'content'
        ? 'ContentRejected'
        : 'General'
  return { type: 'Transient', subType, message, diagnosticCode: [message] }
}

const SUPPRESSED: Readonly<Record<string, string>> = {
  hard_bounce: 'The address bounced before.',
  complaint: 'The recipient reported a message as spam before.',
  unsubscribe: 'The recipient has unsubscribed.',
  topic: 'The recipient has left the topic.',
}

function suppressedOf(detail: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const message = SUPPRESSED[suppressedBy(detail)] ?? 'The address is on the list of suppressions.'
  return { type: 'OnAccountSuppressionList', message }
}

/** The vendor's types want all four; whose address and program it was is not known to us. */
function clickOf(source: EventSource): Record<string, unknown> {
  return {
    link: text(source.detail['url']) ?? '',
    timestamp: source.happenedAt.toISOString(),
    ipAddress: '',
    userAgent: '',
  }
}

function event(source: EventSource, name: string, more: Readonly<Record<string, unknown>> = {}): NamedEvent {
  const { message, messageId } = source
  return {
    name,
    event: {
      type: name,
      created_at: source.happenedAt.toISOString(),
      data: {
        ...(messageId === null ? {} : { email_id: resendMessageId(messageId) }),
        created_at: (source.acceptedAt ?? source.happenedAt).toISOString(),
        ...(message === null
          ? {}
          : {
              from: mailbox(message.from),
              subject: message.subject ?? '',
              message_id: message.messageIdHeader,
              ...uuidAs('template_id', 'template', message.templateId),
              ...uuidAs('broadcast_id', 'broadcast', message.broadcastId),
            }),
        to: source.email === null ? [] : [source.email],
        tags: tagsOf(source),
        ...more,
      },
    },
  }
}

/** Ids are UUIDs there, as its door answers them. */
function uuidAs(field: string, kind: IdKind, id: string | null): Readonly<Record<string, string>> {
  const uuid = id === null ? null : decodeId(kind, id)
  return uuid === null ? {} : { [field]: uuid }
}

function mailbox({ email, name }: { readonly email: string; readonly name?: string }): string {
  return name === undefined ? email : `${name} <${email}>`
}

/** Names with values: the sender's metadata, and tags that have the form `name:value`. */
function tagsOf({ message, tags }: EventSource): Record<string, string> {
  const pairs = tags.flatMap((tag) => {
    const at = tag.indexOf(':')
    return at > 0 ? [[tag.slice(0, at), tag.slice(at + 1)] as const] : []
  })
  const metadata = Object.entries(message?.metadata ?? {}).map(
    ([name, value]) => [name, String(value)] as const,
  )
  return Object.fromEntries([...pairs, ...metadata])
}
