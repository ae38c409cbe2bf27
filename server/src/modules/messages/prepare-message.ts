import { parseMailbox, type ParsedAddress } from '../../kernel/email-address.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import type { Lane } from '../../kernel/lane.ts'
import { composeMessage } from '../../platform/mime/index.ts'
import {
  LIFETIME_MS,
  MESSAGE_BYTES_MAX,
  RECIPIENTS_MAX,
  SEND_AT_DAYS_MAX,
  SENSITIVE_LIFETIME_MS_MAX,
  type MessageSummary,
  type PreparedMessage,
  type PreparedRecipient,
  type RecipientKind,
} from './message.ts'
import type { AddressInput, SendRequest } from './send-request.ts'

export interface PrepareOptions {
  readonly id: string
  readonly workspaceId: string
  readonly actor: string
  readonly source: 'api' | 'batch'
  readonly now: Date
  readonly idempotency: PreparedMessage['idempotency']
}

/** Checks a request whole and composes its MIME message; what is wrong is a Fault that names the field. Pure but for the ids given. */
export function prepareMessage(request: SendRequest, options: PrepareOptions): PreparedMessage {
  const from = mailbox('from', request.from)
  const named = {
    to: mailboxes('to', request.to),
    cc: mailboxes('cc', request.cc),
    bcc: mailboxes('bcc', request.bcc),
  }
  const recipients = uniqueRecipients(named)
  const sensitive = request.sensitive ?? false
  checkCounts(recipients, sensitive)
  if (sensitive) refuseCopies({ cc: request.cc, bcc: request.bcc })
  if (request.html === undefined && request.text === undefined) {
    throw invalidField('text', 'is missing, and so is html', 'Give text, html or both.')
  }
  const replyTo = mailboxes('replyTo', request.replyTo)
  const lane: Lane = request.lane ?? (sensitive ? 'critical' : 'transactional')
  const messageIdHeader = `<${encodeId('message', options.id)}@${from.domain}>`
  const composed = composeMessage({
    from: display(from),
    to: named.to.map(display),
    cc: named.cc.map(display),
    replyTo: replyTo.map(display),
    subject: request.subject,
    ...(request.text === undefined ? {} : { text: request.text }),
    ...(request.html === undefined ? {} : { html: request.html }),
    attachments: attachmentsOf(request),
    headers: Object.entries(request.headers ?? {}).map(([name, value]) => ({ name, value })),
    messageId: messageIdHeader,
    date: options.now,
  })
  if (!composed.ok) throw invalidField(composed.field, composed.problem)
  if (composed.raw.length > MESSAGE_BYTES_MAX) {
    throw new Fault('too_large', {
      detail: `The message would be ${composed.raw.length} bytes; the most is ${MESSAGE_BYTES_MAX}.`,
    })
  }
  const summary: MessageSummary = {
    from: display(from),
    to: named.to.slice(0, 3).map((address) => address.email),
    ...(replyTo.length === 0 ? {} : { replyTo: replyTo.map((address) => address.email) }),
    ...(sensitive ? {} : { subject: request.subject }),
    ...(request.metadata === undefined ? {} : { metadata: request.metadata }),
    ...(request.context === undefined ? {} : { context: contextOf(request.context) }),
    messageIdHeader,
    envelopeFrom: from.email,
    eightBit: composed.eightBit,
    smtputf8: composed.needsSmtpUtf8 || from.needsSmtpUtf8,
  }
  return {
    id: options.id,
    workspaceId: options.workspaceId,
    lane,
    source: options.source,
    sensitive,
    fromDomain: from.domain,
    tags: request.tags ?? [],
    ...scheduleOf({ sendAt: request.sendAt, expiresAt: request.expiresAt }, lane, sensitive, options.now),
    actor: options.actor,
    summary,
    raw: composed.raw,
    recipients,
    idempotency: options.idempotency,
  }
}

const SENSITIVE_LIMIT = `is more than ${SENSITIVE_LIFETIME_MS_MAX / 3_600_000} hours after the message is accepted, and a sensitive message lives no longer: its key is destroyed then`
const SENSITIVE_FIX = 'Send it when it is needed, or without sensitive.'

export interface Schedule {
  readonly sendAt: Date | undefined
  readonly expiresAt: Date
}

/**
 * The times of a message, checked against each other and the limits of its lane. A sensitive message is over four hours after it was
 * accepted, whenever it is sent: an hour later the keyring destroys what could open it.
 */
