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
  broadcastTag,
  templateTag,
  type MessageSummary,
  type PreparedMessage,
  type PreparedRecipient,
  type RecipientKind,
} from './message.ts'
import { actingNames, refuseTopicOfSensitive, summaryOfNames, tagsOfNames, type Names } from './names.ts'
import { finished } from './finishing.ts'
import type { AddressInput, SendRequest } from './send-request.ts'
import type { RenderedParts, RenderedTemplate } from '../templates/index.ts'
import type { WorkspaceLinks } from '../tracking/index.ts'

export interface PrepareOptions {
  readonly id: string
  readonly workspaceId: string
  readonly actor: string
  readonly source: 'api' | 'batch'
  readonly now: Date
  readonly idempotency: PreparedMessage['idempotency']
  /** What it names, looked up. */
  readonly names?: Names
  /** UUID of the first message of its request, where several belong together. */
  readonly requestId?: string | undefined
  /** UUID of the broadcast that it is the mail of. */
  readonly broadcastId?: string | undefined
  /** How links of the workspace are written. */
  readonly links: WorkspaceLinks
  /** What the template says that the request names, or the parts of the request once they are filled */
  readonly rendered?: (RenderedParts & Partial<RenderedTemplate>) | undefined
  /** Its html with styles in their elements, where the request wants them there. */
  readonly styledHtml?: string | undefined
}

/** Checks a request whole and composes its MIME message; what is wrong is a Fault that names the field. Pure but for the ids given. */
export function prepareMessage(request: SendRequest, options: PrepareOptions): PreparedMessage {
  const from = senderOf(request, options)
  const named = {
    to: mailboxes('to', request.to),
    cc: mailboxes('cc', request.cc),
    bcc: mailboxes('bcc', request.bcc),
  }
  const recipients = uniqueRecipients(named)
  const shown =
    request.shown === undefined
      ? named
      : { to: mailboxes('shown.to', request.shown.to), cc: mailboxes('shown.cc', request.shown.cc) }
  const sensitive = request.sensitive ?? false
  checkCounts(recipients, sensitive)
  if (sensitive) refuseCopies({ cc: request.cc, bcc: request.bcc, shown: request.shown })
  const template = options.rendered?.template
  const said = options.rendered ?? request
  const subject = said.subject === undefined || said.subject === '' ? (request.subject ?? '') : said.subject
  const names = options.names ?? {}
  const { html, text, offersLeaving } = finished(
    { html: options.styledHtml ?? said.html, text: said.text },
    {
      finish: request.finish,
      sensitive,
      unsubscribePage: () =>
        options.links.unsubscribePage(options.id, recipients.length, names.topicId !== undefined),
    },
  )
  if (html === undefined && text === undefined) {
    throw invalidField('text', 'is missing, and so is html', 'Give text, html or both.')
  }
  const replyTo = mailboxes('replyTo', request.replyTo ?? options.rendered?.replyTo)
  refuseTopicOfSensitive(names, sensitive)
  const lane: Lane = request.lane ?? (sensitive ? 'critical' : 'transactional')
  const messageIdHeader = request.messageId ?? `<${encodeId('message', options.id)}@${from.domain}>`
  const links = options.links.of({
    messageId: options.id,
    lane,
    sensitive,
    recipients: recipients.length,
    tracking: request.tracking,
    // Who can leave a topic has to be told how.
    unsubscribe: request.unsubscribe ?? (offersLeaving || names.topicId !== undefined ? true : undefined),
    hasTopic: names.topicId !== undefined,
    ownUnsubscribe: Object.entries(request.headers ?? {})
      .filter(([name]) => UNSUBSCRIBE_FIELDS.has(name.toLowerCase()))
      .map(([, value]) => value),
  })
  const composed = composeMessage({
    from: display(from),
    to: shown.to.map(display),
    cc: shown.cc.map(display),
    replyTo: replyTo.map(display),
    subject,
    ...(text === undefined ? {} : { text }),
    ...(html === undefined ? {} : { html: links.html(html) }),
    attachments: attachmentsOf(request),
    alternatives: request.alternatives?.map(({ contentType, content }) => ({ contentType, text: content })),
    headers: [
      ...Object.entries(request.headers ?? {}).map(([name, value]) => ({ name, value })),
      ...links.headers,
    ],
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
    ...(sensitive ? {} : { subject }),
    ...(request.metadata === undefined ? {} : { metadata: request.metadata }),
    ...(request.context === undefined ? {} : { context: contextOf(request.context) }),
    messageIdHeader,
    envelopeFrom: from.email,
    eightBit: composed.eightBit,
    smtputf8: composed.needsSmtpUtf8 || from.needsSmtpUtf8,
    ...(request.requireTls === true ? { requireTls: true } : {}),
    ...(links.tracked === undefined ? {} : { tracking: links.tracked }),
    ...(template === undefined ? {} : { template }),
    ...summaryOfNames(names),
    ...(options.broadcastId === undefined ? {} : { broadcast: options.broadcastId }),
    ...(options.requestId === undefined ? {} : { requestId: options.requestId }),
  }
  return {
    id: options.id,
    workspaceId: options.workspaceId,
    lane,
    source: options.source,
    sensitive,
    fromDomain: from.domain,
    tags: [
      ...new Set(request.tags),
      ...(template === undefined ? [] : [templateTag(template.id)]),
      ...tagsOfNames(names),
      ...(options.broadcastId === undefined ? [] : [broadcastTag(options.broadcastId)]),
    ],
    ...actingNames(names),
    ...scheduleOf({ sendAt: request.sendAt, expiresAt: request.expiresAt }, lane, sensitive, options.now),
    actor: options.actor,
    summary,
    raw: composed.raw,
    recipients,
    idempotency: options.idempotency,
  }
}

function senderOf(request: SendRequest, { rendered }: PrepareOptions): ParsedAddress {
  const written = request.from ?? rendered?.from
  if (written === undefined)
    throw invalidField(
      'from',
      'is missing, and the template names nobody',
      'Give an address of a verified domain.',
    )
  const from = mailbox('from', written)
  const name = rendered?.fromName
  if (name === undefined) return from
  return mailbox('from', name === '' ? { email: from.email } : { email: from.email, name })
}

/** How a sender is named. */
export function senderName(from: AddressInput): string | undefined {
  return mailbox('from', from).display
}

/** Where a sender says itself how to unsubscribe, nothing is added. */
export const UNSUBSCRIBE_FIELDS: ReadonlySet<string> = new Set(['list-unsubscribe', 'list-unsubscribe-post'])

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
export function refuseCopies(copies: {
  readonly cc: unknown
  readonly bcc: unknown
  readonly shown?: unknown
}): void {
  for (const field of ['cc', 'bcc', 'shown'] as const) {
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
    const field = `attachments[${position}]`
    if (attachment.content === undefined)
      throw invalidField(`${field}.url`, 'is fetched for single messages only', 'Give the bytes as content.')
    const text = attachment.content.replaceAll(/[\r\n]/g, '')
    if (!BASE64.test(text) || text.length % 4 === 1) {
      throw invalidField(`${field}.content`, 'is not base64', 'Encode the bytes as standard base64.')
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
