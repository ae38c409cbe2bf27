import type { WebhookEvent } from '../webhook.ts'

/** What the sender wrote on a message, as far as formats tell of it. */
export interface MessageFacts {
  readonly from: { readonly email: string; readonly name?: string }
  readonly subject: string | null
  readonly messageIdHeader: string
  /** UUID of the first message of the request that it came with. */
  readonly requestId: string
  readonly metadata: Readonly<Record<string, string | number | boolean>>
  readonly templateId: string | null
  /** What the template was called when the message was accepted. */
  readonly templateAlias?: string
  readonly broadcastId: string | null
  readonly topicNumber: number | null
  readonly subaccount: string | null
}

export interface SourceRecipient {
  readonly number: number
  readonly kind: string
  readonly email: string
}

/** An event of a message, opened: what the body of a webhook is made of, whatever its format. */
export interface EventSource {
  readonly type: string
  readonly endpointId: string
  readonly eventId: string
  readonly messageId: string | null
  readonly number: number | null
  readonly happenedAt: Date
  readonly attempts: number | null
  readonly detail: Readonly<Record<string, unknown>>
  /** Those of the sender only. */
  readonly tags: readonly string[]
  readonly sensitive: boolean
  /** Null where its key is destroyed, or where the event concerns the message as a whole. */
  readonly email: string | null
  /** Null of sensitive messages, and where nothing is at hand. */
  readonly message: MessageFacts | null
  readonly acceptedAt: Date | null
  readonly sendAt: Date | null
  /** Whom it goes to, of message.accepted in a vendor's format; without those that were stopped before their time came. */
  readonly recipients: readonly SourceRecipient[]
}

/** One event in the words of a vendor. */
export interface NamedEvent {
  /** The vendor's name of the kind: an endpoint chooses among them. */
  readonly name: string
  readonly event: Readonly<Record<string, unknown>>
}

/** A vendor's way of telling events. */
export interface VendorFormat {
  /** The vendor's names, each with those of our events that may be told so. */
  readonly events: Readonly<Record<string, readonly WebhookEvent[]>>
  readonly contentType: string
  /** Whether acceptance is told when the message goes out, as the vendor does, where it was scheduled. */
  readonly tellsAcceptanceWhenDue: boolean
  /** None where the vendor has no word for what happened. */
  tell(source: EventSource): readonly NamedEvent[]
  /** The body that carries events; there is at least one, except in a check of a new URL. */
  body(events: readonly NamedEvent[]): string
}

/** What the other side answered, in one line; null where it answered nothing. */
export function responseOf(detail: Readonly<Record<string, unknown>>): string | null {
  const code = typeof detail['code'] === 'number' ? String(detail['code']) : ''
  const enhanced = text(detail['enhanced']) ?? ''
  const reply = text(detail['reply']) ?? ''
  const line = [code, reply.startsWith(enhanced) ? '' : enhanced, reply]
    .filter((part) => part !== '')
    .join(' ')
  return line === '' ? null : line
}

/** Why a message ended or waits, in words: what the other side said, or else what we say. */
export function reasonOf(detail: Readonly<Record<string, unknown>>): string {
  return responseOf(detail) ?? text(detail['reason']) ?? text(detail['cause']) ?? 'no reason was given'
}

export function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

export function unixSeconds(at: Date): number {
  return Math.floor(at.getTime() / 1_000)
}

/** Whether mail to the address is no use any more: only what says so of the recipient does, as for our own suppressions. */
export function isHardBounce(detail: Readonly<Record<string, unknown>>): boolean {
  return detail['class'] === 'recipient' && detail['permanent'] !== false
}

type Teller = (source: EventSource) => readonly NamedEvent[]

/** What vendors tell apart. */
interface Tellers {
  readonly accepted: Teller
  readonly delivered: Teller
  readonly deferred: Teller
  /** The other side refused it, at once or later. */
  readonly bounced: Teller
  /** No more tries, and no refusal. */
  readonly failed: Teller
  readonly suppressed: Teller
  readonly complained: Teller
  readonly opened: Teller
  readonly clicked: Teller
  readonly unsubscribed: Teller
}

const TOLD: Readonly<Record<string, keyof Tellers>> = {
  'message.accepted': 'accepted',
  'message.delivered': 'delivered',
  'message.deferred': 'deferred',
  'message.bounced': 'bounced',
  'message.returned': 'bounced',
  'message.expired': 'failed',
  'message.suppressed': 'suppressed',
  'message.complained': 'complained',
  'message.opened': 'opened',
  'message.clicked': 'clicked',
  'message.unsubscribed': 'unsubscribed',
}

/** Tells each event by what it is for vendors, none of whom knows mail that was sent and has no known fate. */
export function tellBy(tellers: Partial<Tellers>): Teller {
  return (source) => {
    const told = source.type === 'message.uncertain' ? uncertain(source) : TOLD[source.type]
    return (told === undefined ? undefined : tellers[told]?.(source)) ?? []
  }
}

/** Another attempt may follow. */
function uncertain({ detail }: EventSource): 'deferred' | 'failed' {
  return detail['nextAttemptAt'] === undefined ? 'failed' : 'deferred'
}
