import { encodeId } from '../../kernel/ids.ts'
import { parseHeaderBlock } from '../../platform/mime/index.ts'
import { decodeXtext } from '../../platform/smtp/server/index.ts'

/** RFC 3464 §2.3.3; `expanded` and `delivered` are for servers that have mailboxes. */
export type ReportKind = 'failed' | 'delayed' | 'relayed'

export interface ReportedRecipient {
  readonly number: number
  /** Null where it cannot be read any more, as that of a sensitive message. */
  readonly email: string | null
  /** As given: type, semicolon, xtext. */
  readonly orcpt: string | undefined
  /** What the engine noted: state, code, enhanced, reply, host, reason, until. */
  readonly detail: Readonly<Record<string, unknown>>
}

export interface Report {
  readonly id: string
  readonly kind: ReportKind
  readonly hostname: string
  /** The domain in From: the one that the message was sent from. */
  readonly domain: string
  readonly returnTo: string
  /** As xtext. */
  readonly envid: string | undefined
  readonly messageId: string
  readonly messageIdHeader: string
  readonly arrivedAt: Date
  readonly now: Date
  readonly recipients: readonly ReportedRecipient[]
  /** The message, where it may be returned; null: only its Message-ID is named. */
  readonly original: Buffer | null
  /** RET=FULL was asked for, which counts for failures alone (RFC 3461 §4.3). */
  readonly full: boolean
}

/** A message that is larger is not returned whole; RFC 3461 §4.3 leaves that to the server. */
export const RETURNED_BYTES_MAX = 1_048_576
const DIAGNOSTIC_CHARS_MAX = 800

/**
 * A delivery status notification (RFC 3464) in a multipart/report (RFC 6522): a text for people, the facts for programs, and of the message
 * its header, or all of it. Nothing of it can end a line of ours: texts of other servers are cut down to printable ASCII.
 */
export function writeReport(report: Report): {
  readonly raw: Buffer
  readonly eightBit: boolean
  readonly messageIdHeader: string
} {
  const messageIdHeader = `<${encodeId('message', report.id)}@${report.domain}>`
  const boundary = `=_${report.id.replaceAll('-', '')}`
  const returned = returnedPart(report)
  const lines = [
    `From: Mail Delivery System <mailer-daemon@${report.domain}>`,
    `To: <${report.returnTo}>`,
    `Subject: ${SUBJECTS[report.kind]}`,
    `Date: ${mailDate(report.now)}`,
    `Message-ID: ${messageIdHeader}`,
    ...(isMessageId(report.messageIdHeader) ? [`In-Reply-To: ${report.messageIdHeader}`] : []),
    // RFC 3834 §5; nobody's autoresponder answers it.
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status;',
    ` boundary="${boundary}"`,
    ...(returned.eightBit ? ['Content-Transfer-Encoding: 8bit'] : []),
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=us-ascii',
    '',
    ...forPeople(report),
    `--${boundary}`,
    'Content-Type: message/delivery-status',
    '',
    ...forPrograms(report),
    `--${boundary}`,
    ...returned.head,
    '',
    '',
  ]
  return {
    raw: Buffer.concat([
      Buffer.from(lines.join('\r\n')),
      returned.content,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]),
    eightBit: returned.eightBit,
    messageIdHeader,
  }
}

const SUBJECTS = {
  failed: 'Delivery Status Notification (Failure)',
  delayed: 'Delivery Status Notification (Delay)',
  relayed: 'Delivery Status Notification (Relay)',
} as const satisfies Record<ReportKind, string>

const OPENINGS = {
  failed: ['Your message could not be delivered to the recipients below.', 'It is not tried again.'],
  delayed: [
    'Your message could not be delivered to the recipients below yet.',
    'It is tried further; you need not send it again.',
  ],
  relayed: [
    'Your message was handed to the mail servers of the recipients below.',
    'You may hear nothing more of it, also when it is delivered.',
  ],
} as const satisfies Record<ReportKind, readonly string[]>