export function scheduleOf(
  request: { readonly sendAt: string | undefined; readonly expiresAt: string | undefined },
  lane: Lane,
  sensitive: boolean,
  now: Date,
  acceptedAt: Date = now,
): Schedule {
  const wanted = request.sendAt === undefined ? undefined : new Date(request.sendAt)
  if (wanted !== undefined && wanted.getTime() > now.getTime() + SEND_AT_DAYS_MAX * 86_400_000) {
    throw invalidField('sendAt', `is more than ${SEND_AT_DAYS_MAX} days ahead`)
  }
  const sendAt = wanted !== undefined && wanted > now ? wanted : undefined
  const start = (sendAt ?? now).getTime()
  const limits = LIFETIME_MS[lane]
  const last = sensitive ? acceptedAt.getTime() + SENSITIVE_LIFETIME_MS_MAX : start + limits.max
  if (start >= last) throw invalidField('sendAt', SENSITIVE_LIMIT, SENSITIVE_FIX)
  if (request.expiresAt === undefined) {
    return { sendAt, expiresAt: new Date(Math.min(start + limits.standard, last)) }
  }
  const expiresAt = new Date(request.expiresAt)
  if (expiresAt.getTime() <= start)
    throw invalidField('expiresAt', sendAt === undefined ? 'is in the past' : 'is not after sendAt')
  if (expiresAt.getTime() > last) {
    if (sensitive) throw invalidField('expiresAt', SENSITIVE_LIMIT, SENSITIVE_FIX)
    throw invalidField(
      'expiresAt',
      `is more than ${limits.max / 3_600_000} hours after the message may be sent`,
    )
  }
  return { sendAt, expiresAt }
}

/** At least one recipient, at most a thousand; a sensitive message has exactly one. */
export function checkCounts(recipients: readonly PreparedRecipient[], sensitive: boolean): void {
  if (recipients.length === 0) throw invalidField('to', 'names no recipient')
  if (recipients.length > RECIPIENTS_MAX) {
    throw new Fault('too_many_recipients', {
      detail: `The message has ${recipients.length} recipients; the most is ${RECIPIENTS_MAX}.`,
      fields: [
        {
          field: 'to',
          problem: `to, cc and bcc hold ${recipients.length} addresses`,
          fix: 'Send several messages, for instance as a batch.',
        },
      ],
    })
  }
  if (sensitive && recipients.length > 1)
    throw invalidField('sensitive', 'a sensitive message has exactly one recipient')
}

/** A sensitive message names nobody but its one recipient, not even the same mailbox a second time. */
export function refuseCopies(copies: { readonly cc: unknown; readonly bcc: unknown }): void {
  for (const field of ['cc', 'bcc'] as const) {
    const value = copies[field]
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue
    throw invalidField(
      field,
      'a sensitive message has exactly one recipient and no copies',
      `Leave ${field} out.`,
    )
  }
}

/** A mailbox of a request, or a fault that names the field. */
export function mailbox(field: string, input: AddressInput): ParsedAddress {
  const parsed = parseMailbox(
    typeof input === 'string'
      ? input
      : { email: input.email, ...(input.name === undefined ? {} : { name: input.name }) },
  )
  if (parsed.ok) return parsed.address
  throw invalidField(field, parsed.problem, 'Write it as "Ann <ann@example.com>" or {"email": …, "name": …}.')
}

function mailboxes(
  field: string,
  input: AddressInput | readonly AddressInput[] | undefined,
): ParsedAddress[] {
  if (input === undefined) return []
  if (!isList(input)) return [mailbox(field, input)]
  return input.map((item, position) => mailbox(`${field}[${position}]`, item))
}

function isList(input: AddressInput | readonly AddressInput[]): input is readonly AddressInput[] {
  return Array.isArray(input)
}

/** The same mailbox named twice is mailed once, under the first kind it was named. */
function uniqueRecipients(
  named: Readonly<Record<'to' | 'cc' | 'bcc', readonly ParsedAddress[]>>,
): PreparedRecipient[] {
  const seen = new Set<string>()
  const recipients: PreparedRecipient[] = []
  for (const kind of ['to', 'cc', 'bcc'] as const satisfies RecipientKind[]) {
    for (const address of named[kind]) {
      if (seen.has(address.email)) continue
      seen.add(address.email)
      recipients.push({ kind, email: address.email })
    }
  }
  return recipients
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

function attachmentsOf(request: SendRequest) {
  return (request.attachments ?? []).map((attachment, position) => {
    const text = attachment.content.replaceAll(/[\r\n]/g, '')
    if (!BASE64.test(text) || text.length % 4 === 1) {
      throw invalidField(
        `attachments[${position}].content`,
        'is not base64',
        'Encode the bytes as standard base64.',
      )
    }
    return {
      filename: attachment.filename,
      content: Buffer.from(text, 'base64'),
      ...(attachment.contentType === undefined ? {} : { contentType: attachment.contentType }),
      ...(attachment.contentId === undefined ? {} : { contentId: attachment.contentId }),
      ...(attachment.inline === undefined ? {} : { inline: attachment.inline }),
    }
  })
}

export function display(address: ParsedAddress): MessageSummary['from'] {
  return address.display === undefined
    ? { email: address.email }
    : { email: address.email, name: address.display }
}

function contextOf(context: NonNullable<SendRequest['context']>): NonNullable<MessageSummary['context']> {
  return {
    ...(context.event === undefined ? {} : { event: context.event }),
    ...(context.actorIp === undefined ? {} : { actorIp: context.actorIp }),
    ...(context.accountRef === undefined ? {} : { accountRef: context.accountRef }),
  }
}
