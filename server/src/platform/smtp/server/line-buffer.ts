const EMPTY = Buffer.alloc(0)
const CR = 13
const LF = 10
/** An over-long line is skipped to its end, but not for ever. */
const SKIP_LINES = 16

export type LineStep =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'more' }
  | { readonly kind: 'tooLong' }
  | { readonly kind: 'bareNewline' }
  | { readonly kind: 'flood' }

const MORE: LineStep = { kind: 'more' }
const TOO_LONG: LineStep = { kind: 'tooLong' }
const BARE: LineStep = { kind: 'bareNewline' }
const FLOOD: LineStep = { kind: 'flood' }

/**
 * Cuts a byte stream into lines. CRLF is the only line end: a CR or LF on its own is reported, never skipped (RFC 5321 §2.3.8;
 * SMTP smuggling, 2023). The result depends on the bytes only, not on how they were cut into chunks.
 */
export class LineBuffer {
  #data: Buffer = EMPTY
  #skipped = -1
  #afterCr = false

  get length(): number {
    return this.#data.length
  }

  push(chunk: Buffer): void {
    this.#data = this.#data.length === 0 ? chunk : Buffer.concat([this.#data, chunk])
  }

  /** Everything that was not read as lines, for the data phase. */
  takeAll(): Buffer {
    const data = this.#data
    this.#data = EMPTY
    return data
  }

  /** The first octet that waits, or -1. */
  peek(): number {
    return this.#skipped < 0 ? (this.#data[0] ?? -1) : -1
  }

  /** The next line without its CRLF, as latin1. `limit` is in octets with CRLF. */
  next(limit: number): LineStep {
    if (this.#skipped >= 0) {
      const skipped = this.#skip(limit)
      if (skipped !== null) return skipped
    }
    const data = this.#data
    const lf = data.indexOf(LF)
    const cr = data.indexOf(CR)
    const first = lf === -1 ? cr : cr === -1 ? lf : Math.min(cr, lf)
    // The bytes are judged in the order of the stream: a bare newline within the limit, then the limit, then the line.
    if (first !== -1 && first < limit) {
      if (first === lf) return BARE
      if (first + 1 < data.length) {
        if (lf !== first + 1) return BARE
        if (lf < limit) return this.#cut(lf)
      }
    }
    if (data.length <= limit) return MORE
    this.#skipped = 0
    this.#afterCr = false
    return TOO_LONG
  }

  #cut(lf: number): LineStep {
    const text = this.#data.toString('latin1', 0, lf - 1)
    this.#data = lf + 1 === this.#data.length ? EMPTY : this.#data.subarray(lf + 1)
    return { kind: 'line', text }
  }

  #skip(limit: number): LineStep | null {
    const data = this.#data
    for (let at = 0; at < data.length; at++) {
      const octet = data[at]
      if ((octet === LF) !== this.#afterCr) return BARE
      this.#afterCr = octet === CR
      if (octet === LF) {
        this.#skipped = -1
        this.#afterCr = false
        this.#data = data.subarray(at + 1)
        return null
      }
      if (++this.#skipped > limit * SKIP_LINES) return FLOOD
    }
    this.#data = EMPTY
    return MORE
  }
}