function forPeople(report: Report): string[] {
  const { hostname, messageId, kind } = report
  const unsure = report.recipients.some(({ detail }) => detail['unsure'] === true)
  return [
    `This is the mail server ${hostname}.`,
    '',
    ...OPENINGS[kind],
    ...(unsure ? ['The answer does not tell which of them it is about.'] : []),
    '',
    ...report.recipients.flatMap((recipient) => [
      `  ${shownAddress(recipient)}`,
      ...wrapped(`    ${reasonOf(kind, recipient.detail)}`),
    ]),
    '',
    `The message is known here as ${encodeId('message', messageId)}.`,
    '',
  ]
}

function reasonOf(kind: ReportKind, detail: ReportedRecipient['detail']): string {
  const said = diagnosticOf(detail)
  const host = hostOf(detail)
  const who = host === null ? '' : `${host} `
  switch (kind) {
    case 'relayed':
      return host === null ? 'Handed over.' : `Taken by ${host}.`
    case 'delayed':
      return said === null ? 'No server took it so far.' : `${who}said: ${said}`
    case 'failed':
      if (detail['state'] === 'suppressed')
        return 'The address is on the suppression list of the sender, so the message was not sent.'
      if (detail['state'] === 'expired') return 'The time for which it was tried is over.'
      if (detail['state'] === 'uncertain')
        return 'The connection broke before the answer came. It may have arrived; it is not sent again.'
      if (detail['state'] === 'returned' && said === null) return 'It was taken, and came back later.'
      return said === null ? 'It was refused.' : `${who}said: ${said}`
  }
}

function forPrograms(report: Report): string[] {
  const envid = report.envid === undefined ? null : decodeXtext(report.envid)
  return [
    ...(envid === null ? [] : [`Original-Envelope-Id: ${envid}`]),
    `Reporting-MTA: dns; ${report.hostname}`,
    `Arrival-Date: ${mailDate(report.arrivedAt)}`,
    '',
    ...report.recipients.flatMap((recipient) => [...recipientFields(report, recipient), '']),
  ]
}

function recipientFields({ kind, now }: Report, recipient: ReportedRecipient): string[] {
  const { detail, orcpt } = recipient
  const original = orcpt === undefined ? null : originalRecipient(orcpt)
  const host = hostOf(detail)
  const said = diagnosticOf(detail)
  const until = typeof detail['until'] === 'string' ? Date.parse(detail['until']) : Number.NaN
  return [
    ...(original === null ? [] : [`Original-Recipient: ${original}`]),
    `Final-Recipient: ${addressType(recipient)}; ${shownAddress(recipient)}`,
    `Action: ${kind}`,
    `Status: ${statusOf(kind, detail)}`,
    ...(host === null ? [] : [`Remote-MTA: dns; ${host}`]),
    // What a server of ours concluded by itself is no reply of SMTP.
    ...(said === null || typeof detail['code'] !== 'number'
      ? []
      : folded(`Diagnostic-Code: smtp; ${detail['code']} ${said}`)),
    `Last-Attempt-Date: ${mailDate(now)}`,
    ...(kind === 'delayed' && Number.isFinite(until)
      ? [`Will-Retry-Until: ${mailDate(new Date(until))}`]
      : []),
  ]
}

/** RFC 3463. The class is that of the action, whatever the other server wrote (RFC 3464 §2.3.4). */
function statusOf(kind: ReportKind, detail: ReportedRecipient['detail']): string {
  const digit = { failed: '5', delayed: '4', relayed: '2' }[kind]
  const [, rest] = /^[245](\.\d{1,3}\.\d{1,3})$/.exec(String(detail['enhanced'])) ?? []
  if (kind === 'relayed') return '2.1.9'
  if (rest !== undefined && rest !== '.0.0') return digit + rest
  switch (detail['state']) {
    case 'expired':
      return '5.4.7'
    case 'suppressed':
      return '5.7.1'
    case 'uncertain':
      return '5.4.2'
    default:
      return `${digit}.0.0`
  }
}

