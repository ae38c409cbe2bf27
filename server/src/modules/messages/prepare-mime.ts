import { parseAddress, parseAddressList, type ParsedAddress } from '../../kernel/email-address.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import type { Lane } from '../../kernel/lane.ts'
import {
  checkSubmitted,
  decodeHeaderText,
  findHeader,
  headerValue,
  withHeaders,
  withoutHeaders,
  type SubmittedMessage,
} from '../../platform/mime/index.ts'
import { CONTROL_PREFIX, checkControlNames, readControls, type Controls } from './control-headers.ts'
import {
  MESSAGE_BYTES_MAX,
  type DsnNotify,
  type MessageDsn,
  type MessageSummary,
  type PreparedMessage,
  type PreparedRecipient,
} from './message.ts'
import { checkCounts, display, refuseCopies, scheduleOf, UNSUBSCRIBE_FIELDS } from './prepare-message.ts'
import { actingNames, refuseTopicOfSensitive, summaryOfNames, tagsOfNames, type Names } from './names.ts'
import { claimedBy } from './sender-bounds.ts'
import type { ClaimedSender } from './sender-bounds.ts'
import type { WorkspaceLinks } from '../tracking/index.ts'

export interface MimeOptions {
  readonly id: string
  readonly workspaceId: string
  readonly actor: string
  readonly source: 'mime' | 'smtp'
  readonly now: Date
  readonly raw: Buffer
  /** The reverse-path; undefined takes the address in From. */
  readonly envelopeFrom: string | undefined
  /** The envelope's recipients; undefined takes those of To, Cc and Bcc. */
  readonly envelopeRecipients: readonly string[] | undefined
  /** What the envelope says beside the addresses. */
  readonly envelopeOptions?: EnvelopeOptions | undefined
  /** Set by the API's query; the control headers of the message are used where these are absent. */
  readonly controls: Partial<Controls>
  /** Trace fields that go on top (RFC 5321 §4.4). */
  readonly traceFields: readonly string[]
  readonly idempotency: PreparedMessage['idempotency']
  /** What it names, looked up. */
  readonly names?: Names
  /** How links of the workspace are written. */
  readonly links: WorkspaceLinks
}

/** The options of a submitted envelope (RFC 3461, RFC 8689). */
export interface EnvelopeOptions {
  readonly requireTls?: boolean
  readonly ret?: 'FULL' | 'HDRS'
  readonly envid?: string
  /** One for each of `envelopeRecipients`, in order. */
  readonly recipients?: readonly { readonly notify?: readonly DsnNotify[]; readonly orcpt?: string }[]
}

export interface PreparedMime {
  readonly message: PreparedMessage
  /** Every domain that the message claims to come from: From, Sender and the reverse-path. */
  readonly claimedDomains: readonly { readonly field: string; readonly domain: string }[]
  /** Whom its header names as where it comes from. The reverse-path is where bounces go, and is nobody's name. */
  readonly claimedSenders: readonly ClaimedSender[]
}

/**
 * Prepares a message that came whole. It is kept byte for byte: only Bcc and our own control headers are taken out, and trace
 * fields, Date and Message-ID (RFC 6409 §8) are put on top where they are missing. Links change where they are to be tracked.
 */
