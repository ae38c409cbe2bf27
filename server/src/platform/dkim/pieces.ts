import { MAX_HEADER_BLOCK_BYTES } from '../mime/index.ts'

const EMPTY_LINE = Buffer.from('\r\n\r\n', 'latin1')

/**
 * Cuts a message into its header block (with the empty line) and the pieces of its body, without copying the body. Where no empty
 * line comes within the header's bound, all is head, and the parser of the header block says what is wrong.
 */
export function findBodyPieces(raw: Buffer | readonly Buffer[]): { head: Buffer; body: readonly Buffer[] } {
  const pieces = Buffer.isBuffer(raw) ? [raw] : raw
  let head = pieces[0] ?? Buffer.alloc(0)
  for (let i = 1; ; i++) {
    // A message may also start with the empty line: no header at all.
    const found = head[0] === 0x0d && head[1] === 0x0a ? -2 : head.indexOf(EMPTY_LINE)
    if (found !== -1) {
      const rest = head.subarray(found + 4)
      return { head: head.subarray(0, found + 4), body: [rest, ...pieces.slice(i)] }
    }
    const next = pieces[i]
    if (next === undefined || head.length > MAX_HEADER_BLOCK_BYTES) return { head, body: [] }
    head = Buffer.concat([head, next])
  }
}
