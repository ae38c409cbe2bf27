import { isAscii } from 'node:buffer'
import type { ParsedAddress } from '../../kernel/email-address.ts'
import { parseAddressList } from '../../kernel/email-address.ts'
import type { HeaderBlock, MimeProblem } from './header-block.ts'
import { headerValue, MAX_LINE_BYTES, parseHeaderBlock } from './header-block.ts'

export interface SubmittedMessage {
  readonly ok: true
  readonly block: HeaderBlock
  /** The one address in From: what sender rights and DMARC alignment are decided on. */
  readonly from: ParsedAddress
  /** The body or the header has bytes above 127: the next hop needs 8BITMIME (RFC 6152). */
  readonly eightBit: boolean
  /** A header has bytes above 127: the next hop needs SMTPUTF8 (RFC 6532). */
  readonly needsSmtpUtf8: boolean
}

/** RFC 5322 §3.6: these occur once at most. Which of two a reader sees is the reader's choice, so two are refused. */
const AT_MOST_ONCE: ReadonlySet<string> = new Set([
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'subject',
  'date',
  'message-id',
  'in-reply-to',
  'references',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
])

/**
 * Judges a message that a client handed in whole (SMTP submission, raw upload). Refused is what two mail programs could read
 * differently: bare CR or LF and NUL (RFC 5321 §2.3.8, SMTP smuggling), lines that are no header, continuation lines of white
 * space only (RFC 5322 §4.2), repeated fields, and a From that is not exactly one address (design: a From outside the workspace's
 * domains is refused, in the header as in the envelope).
 */
export function checkSubmitted(raw: Buffer): SubmittedMessage | MimeProblem {
  const block = parseHeaderBlock(raw)
  if (!block.ok) return block
  const lines = scanLines(raw, block.bodyStart)
  if (!lines.ok) return lines
  const seen = new Set<string>()
  let from: ParsedAddress | undefined
  for (const header of block.headers) {
    if (AT_MOST_ONCE.has(header.name) && seen.has(header.name)) {
      return bad(`there is more than one ${header.name} header`)
    }
    seen.add(header.name)
    if (header.name !== 'from') continue
    const parsed = parseAddressList(headerValue(raw, header))
    if (!parsed.ok) return bad(`the From header ${parsed.problem}`)
    const [only, second] = parsed.addresses
    if (only === undefined) return bad('the From header has no address')
    if (second !== undefined || parsed.groups.length > 0)
      return bad('the From header must have exactly one address')
    from = only
  }
  if (from === undefined) return bad('there is no From header')
  return { ok: true, block, from, eightBit: lines.eightBit, needsSmtpUtf8: lines.eightBitHeader }
}

interface Lines {
  readonly ok: true
  readonly eightBit: boolean
  readonly eightBitHeader: boolean
}

/** Two passes, one for the header's rules and one, kept tight, for the body's: about 1 ns a byte, so 25 MB cost 25 ms. */
function scanLines(raw: Buffer, bodyStart: number): Lines | MimeProblem {
  let lineStart = 0
  let blank = true
  let high = 0
  for (let i = 0; i < bodyStart; i++) {
    const byte = raw[i] ?? 0
    high |= byte
    if (byte === 0x0d && raw[i + 1] === 0x0a) {
      if (blank && i > lineStart) return bad('a header has a continuation line of white space only')
      if (i - lineStart > MAX_LINE_BYTES) return bad(`a header line is longer than ${MAX_LINE_BYTES} bytes`)
      i++
      lineStart = i + 1
      blank = true
    } else if (byte === 0x0d || byte === 0x0a || byte === 0) return bad(BARE[byte] ?? '')
    else if (byte !== 0x20 && byte !== 0x09) blank = false
  }
  if (bodyStart - lineStart > MAX_LINE_BYTES)
    return bad(`a header line is longer than ${MAX_LINE_BYTES} bytes`)
  for (let i = bodyStart; i < raw.length; i++) {
    const byte = raw[i] ?? 0
    if (byte > 0x0d) continue
    if (byte === 0x0d && raw[i + 1] === 0x0a) i++
    else if (byte === 0x0d || byte === 0x0a || byte === 0) return bad(BARE[byte] ?? '')
  }
  return { ok: true, eightBit: high > 127 || !isAscii(raw), eightBitHeader: high > 127 }
}

const BARE: Readonly<Record<number, string>> = {
  0x00: 'the message contains a NUL byte',
  0x0a: 'the message contains an LF that is not preceded by CR',
  0x0d: 'the message contains a CR that is not followed by LF',
}

function bad(problem: string): MimeProblem {
  return { ok: false, problem }
}