export function prepareMime(options: MimeOptions): PreparedMime {
  if (options.raw.length > MESSAGE_BYTES_MAX) {
    throw new Fault('too_large', {
      detail: `The message has ${options.raw.length} bytes; the most is ${MESSAGE_BYTES_MAX}.`,
    })
  }
  const submitted = checkSubmitted(options.raw)
  if (!submitted.ok) throw invalidField('message', submitted.problem)
  const header = (name: string) => {
    const field = findHeader(submitted.block, name)
    return field === undefined ? undefined : headerValue(options.raw, field)
  }
  checkControlNames(submitted.block.headers.map(({ name }) => name))
  const controls = { ...readControls(header), ...options.controls }
  const sensitive = controls.sensitive ?? false
  const lane: Lane = controls.lane ?? (sensitive ? 'critical' : 'transactional')
  const recipients =
    options.envelopeRecipients === undefined
      ? headerRecipients(header)
      : envelopeRecipients(options.envelopeRecipients, header)
  checkCounts(recipients, sensitive)
  if (sensitive) refuseCopies({ cc: header('cc'), bcc: header('bcc') })

  const names = options.names ?? {}
  refuseTopicOfSensitive(names, sensitive)
  const envelopeFrom = reversePath(options.envelopeFrom, submitted.from)
  const messageIdHeader =
    header('message-id') ?? `<${encodeId('message', options.id)}@${submitted.from.domain}>`
  const added = [...options.traceFields]
  if (header('date') === undefined) added.push(`Date: ${options.now.toUTCString().replace('GMT', '+0000')}`)
  if (header('message-id') === undefined) added.push(`Message-ID: ${messageIdHeader}`)
  const kept = withoutHeaders(
    options.raw,
    (name) =>
      name === 'bcc' || name === 'resent-bcc' || name === 'return-path' || name.startsWith(CONTROL_PREFIX),
  )
  const links = options.links.of({
    messageId: options.id,
    lane,
    sensitive,
    recipients: recipients.length,
    tracking: { opens: controls.trackOpens, clicks: controls.trackClicks },
    unsubscribe: controls.unsubscribe ?? (names.topicId === undefined ? undefined : true),
    hasTopic: names.topicId !== undefined,
    ownUnsubscribe: submitted.block.headers
      .filter(({ name }) => UNSUBSCRIBE_FIELDS.has(name))
      .map((field) => headerValue(options.raw, field)),
  })
  for (const { name, value } of links.headers) added.push(`${name}: ${value.replaceAll(', ', ',\r\n ')}`)
  const tracked = links.raw(kept)
  // A message of the largest size is sent as it is rather than refused for what we would add.
  const raw = withHeaders(tracked.length > MESSAGE_BYTES_MAX ? kept : tracked, added)
  const subject = header('subject')
  const summary: MessageSummary = {
    from: display(submitted.from),
    to: listed('To', header('to'))
      .slice(0, 3)
      .map((address) => address.email),
    ...(sensitive || subject === undefined ? {} : { subject: decodeHeaderText(subject).slice(0, 2_000) }),
    ...(controls.metadata === undefined ? {} : { metadata: controls.metadata }),
    messageIdHeader: messageIdHeader.slice(0, 998),
    envelopeFrom,
    eightBit: submitted.eightBit,
    smtputf8: needsSmtpUtf8(submitted, envelopeFrom),
    ...(options.envelopeOptions?.requireTls === true ? { requireTls: true } : {}),
    ...dsnOf(options, recipients),
    ...(links.tracked === undefined ? {} : { tracking: links.tracked }),
    ...summaryOfNames(names),
  }
  const { sendAt, expiresAt } = scheduleOf(
    { sendAt: controls.sendAt, expiresAt: controls.expiresAt },
    lane,
    sensitive,
    options.now,
  )
  return {
    message: {
      id: options.id,
      workspaceId: options.workspaceId,
      lane,
      source: options.source,
      sensitive,
      fromDomain: submitted.from.domain,
      tags: [...new Set(controls.tags), ...tagsOfNames(names)],
      ...actingNames(names),
      sendAt,
      expiresAt,
      actor: options.actor,
      summary,
      raw,
      recipients,
      idempotency: options.idempotency,
    },
    claimedDomains: claimedDomains(submitted.from, header('sender'), envelopeFrom),
    claimedSenders: [
      { field: 'From', email: submitted.from.email },
      ...submitted.block.headers.flatMap((field) => claimedBy(field.name, headerValue(options.raw, field))),
    ],
  }
}

