import { invalidField } from '../../../kernel/faults.ts'
import type { Capabilities } from './capabilities.ts'
import type { SmtpReply, SmtpTransaction } from './types.ts'

/** The commands of one transaction, each with its CRLF, or the reason for not sending it to this peer. */
export type Envelope =
  | { readonly kind: 'ready'; readonly mail: string; readonly rcpt: string }
  | { readonly kind: 'refused'; readonly reply: SmtpReply }

// RFC 5321 §4.1.2: a dot-string without specials, or a quoted string; then optionally "@" and a domain or an address literal.
// Wide about UTF-8 (RFC 6531), strict about everything that could end the path or the line.
const ADDRESS =
  /^(?:"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|[^\p{C}\p{Z}\0-\x7f]|\\[\x20-\x7e])*"|[^\p{C}\p{Z}<>()[\]\\,;:"@]+)(?:@(?:[^\p{C}\p{Z}<>()[\]\\,;:"@]+|\[[A-Za-z0-9.:-]+\]))?$/u
const PARAMETER = /^[A-Za-z0-9][A-Za-z0-9-]*(?:=[\x21-\x3c\x3e-\x7e]+)?$/
// 64 octets of local part, "@", 255 of domain (RFC 5321 §4.5.3.1), and room for quoting.
const MAX_ADDRESS_BYTES = 384
const MAX_PARAMETER = 500
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const NON_ASCII = /[^\x00-\x7f]/

/** The extension that must be announced before a MAIL parameter may be used, where the two have different names. */
const EXTENSION_OF: ReadonlyMap<string, string> = new Map([
  ['RET', 'DSN'],
  ['ENVID', 'DSN'],
  ['BY', 'DELIVERBY'],
  ['HOLDFOR', 'FUTURERELEASE'],
  ['HOLDUNTIL', 'FUTURERELEASE'],
  ['BODY', '8BITMIME'],
])

/** Throws a fault for anything that could end the path or the line (CR, LF, NUL, spaces, brackets). */
export function checkAddress(field: string, address: string): void {
  if (Buffer.byteLength(address) > MAX_ADDRESS_BYTES || !ADDRESS.test(address))
    throw invalidField(field, 'is not an address that can be put into an SMTP command')
}

/**
 * Writes MAIL and RCPT for one transaction to one peer. Throws a `Fault` where an address or a parameter could inject a command.
 * Refuses, without a word to the peer, what the peer cannot take:
 * - larger than its SIZE (RFC 1870 §6.2): 5.3.4;
 * - octets above 127 without 8BITMIME: 5.6.3. RFC 6152 §3 leaves only conversion or an undeliverable report; conversion would
 *   break the DKIM signature that the content carries, so this client reports. Composing 7-bit content avoids the case;
 * - UTF-8 in an address or the header without SMTPUTF8 (RFC 6531 §3.2): 5.6.7.
 */
export function writeEnvelope(transaction: SmtpTransaction, peer: Capabilities): Envelope {
  const { from, to, bytes } = transaction
  if (from !== '') checkAddress('from', from)
  checkAddress('to', to)
  for (const parameter of transaction.mailParameters ?? [])
    if (parameter.length > MAX_PARAMETER || !PARAMETER.test(parameter))
      throw invalidField('mailParameters', 'is not an ESMTP parameter')

  const utf8 = transaction.smtputf8 || NON_ASCII.test(from) || NON_ASCII.test(to)
  if (peer.size > 0 && bytes > peer.size)
    return refused(
      552,
      '5.3.4',
      `The message has ${bytes} bytes; the receiving server takes at most ${peer.size}`,
    )
  if (utf8 && !peer.smtputf8)
    return refused(550, '5.6.7', 'The message needs SMTPUTF8, which the receiving server does not offer')
  if (transaction.eightBit && !peer.eightBit)
    return refused(
      554,
      '5.6.3',
      'The message has 8-bit content, which the receiving server does not take (no 8BITMIME)',
    )

  let mail = `MAIL FROM:<${from}>`
  if (peer.sizeAnnounced) mail += ` SIZE=${bytes}`
  if (transaction.eightBit || (utf8 && peer.eightBit)) mail += ' BODY=8BITMIME'
  if (utf8) mail += ' SMTPUTF8'
  for (const parameter of transaction.mailParameters ?? []) {
    const keyword = (parameter.split('=', 1)[0] ?? '').toUpperCase()
    if (keyword === 'SIZE' || keyword === 'BODY' || keyword === 'SMTPUTF8') continue
    if (peer.keywords.has(EXTENSION_OF.get(keyword) ?? keyword)) mail += ` ${parameter}`
  }
  return { kind: 'ready', mail: `${mail}\r\n`, rcpt: `RCPT TO:<${to}>\r\n` }
}

function refused(code: number, enhanced: string, text: string): Envelope {
  return { kind: 'refused', reply: { code, enhanced, text } }
}
