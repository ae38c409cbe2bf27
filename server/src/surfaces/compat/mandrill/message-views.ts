import type { z } from 'zod'
import { Fault } from '../../../kernel/faults.ts'
import { decodeId, encodeId } from '../../../kernel/ids.ts'
import { getMessage } from '../../../modules/messages/index.ts'
import type { Messages, MessageView } from '../../../modules/messages/index.ts'
import { getTemplate } from '../../../modules/templates/index.ts'
import type { Templates } from '../../../modules/templates/index.ts'
import { getMessageTracking } from '../../../modules/tracking/index.ts'
import type { TrackingService } from '../../../modules/tracking/index.ts'
import { mandrillMessageId, readMandrillMessageId } from '../../../modules/webhooks/index.ts'
import type { DoorCall } from '../door.ts'
import { unixTime } from './checks.ts'
import { unknownMessage } from './errors.ts'

export interface ViewServices {
  readonly messages: Messages
  readonly templates: Templates
  readonly tracking: TrackingService
}

export type Message = z.output<typeof MessageView>
type Entry = Message['timeline'][number]
type Call = DoorCall<ViewServices>
type Tracking = Awaited<ReturnType<typeof trackingOf>>

/** A message to one of its recipients, which is what the vendor calls a message. */
export interface Mail {
  readonly message: Message
  readonly recipient: Message['recipients'][number]
}

/** The mail that an `_id` names. Throws Unknown_Message. */
export async function requireMail(call: DoorCall<{ messages: Messages }>, id: string): Promise<Mail> {
  const place = readMandrillMessageId(id)
  if (place === null) throw unknownMessage(id)
  const message = await call
    .run(getMessage, { messageId: encodeId('message', place.messageId) })
    .catch((error: unknown) => {
      throw error instanceof Fault && error.code === 'not_found' ? unknownMessage(id) : error
    })
  const recipient = message.recipients.find(({ number }) => number === place.number)
  if (recipient === undefined) throw unknownMessage(id)
  return { message, recipient }
}

export function mandrillId(message: Pick<Message, 'id'>, number: number): string {
  const uuid = decodeId('message', message.id)
  if (uuid === null) throw new Error('a message has an id that is none')
  return mandrillMessageId(uuid, number)
}

/** What the vendor calls the state of a mail. */
export function stateOf({ message, recipient }: Mail): string {
  const own = message.timeline.filter((entry) => isOf(entry, recipient.number))
  if (own.some(({ type }) => type === 'message.complained')) return 'spam'
  if (own.some(({ type }) => type === 'message.unsubscribed')) return 'unsub'
  return plainState(recipient.state, recipient.attempts)
}

export function plainState(state: string, attempts: number): string {
  switch (state) {
    case 'pending':
      return attempts === 0 ? 'sent' : 'deferred'
    case 'scheduled':
      return 'scheduled'
    case 'held':
      return 'queued'
    case 'bounced':
      return 'bounced'
    case 'expired':
    case 'uncertain':
      return 'soft-bounced'
    case 'suppressed':
    case 'cancelled':
      return 'rejected'
    default:
      return 'sent'
  }
}

function isOf({ recipient }: Entry, number: number): boolean {
  return recipient === null || recipient === number
}

/** What is the same for many mails is asked once: a message may have a thousand recipients, and a thousand messages one template. */
function once<Answer>(ask: (id: string) => Promise<Answer>): (id: string) => Promise<Answer> {
  const asked = new Map<string, Promise<Answer>>()
  return (id) => {
    const answer = asked.get(id) ?? ask(id)
    asked.set(id, answer)
    return answer
  }
}

function trackingOf(call: Call, messageId: string) {
  return call.run(getMessageTracking, { messageId })
}

/** Mails as `messages/info` and `messages/search` show them; one presenter for a request. */
export function createPresenter(call: Call) {
  const templateOf = once((id) => templateName(call, id))
  const tracked = once((messageId) => trackingOf(call, messageId))
  return async (mail: Mail) => {
    const { message } = mail
    const [template, tracking] = await Promise.all([
      message.template === null ? null : templateOf(message.template.id),
      tracked(message.id),
    ])
    return presented(mail, template, tracking)
  }
}

function presented(mail: Mail, template: string | null, tracking: Tracking) {
  const { message, recipient } = mail
  const entries = message.timeline.filter((entry) => isOf(entry, recipient.number))
  const counted = (kind: 'open' | 'click'): number =>
    tracking.data
      .filter((one) => one.kind === kind && (one.recipient === null || one.recipient === recipient.number))
      .reduce(
        (sum, { fetched }) => sum + Object.values(fetched).reduce((all, count) => all + (count ?? 0), 0),
        0,
      )
  return {
    ts: unixTime(message.sendAt ?? message.createdAt),
    _id: mandrillId(message, recipient.number),
    sender: message.from?.email ?? '',
    template,
    subject: message.subject,
    email: recipient.email,
    tags: message.tags,
    opens: counted('open'),
    opens_detail: entries
      .filter(({ type }) => type === 'message.opened')
      .map(({ at }) => ({ ts: unixTime(at), ip: null, location: null, ua: null })),
    clicks: counted('click'),
    clicks_detail: entries
      .filter(({ type }) => type === 'message.clicked')
      .map(({ at, detail }) => ({
        ts: unixTime(at),
        url: typeof detail['url'] === 'string' ? detail['url'] : '',
        ip: null,
        location: null,
        ua: null,
      })),
    state: stateOf(mail),
    metadata: message.metadata,
    subaccount: message.subaccount,
    resends: [],
  }
}

const SMTP_EVENTS: Readonly<Record<string, string>> = {
  'message.delivered': 'sent',
  'message.deferred': 'deferred',
  'message.bounced': 'bounced',
  'message.expired': 'soft-bounced',
  'message.uncertain': 'soft-bounced',
}
const SMTP_EVENTS_MAX = 3

/** What other servers said, the last of it. */
export function smtpEvents({ message, recipient }: Mail) {
  return message.timeline
    .filter((entry) => isOf(entry, recipient.number))
    .flatMap(({ type, at, detail }) => {
      const told = SMTP_EVENTS[type]
      return told === undefined ? [] : [{ ts: unixTime(at), type: told, diag: diagnosisOf(detail) }]
    })
    .slice(-SMTP_EVENTS_MAX)
}

function diagnosisOf(detail: Entry['detail']): string {
  const { code, enhanced, reply, reason, cause } = detail
  const said = [code, enhanced, reply].filter((part) => part !== undefined && part !== null && part !== '')
  if (said.length > 0) return said.map(String).join(' ')
  return typeof reason === 'string' ? reason : typeof cause === 'string' ? cause : ''
}

/** The slug of a template; its id where it has none, or is no more. */
async function templateName(call: Call, id: string): Promise<string> {
  try {
    const { alias } = await call.run(getTemplate, { templateId: id })
    return alias ?? id
  } catch (error) {
    if (error instanceof Fault && (error.code === 'not_found' || error.code === 'missing_scope')) return id
    throw error
  }
}
