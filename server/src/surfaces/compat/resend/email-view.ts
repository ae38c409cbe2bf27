import type { z } from 'zod'
import type { MessageSummaryView, MessageView } from '../../../modules/messages/index.ts'
import { fieldOf, partText, readParts } from '../../../platform/mime/index.ts'
import { withoutLastBreak } from '../last-break.ts'
import { uuidOf } from './ids.ts'
import { mailboxText } from './mailbox-text.ts'

type Summary = z.output<typeof MessageSummaryView>
type Message = z.output<typeof MessageView>

/** What of content is shown; the rest of a longer one is left out. */
const SHOWN_BYTES_MAX = 10 * 1024 * 1024

/** What the vendor calls the last thing that happened to an email. */
const EVENTS: Readonly<Record<string, string>> = {
  'message.deferred': 'delivery_delayed',
  'message.delivered': 'delivered',
  'message.bounced': 'bounced',
  'message.returned': 'bounced',
  'message.expired': 'failed',
  'message.uncertain': 'failed',
  'message.suppressed': 'suppressed',
  'message.cancelled': 'canceled',
  'message.complained': 'complained',
  'message.opened': 'opened',
  'message.clicked': 'clicked',
}

/** Of several recipients in several states, what the vendor would rather tell. */
const STATES: readonly (readonly [keyof Summary['states'], string])[] = [
  ['scheduled', 'scheduled'],
  ['pending', 'queued'],
  ['held', 'queued'],
  ['bounced', 'bounced'],
  ['expired', 'failed'],
  ['uncertain', 'failed'],
  ['delivered', 'delivered'],
  ['suppressed', 'suppressed'],
  ['cancelled', 'canceled'],
]

function lastOfStates(states: Summary['states']): string {
  return STATES.find(([state]) => (states[state] ?? 0) > 0)?.[1] ?? 'queued'
}

function lastEvent({ states, timeline }: Pick<Message, 'states' | 'timeline'>): string {
  const ofStates = lastOfStates(states)
  if (ofStates === 'scheduled') return ofStates
  const told = timeline.flatMap(({ type, at }) => {
    const name = EVENTS[type]
    return name === undefined ? [] : [{ name, at }]
  })
  const [first, ...rest] = told
  if (first === undefined) return ofStates
  return rest.reduce((last, one) => (one.at >= last.at ? one : last), first).name
}

/** An email in a list. */
export function presentEmail(message: Summary) {
  return {
    id: uuidOf('message', message.id),
    to: message.to,
    from: message.from === null ? '' : mailboxText(message.from),
    created_at: message.createdAt,
    subject: message.subject ?? '',
    bcc: null,
    cc: null,
    reply_to: null,
    last_event: lastOfStates(message.states),
    scheduled_at: message.sendAt,
  }
}

/** An email whole. `raw` is the message as it was accepted; null where it can no more, or must not, be read. */
export function presentWholeEmail(message: Message, raw: Buffer | null) {
  const { html, text, replyTo } = contentOf(raw)
  const of = (kind: Message['recipients'][number]['kind']): string[] =>
    message.recipients.filter((recipient) => recipient.kind === kind).map(({ email }) => email)
  return {
    object: 'email',
    id: uuidOf('message', message.id),
    message_id: message.messageIdHeader,
    to: of('to'),
    from: message.from === null ? '' : mailboxText(message.from),
    created_at: message.createdAt,
    subject: message.subject ?? '',
    html,
    text,
    bcc: of('bcc'),
    cc: of('cc'),
    reply_to: replyTo,
    last_event: lastEvent(message),
    scheduled_at: message.sendAt,
    topic_id: message.topic === null ? null : uuidOf('topic', message.topic),
    tags: tagsOf(message),
  }
}

function contentOf(raw: Buffer | null) {
  if (raw === null) return { html: null, text: null, replyTo: [] }
  const { root, leaves } = readParts(withoutLastBreak(raw))
  const shown = leaves.filter((part) => !/^attachment\b/i.test(fieldOf(part, 'content-disposition') ?? ''))
  const textOf = (type: string): string | null => {
    const part = shown.find((one) => one.type === type)
    return part === undefined ? null : partText(part, SHOWN_BYTES_MAX)
  }
  const replyTo = fieldOf(root, 'reply-to')
  return {
    html: textOf('text/html'),
    text: textOf('text/plain'),
    replyTo: replyTo === null ? [] : replyTo.split(/, */).filter((one) => one !== ''),
  }
}

/** As they were given: names with values. */
function tagsOf({ tags, metadata }: Message): { name: string; value: string }[] {
  const pairs = tags.flatMap((tag) => {
    const at = tag.indexOf(':')
    return at > 0 ? [{ name: tag.slice(0, at), value: tag.slice(at + 1) }] : []
  })
  return [...pairs, ...Object.entries(metadata).map(([name, value]) => ({ name, value: String(value) }))]
}