/** The DSN options by recipient number. Of an address that was named twice the first options count. */
function dsnOf(
  { envelopeOptions, envelopeRecipients: paths }: MimeOptions,
  recipients: readonly PreparedRecipient[],
): { readonly dsn?: MessageDsn } {
  if (envelopeOptions === undefined) return {}
  const { ret, envid } = envelopeOptions
  const numbers = new Map(recipients.map(({ email }, position) => [email, String(position + 1)]))
  const byNumber: Record<string, { notify?: readonly DsnNotify[]; orcpt?: string }> = {}
  for (const [position, given] of (envelopeOptions.recipients ?? []).entries()) {
    if (given.notify === undefined && given.orcpt === undefined) continue
    const parsed = parseAddress(paths?.[position] ?? '')
    const number = parsed.ok ? numbers.get(parsed.address.email) : undefined
    if (number !== undefined) byNumber[number] ??= { ...given }
  }
  const dsn: MessageDsn = {
    ...(ret === undefined ? {} : { ret }),
    ...(envid === undefined ? {} : { envid }),
    ...(Object.keys(byNumber).length === 0 ? {} : { recipients: byNumber }),
  }
  return Object.keys(dsn).length === 0 ? {} : { dsn }
}

/** The idempotency key that a submitted message carries in its control header. */
export function controlsOf(raw: Buffer): Controls {
  const submitted = checkSubmitted(raw)
  if (!submitted.ok) throw invalidField('message', submitted.problem)
  return readControls((name) => {
    const field = findHeader(submitted.block, name)
    return field === undefined ? undefined : headerValue(raw, field)
  })
}

function needsSmtpUtf8(submitted: SubmittedMessage, envelopeFrom: string): boolean {
  return submitted.needsSmtpUtf8 || /[^\0-\x7f]/.test(envelopeFrom)
}

function reversePath(given: string | undefined, from: ParsedAddress): string {
  if (given === undefined) return from.email
  if (given === '') return ''
  const parsed = parseAddress(given)
  if (!parsed.ok) throw invalidField('MAIL FROM', parsed.problem)
  return parsed.address.email
}

/** Every domain that a message claims to come from. */
export function claimedDomains(from: ParsedAddress, senderHeader: string | undefined, envelopeFrom: string) {
  const claimed = [{ field: 'From', domain: from.domain }]
  for (const address of listed('Sender', senderHeader))
    claimed.push({ field: 'Sender', domain: address.domain })
  if (envelopeFrom !== '')
    claimed.push({ field: 'MAIL FROM', domain: envelopeFrom.slice(envelopeFrom.lastIndexOf('@') + 1) })
  return claimed
}

function listed(field: string, value: string | undefined): readonly ParsedAddress[] {
  if (value === undefined || value === '') return []
  const parsed = parseAddressList(value)
  if (!parsed.ok) throw invalidField(field, parsed.problem)
  return parsed.addresses
}

function headerRecipients(header: (name: string) => string | undefined): PreparedRecipient[] {
  const recipients = new Map<string, PreparedRecipient>()
  for (const kind of ['to', 'cc', 'bcc'] as const) {
    for (const address of listed(kind, header(kind))) {
      if (!recipients.has(address.email)) recipients.set(address.email, { kind, email: address.email })
    }
  }
  return [...recipients.values()]
}

/** Envelope recipients keep the kind under which the header names them; others are only in the envelope. */
function envelopeRecipients(
  paths: readonly string[],
  header: (name: string) => string | undefined,
): PreparedRecipient[] {
  const kinds = new Map(headerRecipients(header).map((recipient) => [recipient.email, recipient.kind]))
  const recipients = new Map<string, PreparedRecipient>()
  for (const path of paths) {
    const parsed = parseAddress(path)
    if (!parsed.ok) throw invalidField('RCPT TO', parsed.problem)
    const { email } = parsed.address
    if (!recipients.has(email)) recipients.set(email, { kind: kinds.get(email) ?? 'envelope', email })
  }
  return [...recipients.values()]
}
