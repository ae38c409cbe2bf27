import { invalidField } from '../../../kernel/faults.ts'
import type { Capabilities } from './capabilities.ts'
import type { SmtpReply, SmtpTransaction } from './types.ts'

/** The commands of one transaction, each with its CRLF, or why this peer gets none. */
export type Envelope =
  | {
      readonly kind: 'ready'
      readonly mail: string
      /** One line for each recipient that can be sent to this peer; empty where none can. */
      readonly rcpt: string
      /** By recipient, where at least one cannot be sent: the others go without him. */
      readonly refusals: readonly (SmtpReply | null)[] | null
    }
  | { readonly kind: 'refused'; readonly reply: SmtpReply }

/** What is known of the peer when an envelope is written for it. */
export interface Peer {
  readonly capabilities: Capabilities
  /** TLS is up, and the peer has proved its name. */
  readonly authenticated: boolean
}

// RFC 5321 §4.1.2: a dot-string without specials, or a quoted string; then optionally "@" and a domain or an address literal.
// Wide about UTF-8 (RFC 6531), strict about everything that could end the path or the line.
const ADDRESS =
  /^(?:"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|[^\p{C}\p{Z}\0-\x7f]|\\[\x20-\x7e])*"|[^\p{C}\p{Z}<>()[\]\\,;:"@]+)(?:@(?:[^\p{C}\p{Z}<>()[\]\\,;:"@]+|\[[A-Za-z0-9.:-]+\]))?$/u
const PARAMETER = /^[A-Za-z0-9][A-Za-z0-9-]*(?:=[\x21-\x3c\x3e-\x7e]+)?$/
// 64 octets of local part, "@", 255 of domain (RFC 5321 §4.5.3.1), and room for quoting.
const MAX_ADDRESS_BYTES = 384
const MAX_PARAMETER = 500
const MAX_RECIPIENTS = 1000
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const NON_ASCII = /[^\x00-\x7f]/

/** The extension that must be announced before a MAIL parameter may be used, where the two have different names. */
const EXTENSION_OF: ReadonlyMap<string, string> = new Map([
  ['RET', 'DSN'],
  ['ENVID', 'DSN'],
  ['NOTIFY', 'DSN'],
  ['ORCPT', 'DSN'],
  ['BY', 'DELIVERBY'],
  ['HOLDFOR', 'FUTURERELEASE'],
  ['HOLDUNTIL', 'FUTURERELEASE'],
  ['BODY', '8BITMIME'],
])

const UNSENDABLE: SmtpReply = {
  code: 553,
  enhanced: '5.1.3',
  text: 'The address cannot be put into an SMTP command',
}
const NEEDS_SMTPUTF8: SmtpReply = {
  code: 550,
  enhanced: '5.6.7',
  text: 'The message needs SMTPUTF8, which the receiving server does not offer',
}

/** False for anything that could end the path or the line (CR, LF, NUL, spaces, brackets). */
function isAddress(address: string): boolean {
  return Buffer.byteLength(address) <= MAX_ADDRESS_BYTES && ADDRESS.test(address)
}

/**
 * Writes MAIL and RCPT for one transaction to one peer. Throws a `Fault` where the sender or a parameter could inject
 * a command; a recipient that could, or that needs SMTPUTF8 alone, is left out with a refusal of his own (5.1.3, 5.6.7).
 * Refuses, without a word to the peer, what the peer cannot take:
 * - larger than its SIZE (RFC 1870 §6.2): 5.3.4;
 * - octets above 127 without 8BITMIME: 5.6.3. RFC 6152 §3 leaves only conversion or an undeliverable report; conversion would
 *   break the DKIM signature that the content carries, so this client reports. Composing 7-bit content avoids the case;
 * - UTF-8 in an address or the header without SMTPUTF8 (RFC 6531 §3.2): 5.6.7;
 * - REQUIRETLS (RFC 8689 §4.2.1) where the peer has not proved its name inside TLS: 4.7.10, since the next connection may;
 *   where it does not announce the extension: 5.7.30.
 */
export function writeEnvelope(transaction: SmtpTransaction, peer: Peer): Envelope {
  const { from, recipients, bytes } = transaction
  const { capabilities } = peer
  if (from !== '' && !isAddress(from))
    throw invalidField('from', 'is not an address that can be put into an SMTP command')
  if (recipients.length === 0 || recipients.length > MAX_RECIPIENTS)
    throw invalidField('recipients', `must be 1 to ${MAX_RECIPIENTS} addresses`)
  let utf8 = transaction.smtputf8 || NON_ASCII.test(from)
  if (capabilities.size > 0 && bytes > capabilities.size)
    return refused(
      552,
      '5.3.4',
      `The message has ${bytes} bytes; the receiving server takes at most ${capabilities.size}`,
    )
  if (utf8 && !capabilities.smtputf8) return { kind: 'refused', reply: NEEDS_SMTPUTF8 }
  if (transaction.eightBit && !capabilities.eightBit)
    return refused(
      554,
      '5.6.3',
      'The message has 8-bit content, which the receiving server does not take (no 8BITMIME)',
    )
  if (transaction.requireTls) {
    if (!peer.authenticated)
      return refused(
        451,
        '4.7.10',
        'The message asks for REQUIRETLS; the receiving server has not proved its name by TLS',
      )
    if (!capabilities.keywords.has('REQUIRETLS'))
      return refused(
        550,
        '5.7.30',
        'The message asks for REQUIRETLS, which the receiving server does not offer',
      )
  }

  let rcpt = ''
  let refusals: (SmtpReply | null)[] | null = null
  for (let i = 0; i < recipients.length; i++) {
    const recipient = recipients[i]
    if (recipient === undefined) continue
    const { address, parameters } = recipient
    const wide = NON_ASCII.test(address)
    const reply = !isAddress(address) ? UNSENDABLE : wide && !capabilities.smtputf8 ? NEEDS_SMTPUTF8 : null
    if (reply === null) {
      utf8 ||= wide
      rcpt += `RCPT TO:<${address}>${known(parameters, 'parameters', capabilities)}\r\n`
    } else {
      refusals ??= recipients.map(() => null)
      refusals[i] = reply
    }
  }

  let mail = `MAIL FROM:<${from}>`
  if (capabilities.sizeAnnounced) mail += ` SIZE=${bytes}`
  if (transaction.eightBit || (utf8 && capabilities.eightBit)) mail += ' BODY=8BITMIME'
  if (utf8) mail += ' SMTPUTF8'
  if (transaction.requireTls) mail += ' REQUIRETLS'
  mail += known(transaction.mailParameters, 'mailParameters', capabilities)
  return { kind: 'ready', mail: `${mail}\r\n`, rcpt, refusals }
}

/** Parameters that are this module's own business. */
const OWN = new Set(['SIZE', 'BODY', 'SMTPUTF8', 'REQUIRETLS'])

/** The parameters whose extension the peer announced, each with a space before it. */
function known(parameters: readonly string[] | undefined, field: string, { keywords }: Capabilities): string {
  if (parameters === undefined) return ''
  let text = ''
  for (const parameter of parameters) {
    if (parameter.length > MAX_PARAMETER || !PARAMETER.test(parameter))
      throw invalidField(field, 'is not an ESMTP parameter')
    const keyword = (parameter.split('=', 1)[0] ?? '').toUpperCase()
    if (!OWN.has(keyword) && keywords.has(EXTENSION_OF.get(keyword) ?? keyword)) text += ` ${parameter}`
  }
  return text
}

function refused(code: number, enhanced: string, text: string): Envelope {
  return { kind: 'refused', reply: { code, enhanced, text } }
}
