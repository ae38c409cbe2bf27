/** Text in header fields: folding (RFC 5322 §2.2.3), encoded words (RFC 2047) and parameters (RFC 2231), written and read. */

/** RFC 5322 §2.1.1: where lines should end, and where they must. */
export const FOLD_AT = 78
export const MAX_LINE = 998
/** RFC 2047 §2: an encoded word has at most 75 characters. `=?UTF-8?B??=` takes 12 of them, and 63 rounds down to base64 quads. */
const WORD_BYTES = 45
const MAX_DECODED_CHARS = 65_536

const PRINTABLE = /^[\u0020-\u007e]*$/
/** What a header value may not hold: control characters but the tab. CR, LF and NUL are how headers are injected. */
const FORBIDDEN = /[\u0000-\u0008\u000a-\u001f\u007f]/ // oxlint-disable-line no-control-regex -- control characters are the subject

/** True where the text may stand in a header: no control character but a tab. */
export function isHeaderText(text: string): boolean {
  return !FORBIDDEN.test(text)
}

export function isPrintableAscii(text: string): boolean {
  return PRINTABLE.test(text)
}

/**
 * `Name: text` for unstructured fields such as Subject, with CRLF. What folding or a reader's trimming would change (double blanks,
 * blanks at an end, tabs, non-ASCII, what looks like an encoded word, words too long for a line) is written as encoded words.
 */
export function unstructuredField(name: string, text: string): string {
  if (PRINTABLE.test(text) && !text.includes('=?') && !/^ | {2}| $/.test(text)) {
    if (name.length + 2 + text.length <= FOLD_AT) return `${name}: ${text}\r\n`
    const folded = foldedField(name, text)
    if (folded !== null) return folded
  }
  return `${name}: ${encodedWords(text, name.length + 2)}\r\n`
}

/**
 * `Name: value` folded at its blanks to `FOLD_AT` where possible, with CRLF, every character kept. Null where a word leaves no place to
 * fold within `MAX_LINE`.
 */
export function foldedField(name: string, value: string): string | null {
  const line = `${name}: ${value}`
  if (line.length <= FOLD_AT) return `${line}\r\n`
  let out = `${name}:`
  let column = out.length
  let first = true
  // Blanks stay with the word behind them, so no line is ever blank (RFC 5322 §4.2 forbids writing such folds).
  for (const piece of ` ${value}`.match(/[ \t]+[^ \t]+/g) ?? []) {
    if (piece.length > MAX_LINE) return null
    // The first word stays on the line of the name where it can: an empty first line is legal but read badly.
    if (column + piece.length > (first ? MAX_LINE : FOLD_AT)) {
      out += '\r\n'
      column = 0
    }
    out += piece
    column += piece.length
    first = false
  }
  return `${out}\r\n`
}

/** Non-ASCII text as encoded words in UTF-8 and base64, one per line after the first; `column` is where the first one starts. */
export function encodedWords(text: string, column: number): string {
  const bytes = Buffer.from(text.toWellFormed(), 'utf8')
  const words: string[] = []
  // Room on the first line; each later line starts with one blank. Encoded lines end at 76 (RFC 2047 §2).
  let room = Math.min(WORD_BYTES, Math.max(3, Math.floor((76 - column - 12) / 4) * 3))
  for (let start = 0; start < bytes.length;) {
    let end = Math.min(start + room, bytes.length)
    // Each word must decode on its own (RFC 2047 §5 (3)): do not cut inside a character.
    while (end > start && end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
    if (end === start) end = Math.min(start + 4, bytes.length)
    words.push(`=?UTF-8?B?${bytes.toString('base64', start, end)}?=`)
    start = end
    room = WORD_BYTES
  }
  return words.join('\r\n ')
}

const ATOMS = /^[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*$/

/** A display name: bare, quoted, or as encoded words where it is not ASCII, looks encoded, or is too long for a line. */
export function phrase(name: string, column: number): string {
  if (!PRINTABLE.test(name) || name.length > 60 || name.includes('=?') || /^ | {2}| $/.test(name)) {
    return encodedWords(name, column)
  }
  return ATOMS.test(name) ? name : `"${name.replaceAll(/["\\]/g, '\\$&')}"`
}

/**
 * `; name=value` for Content-Type and Content-Disposition: a token, a quoted string, or RFC 2231 segments where the value is not
 * plain ASCII or is long. Each parameter starts on a line of its own.
 */
export function parameter(name: string, value: string): string {
  if (/^[\w.+-]{1,60}$/.test(value)) return `;\r\n ${name}=${value}`
  if (PRINTABLE.test(value) && value.length <= 60 && !/["\\%']|=\?/.test(value))
    return `;\r\n ${name}="${value}"`
  let encoded = ''
  for (const byte of Buffer.from(value.toWellFormed(), 'utf8')) encoded += PERCENT[byte]
  const segments: string[] = []
  let rest = encoded
  while (rest !== '' || segments.length === 0) {
    const prefix = segments.length === 0 ? "utf-8''" : ''
    let end = Math.min(rest.length, 60 - name.length - prefix.length)
    // Not inside %XX.
    const percent = rest.lastIndexOf('%', end - 1)
    if (percent >= 0 && percent > end - 3 && end < rest.length) end = percent
    segments.push(prefix + rest.slice(0, end))
    rest = rest.slice(end)
  }
  if (segments.length === 1) return `;\r\n ${name}*=${segments[0]}`
  return segments.map((segment, i) => `;\r\n ${name}*${i}*=${segment}`).join('')
}

const PERCENT: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte)
  return /[\w.~-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
})

const ENCODED_WORD = /=\?([^?\s]{1,60})\?([bBqQ])\?([^?\s]*)\?=/g

/**
 * The text of a header as a person reads it: encoded words decoded (any character set the platform knows), for lists and displays,
 * never for decisions. Linear; the input is cut at 64 Ki characters; what cannot be decoded stays as it is.
 */
export function decodeHeaderText(text: string): string {
  const source = text.slice(0, MAX_DECODED_CHARS)
  if (!source.includes('=?')) return source
  let out = ''
  let last = 0
  let charset = ''
  let bytes: Buffer[] = []
  let written = ''
  const flush = () => {
    if (charset !== '') out += decodeBytes(Buffer.concat(bytes), charset) ?? written
    charset = ''
    bytes = []
    written = ''
  }
  for (const match of source.matchAll(ENCODED_WORD)) {
    const [whole, label = '', encoding = '', payload = ''] = match
    const between = source.slice(last, match.index)
    // Blanks between two encoded words are not text (RFC 2047 §6.2).
    const adjacent = charset !== '' && /^[ \t]*$/.test(between)
    // RFC 2231 §5: a language may follow the character set.
    const next = (label.split('*')[0] ?? '').toLowerCase()
    if (!adjacent || next !== charset) flush()
    if (!adjacent) out += between
    charset = next
    bytes.push(encoding.toLowerCase() === 'b' ? Buffer.from(payload, 'base64') : decodeQ(payload))
    written += (written === '' ? '' : between) + whole
    last = match.index + whole.length
  }
  flush()
  return out + source.slice(last)
}

function decodeQ(payload: string): Buffer {
  const text = payload
    .replaceAll('_', ' ')
    .replaceAll(/=([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(text, 'latin1')
}

function decodeBytes(bytes: Buffer, charset: string): string | null {
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    return null
  }
}
