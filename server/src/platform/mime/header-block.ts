/**
 * The header block of a raw message, by byte positions: nothing is rewritten, so a message that passes through keeps every byte it
 * came with (a sender's own DKIM signature stays valid). Line ends are CRLF; anything else is refused (RFC 5322 §2.1, §2.2.3).
 */

/** Our bounds: a header block beyond these is refused (Postfix: 102,400 bytes; Exchange: 256 KiB). */
export const MAX_HEADER_BLOCK_BYTES = 262_144
export const MAX_HEADER_FIELDS = 2_000
/** RFC 5322 §2.1.1: characters of a line without its CRLF. */
export const MAX_LINE_BYTES = 998

export interface HeaderField {
  /** Lower case. */
  readonly name: string
  /** First byte of the name. */
  readonly start: number
  /** First byte after the colon. */
  readonly valueStart: number
  /** First byte after the CRLF that ends the field, continuation lines included. */
  readonly end: number
}
export interface HeaderBlock {
  readonly ok: true
  readonly headers: readonly HeaderField[]
  /** First byte of the body; the length of the message where there is no empty line. */
  readonly bodyStart: number
}
export interface MimeProblem {
  readonly ok: false
  readonly problem: string
}

const CR = 0x0d
const LF = 0x0a
const NAME = /^[!-9;-~]+$/

/** Finds the header fields of a message. Bounded by `MAX_HEADER_BLOCK_BYTES` and `MAX_HEADER_FIELDS`. */
export function parseHeaderBlock(raw: Buffer): HeaderBlock | MimeProblem {
  const headers: HeaderField[] = []
  const limit = Math.min(raw.length, MAX_HEADER_BLOCK_BYTES)
  let at = 0
  let line = 0
  let name = ''
  let start = -1
  let valueStart = 0
  while (at < limit) {
    line++
    let next = raw.indexOf(LF, at) + 1
    if (next === 0) next = raw.length
    else if (raw[next - 2] !== CR || next - 2 < at) return bad(`header line ${line} does not end with CRLF`)
    const first = raw[at]
    if (first === 0x20 || first === 0x09) {
      if (start < 0) return bad('the message starts with a continuation line')
      at = next
      continue
    }
    if (start >= 0) headers.push({ name, start, valueStart, end: at })
    if (first === CR && raw[at + 1] === LF) return { ok: true, headers, bodyStart: next }
    if (headers.length >= MAX_HEADER_FIELDS)
      return bad(`there are more than ${MAX_HEADER_FIELDS} header fields`)
    const colon = raw.indexOf(0x3a, at)
    if (colon < 0 || colon >= next) return bad(`header line ${line} has no colon`)
    name = raw.toString('latin1', at, colon)
    if (!NAME.test(name))
      return bad(`header line ${line} has a name that is empty or has a blank or a special character`)
    name = name.toLowerCase()
    start = at
    valueStart = colon + 1
    at = next
  }
  if (raw.length > limit) return bad(`the header is longer than ${MAX_HEADER_BLOCK_BYTES} bytes`)
  if (start >= 0) headers.push({ name, start, valueStart, end: raw.length })
  return { ok: true, headers, bodyStart: raw.length }
}

/** The value of a field, unfolded (RFC 5322 §2.2.3) and trimmed, read as UTF-8 (RFC 6532). Encoded words stay as they are. */
export function headerValue(raw: Buffer, header: HeaderField): string {
  const text = raw.toString('utf8', header.valueStart, header.end)
  return text.replaceAll(/[\r\n]/g, '').trim()
}

/** The first field of that name (lower case), or undefined. */
export function findHeader(block: HeaderBlock, name: string): HeaderField | undefined {
  return block.headers.find((header) => header.name === name)
}

/**
 * The message without the named fields (lower-case names, or a test on them): whole fields go, every other byte stays.
 * The same Buffer comes back where nothing matches. Throws where the header block is not well formed: parse it first.
 */
export function withoutHeaders(raw: Buffer, names: readonly string[] | ((name: string) => boolean)): Buffer {
  const block = parseHeaderBlock(raw)
  if (!block.ok) throw new Error(`withoutHeaders needs a parsed message: ${block.problem}`)
  const matches = typeof names === 'function' ? names : (name: string) => names.includes(name)
  const kept: Buffer[] = []
  let from = 0
  for (const header of block.headers) {
    if (!matches(header.name)) continue
    kept.push(raw.subarray(from, header.start))
    from = header.end
  }
  if (from === 0 && kept.length === 0) return raw
  kept.push(raw.subarray(from))
  return Buffer.concat(kept)
}

/**
 * The message with whole header fields put in front, in the given order; each may be folded, its last CRLF may be missing.
 * Throws where a field could end the header or smuggle in another one: the callers make these, so that is a bug, not input.
 */
export function withHeaders(raw: Buffer, fields: readonly string[]): Buffer {
  let text = ''
  for (const field of fields) {
    const line = field.endsWith('\r\n') ? field.slice(0, -2) : field
    if (
      !/^[!-9;-~]+:/.test(line) ||
      line.includes('\0') ||
      /[\r\n]/.test(line.replaceAll(/\r\n(?=[ \t])/g, ''))
    ) {
      throw new Error(`not one header field: ${JSON.stringify(field.slice(0, 80))}`)
    }
    text += `${line}\r\n`
  }
  return Buffer.concat([Buffer.from(text, 'utf8'), raw])
}

function bad(problem: string): MimeProblem {
  return { ok: false, problem }
}
