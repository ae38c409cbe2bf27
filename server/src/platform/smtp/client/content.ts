const LF_DOT = Buffer.from('\n.')
const CR_DOT = Buffer.from('\r.')
const DOT = Buffer.from('.')
const CRLF = Buffer.from('\r\n')
const CR_BYTE = 13
const LF_BYTE = 10
const DOT_BYTE = 46

/** Content as it goes over the wire, without the final `.` CRLF; or null where it cannot be sent safely. */
export interface WireContent {
  readonly parts: readonly Buffer[]
  readonly bytes: number
}

/**
 * Dot-stuffs content (RFC 5321 §4.5.2). Searches before it copies: content without a line that begins with a dot (nearly all)
 * passes through as it is. Content that lacks the last CRLF gets it.
 *
 * Returns null for a dot after a bare CR or bare LF, and for content that ends in one: servers disagree about what such a line
 * is, and that disagreement is how messages are smuggled into a stream.
 */
export function dotStuff(chunks: readonly Buffer[]): WireContent | null {
  const parts: Buffer[] = []
  let bytes = 0
  // The two octets before the chunk; content begins at the start of a line.
  let beforeLast = CR_BYTE
  let last = LF_BYTE
  const add = (part: Buffer) => {
    parts.push(part)
    bytes += part.length
  }
  for (const chunk of chunks) {
    const { length } = chunk
    if (length === 0) continue
    let copied = 0
    if (chunk[0] === DOT_BYTE && (last === LF_BYTE || last === CR_BYTE)) {
      if (last === CR_BYTE || beforeLast !== CR_BYTE) return null
      add(DOT)
    }
    for (let at = chunk.indexOf(LF_DOT); at >= 0; at = chunk.indexOf(LF_DOT, at + 2)) {
      const previous = at === 0 ? last : chunk[at - 1]
      if (previous !== CR_BYTE) return null
      add(chunk.subarray(copied, at + 1))
      add(DOT)
      copied = at + 1
    }
    if (chunk.includes(CR_DOT)) return null
    add(copied === 0 ? chunk : chunk.subarray(copied))
    beforeLast = length > 1 ? (chunk[length - 2] ?? 0) : last
    last = chunk[length - 1] ?? 0
  }
  if (last === LF_BYTE && beforeLast === CR_BYTE) return { parts, bytes }
  if (last === LF_BYTE || last === CR_BYTE) return null
  add(CRLF)
  return { parts, bytes }
}

/** Cuts buffers into writes of at most `blockBytes` each. */
export function* blocksOf(parts: readonly Buffer[], blockBytes: number): Generator<Buffer[]> {
  let block: Buffer[] = []
  let size = 0
  for (const part of parts)
    for (let at = 0; at < part.length;) {
      const piece = part.subarray(at, at + blockBytes - size)
      block.push(piece)
      size += piece.length
      at += piece.length
      if (size < blockBytes) continue
      yield block
      block = []
      size = 0
    }
  if (size > 0) yield block
}