function hostOf(detail: ReportedRecipient['detail']): string | null {
  const host = detail['host']
  return typeof host === 'string' && /^[\w.:-]{1,253}$/.test(host) ? host : null
}

function diagnosticOf(detail: ReportedRecipient['detail']): string | null {
  const said = detail['reply'] ?? detail['reason']
  if (typeof said !== 'string') return null
  const line = said
    .replaceAll(/[^ -~]+/g, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim()
    .slice(0, DIAGNOSTIC_CHARS_MAX)
  return line === '' ? null : line
}

/** RFC 6533 §3: where the type is utf-8, what has no ASCII stands as code points, and no server on the way needs SMTPUTF8. */
function addressType({ email }: ReportedRecipient): 'rfc822' | 'utf-8' {
  return email !== null && /[^\0-\x7f]/.test(email) ? 'utf-8' : 'rfc822'
}

function shownAddress(recipient: ReportedRecipient): string {
  const { email, number } = recipient
  // RFC 2606 §2: nobody's address. The submitter knows the recipient by the envelope or the Message-ID.
  if (email === null) return `recipient-${number}@undisclosed.invalid`
  return addressType(recipient) === 'rfc822'
    ? email.replaceAll(/[^ -~]/g, '?')
    : Array.from(email, (char) =>
        /[!-~]/.test(char) && char !== '\\'
          ? char
          : `\\x{${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, '0')}}`,
      ).join('')
}

function originalRecipient(orcpt: string): string | null {
  const end = orcpt.indexOf(';')
  const type = orcpt.slice(0, end)
  const address = orcpt.slice(end + 1)
  const shown = type.toLowerCase() === 'utf-8' ? address : decodeXtext(address)
  return shown === null ? null : `${type}; ${shown}`
}

interface Returned {
  readonly head: readonly string[]
  readonly content: Buffer
  readonly eightBit: boolean
}

/** Header, or all of it. A header that is not ASCII would need SMTPUTF8 all the way back, so it is left out (RFC 6533 §4). */
function returnedPart({ original, full, kind, messageIdHeader }: Report): Returned {
  const named = isMessageId(messageIdHeader) ? `Message-ID: ${messageIdHeader}\r\n` : ''
  const block = original === null ? null : parseHeaderBlock(original)
  if (original === null || block === null || !block.ok) return headersOnly(Buffer.from(named))
  const header = original.subarray(0, block.bodyStart)
  if (!isAscii(header)) return headersOnly(Buffer.from(named))
  if (!full || kind !== 'failed' || original.length > RETURNED_BYTES_MAX) return headersOnly(header)
  const eightBit = !isAscii(original)
  return {
    head: ['Content-Type: message/rfc822', ...(eightBit ? ['Content-Transfer-Encoding: 8bit'] : [])],
    content: original,
    eightBit,
  }
}

function headersOnly(header: Buffer): Returned {
  return { head: ['Content-Type: text/rfc822-headers'], content: header, eightBit: false }
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every((byte) => byte < 0x80)
}

function isMessageId(text: string): boolean {
  return /^<[!-~]{1,250}>$/.test(text)
}

function mailDate(at: Date): string {
  return at.toUTCString().replace('GMT', '+0000')
}

/** A field on lines of at most 200 characters (RFC 5322 §2.2.3), broken at blanks. */
function folded(field: string): string[] {
  return wrapped(field, 200).map((line, position) => (position === 0 ? line : ` ${line.trimStart()}`))
}

function wrapped(text: string, chars = 76): string[] {
  const indent = /^ */.exec(text)?.[0] ?? ''
  const lines: string[] = []
  let line = indent
  for (const word of text.trim().split(' ')) {
    if (line.trim() !== '' && line.length + 1 + word.length > chars) {
      lines.push(line)
      line = indent
    }
    line += line.trim() === '' ? word : ` ${word}`
  }
  return [...lines, line]
}
