export interface DecodedText {
  /** One character for each byte. */
  readonly text: string
  /** Where in the encoded text each byte begins. */
  readonly starts: readonly number[]
  /** Where it ends. */
  readonly ends: readonly number[]
}

const EQUALS = 0x3d

/** Quoted-printable (RFC 2045 §6.7) with the place of every byte; null for text that is not well formed, which is left alone. */
export function readQuotedPrintable(body: Buffer): DecodedText | null {
  const encoded = body.toString('latin1')
  const bytes: number[] = []
  const starts: number[] = []
  const ends: number[] = []
  const add = (byte: number, start: number, end: number): void => {
    bytes.push(byte)
    starts.push(start)
    ends.push(end)
  }
  let at = 0
  while (at < encoded.length) {
    const code = encoded.charCodeAt(at)
    if (code === EQUALS) {
      BREAK.lastIndex = at + 1
      const soft = BREAK.exec(encoded)
      if (soft !== null) {
        at = BREAK.lastIndex
        continue
      }
      const hex = encoded.slice(at + 1, at + 3)
      if (!/^[0-9A-Fa-f]{2}$/.test(hex)) return null
      add(Number.parseInt(hex, 16), at, at + 3)
      at += 3
      continue
    }
    // White space at the end of a line was added on the way and counts for nothing.
    if (code === 0x20 || code === 0x09) {
      BREAK.lastIndex = at
      const end = BREAK.exec(encoded)
      if (end !== null && end[0].length > 2) {
        at = BREAK.lastIndex - 2
        continue
      }
    }
    if (code > 0x7e) return null
    add(code, at, at + 1)
    at += 1
  }
  return { text: Buffer.from(bytes).toString('latin1'), starts, ends }
}

const BREAK = /[ \t]*\r\n/y
const LINE = 75

/** ASCII text, on lines of its own within the line that it is put into. */
export function writeQuotedPrintable(text: string): string {
  const lines: string[] = []
  let line = ''
  for (const char of text) {
    const letter = char === '=' ? '=3D' : char
    if (line.length + letter.length > LINE) {
      lines.push(line)
      line = ''
    }
    line += letter
  }
  lines.push(line)
  return `=\r\n${lines.join('=\r\n')}=\r\n`
}
