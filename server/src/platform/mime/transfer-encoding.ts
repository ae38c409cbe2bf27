/** Content-Transfer-Encodings (RFC 2045 §6), chosen by content. Text comes out with CRLF line ends. */

export type TransferEncoding = '7bit' | '8bit' | 'quoted-printable' | 'base64'

export interface EncodedBody {
  readonly encoding: TransferEncoding
  /** Pure ASCII, but for a Buffer in 8bit. */
  readonly content: string | Buffer
}

const MAX_LINE = 998
/** RFC 2045 §6.7 (5), §6.8. */
const ENCODED_LINE = 76
const HEX_BYTES = Buffer.from('0123456789ABCDEF', 'latin1')
/** 1 for what quoted-printable may leave as it is anywhere: printable ASCII but =. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte > 0x20 && byte < 0x7f && byte !== 0x3d ? 1 : 0,
)

/** Text: as it is where it is ASCII with short lines, quoted-printable where that is smaller than base64, else base64. */
export function encodeText(text: string): EncodedBody {
  const lines = normaliseLineEnds(text)
  const bytes = Buffer.byteLength(lines, 'utf8')
  if (bytes === lines.length) {
    if (!hasLongLine(lines)) return { encoding: '7bit', content: lines }
    return { encoding: 'quoted-printable', content: quotedPrintable(Buffer.from(lines, 'latin1')) }
  }
  const content = Buffer.from(lines.toWellFormed(), 'utf8')
  // A quoted byte takes three characters, base64 4/3 for every byte: even at about one byte in six.
  let high = 0
  for (let i = 0; i < content.length; i++) high += (content[i] ?? 0) >> 7
  if (high * 6 <= content.length) return { encoding: 'quoted-printable', content: quotedPrintable(content) }
  return { encoding: 'base64', content: base64Lines(content) }
}

/** CR LF, CR and LF all become CR LF. */
export function normaliseLineEnds(text: string): string {
  if (!text.includes('\r')) return text.includes('\n') ? text.replaceAll('\n', '\r\n') : text
  return text.replaceAll(/\r\n|\r|\n/g, '\r\n')
}

function hasLongLine(text: string): boolean {
  if (text.length <= MAX_LINE) return false
  for (let start = 0; text.length - start > MAX_LINE;) {
    // Looking back from the bound finds the furthest line end in one step.
    const end = text.lastIndexOf('\n', start + MAX_LINE + 1)
    if (end < start) return true
    start = end + 1
  }
  return false
}

/** Quoted-printable (RFC 2045 §6.7) of text with CRLF line ends. `From ` at a line start is quoted, so that mboxes do not change it. */
export function quotedPrintable(bytes: Buffer): string {
  const length = bytes.length
  // Worst case: every byte quoted, and a soft line break (3 bytes) for every 24 of them.
  const out = Buffer.allocUnsafe(length * 3 + Math.ceil(length / 24 + 1) * 3 + 3)
  let o = 0
  let column = 0
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] ?? 0
    if (byte === 0x0d && bytes[i + 1] === 0x0a) {
      out[o++] = 0x0d
      out[o++] = 0x0a
      column = 0
      i++
      continue
    }
    // Nearly every byte goes here: plain, with room on the line, and nothing to look out for.
    if (
      column < ENCODED_LINE - 1 &&
      (PLAIN[byte] === 1 || (byte === 0x20 && (bytes[i + 1] ?? 0) > 0x20)) &&
      (byte !== 0x46 || column > 0)
    ) {
      out[o++] = byte
      column++
      continue
    }
    const next = bytes[i + 1]
    const lineEnd = next === undefined || (next === 0x0d && bytes[i + 2] === 0x0a)
    const plain =
      (PLAIN[byte] === 1 && !(byte === 0x46 && column === 0 && next === 0x72)) ||
      ((byte === 0x20 || byte === 0x09) && !lineEnd)
    const width = plain ? 1 : 3
    // One column stays free for the = of a soft line break, but for the last character of a line.
    if (column + width > (lineEnd ? ENCODED_LINE : ENCODED_LINE - 1)) {
      out[o++] = 0x3d
      out[o++] = 0x0d
      out[o++] = 0x0a
      column = 0
    }
    if (plain) out[o++] = byte
    else {
      out[o++] = 0x3d
      out[o++] = HEX_BYTES[byte >> 4] ?? 0
      out[o++] = HEX_BYTES[byte & 15] ?? 0
    }
    column += width
  }
  return out.toString('latin1', 0, o)
}

/** Base64 in lines of 76, each with CRLF but the last. */
export function base64Lines(bytes: Buffer): string {
  const flat = bytes.toString('base64')
  if (flat.length <= ENCODED_LINE) return flat
  const lines: string[] = []
  for (let i = 0; i < flat.length; i += ENCODED_LINE) lines.push(flat.slice(i, i + ENCODED_LINE))
  return lines.join('\r\n')
}

/**
 * A whole message as an attachment may not be encoded (RFC 2046 §5.2.1): as it is where its lines allow that, else null and the caller
 * sends it as an opaque file.
 */
export function encodeMessage(content: Buffer): EncodedBody | null {
  const text = content.toString('latin1')
  if (text.includes('\0') || /\r(?!\n)|(?<!\r)\n/.test(text) || hasLongLine(text)) return null
  return Buffer.byteLength(text, 'utf8') === text.length
    ? { encoding: '7bit', content: text }
    : { encoding: '8bit', content }
}
