import { isAscii } from 'node:buffer'

const EMPTY = Buffer.alloc(0)
const DOT = 46
const CR = 13
const LF = 10
const SMALLEST_BLOCK = 4_096
const LARGEST_BLOCK = 1_048_576
/** A message that is over the limit is read and thrown away to its final dot, up to this many times the limit. */
const DISCARD_FACTOR = 4

export interface DataReaderOptions {
  readonly messageBytes: number
  /**
   * RFC 5321 §4.5.3.1.6 asks for 1,000 octets at least and allows more. Real programs send minified HTML on one line, and a message
   * is kept byte for byte, so a longer line is accepted and its length reported. The bound keeps parsers behind us from lines of
   * many megabytes.
   */
  readonly lineBytes: number
  /** Asks for memory shared by all sessions; false refuses the message for now. */
  reserve(bytes: number): boolean
  release(bytes: number): void
}

export type DataStep =
  | { readonly kind: 'more' }
  | { readonly kind: 'end'; readonly rest: Buffer }
  | { readonly kind: 'bareNewline' }
  | { readonly kind: 'flood' }

export type DataResult =
  | {
      readonly kind: 'content'
      readonly raw: Buffer
      readonly eightBit: boolean
      readonly longestLineBytes: number
    }
  | { readonly kind: 'refused'; readonly why: 'size' | 'nul' | 'line' | 'memory' }

const MORE: DataStep = { kind: 'more' }
const BARE: DataStep = { kind: 'bareNewline' }
const FLOOD: DataStep = { kind: 'flood' }

/**
 * Reads message content up to CRLF "." CRLF and takes the stuffed dots out (RFC 5321 §4.5.2). A CR or LF on its own ends the
 * reading at once: no other end of data than the exact one exists here. The result depends on the bytes only, not on the chunks.
 * Lines are found with `indexOf` on a latin1 string, two memchr per line: measured on one core of the development machine, 830 to
 * 1,100 MB/s with 76-octet lines, 2,100 with 998, 100 with empty lines only.
 */
export class DataReader {
  readonly #options: DataReaderOptions
  #blocks: Buffer[] = []
  #block: Buffer = EMPTY
  #used = 0
  #reserved = 0
  #total = 0
  #carry: Buffer = EMPTY
  #atLineStart = true
  #lineLength = 0
  #longestLine = 0
  #nul = false
  #eightBit = false
  #outOfMemory = false

  constructor(options: DataReaderOptions) {
    this.#options = options
  }

  /** Takes the next octets. After `end`, `rest` is what follows the final dot. After any other kind than `more` the reader is done. */
  feed(input: Buffer): DataStep {
    const chunk = this.#carry.length === 0 ? input : Buffer.concat([this.#carry, input])
    this.#carry = EMPTY
    const step = this.#scan(chunk)
    if (this.#total > this.#options.messageBytes * DISCARD_FACTOR && step.kind !== 'bareNewline') return FLOOD
    return step
  }

  /** The content, or why there is none. The order of reasons is fixed, so that chunking cannot change the answer. */
  result(): DataResult {
    if (this.#total > this.#options.messageBytes) return { kind: 'refused', why: 'size' }
    if (this.#nul) return { kind: 'refused', why: 'nul' }
    if (this.#longestLine > this.#options.lineBytes) return { kind: 'refused', why: 'line' }
    if (this.#outOfMemory) return { kind: 'refused', why: 'memory' }
    const last = this.#block.subarray(0, this.#used)
    const raw = this.#blocks.length === 0 ? last : Buffer.concat([...this.#blocks, last], this.#total)
    return { kind: 'content', raw, eightBit: this.#eightBit, longestLineBytes: this.#longestLine }
  }

  /** Gives the memory back to the shared budget; call it when the content is no longer in use. */
  dispose(): void {
    this.#drop()
  }

  #scan(chunk: Buffer): DataStep {
    const text = chunk.toString('latin1')
    const end = text.length
    let at = 0
    let kept = 0
    while (at < end) {
      if (this.#atLineStart && text.charCodeAt(at) === DOT) {
        const second = at + 1 < end ? text.charCodeAt(at + 1) : -1
        if (second === -1 || (second === CR && at + 2 === end)) return this.#hold(chunk, kept, at)
        if (second === CR) {
          if (text.charCodeAt(at + 2) !== LF) return BARE
          this.#keep(chunk, kept, at)
          this.#inspect(chunk, at)
          return { kind: 'end', rest: chunk.subarray(at + 3) }
        }
        this.#keep(chunk, kept, at)
        at += 1
        kept = at
      }
      this.#atLineStart = false
      const cr = text.indexOf('\r', at)
      const lf = text.indexOf('\n', at)
      if (cr === -1) {
        if (lf !== -1) return BARE
        this.#lengthen(end - at)
        break
      }
      if (cr + 1 === end) {
        if (lf !== -1) return BARE
        this.#lengthen(cr - at)
        return this.#hold(chunk, kept, cr)
      }
      if (lf !== cr + 1) return BARE
      this.#lengthen(cr - at)
      this.#lineLength = 0
      this.#atLineStart = true
      at = lf + 1
    }
    this.#keep(chunk, kept, end)
    this.#inspect(chunk, end)
    return MORE
  }

  /** Keeps what is certain; one or two octets wait for the next chunk to be understood. */
  #hold(chunk: Buffer, kept: number, from: number): DataStep {
    this.#keep(chunk, kept, from)
    this.#inspect(chunk, from)
    this.#carry = Buffer.from(chunk.subarray(from))
    return MORE
  }

  #lengthen(octets: number): void {
    this.#lineLength += octets
    if (this.#lineLength > this.#longestLine) this.#longestLine = this.#lineLength
  }

  #keep(chunk: Buffer, from: number, to: number): void {
    if (from >= to) return
    this.#total += to - from
    if (this.#total > this.#options.messageBytes || this.#nul || this.#outOfMemory) this.#drop()
    else this.#store(chunk, from, to)
  }

  /** Once per chunk; the stuffed dots in it change nothing. */
  #inspect(chunk: Buffer, to: number): void {
    const part = to === chunk.length ? chunk : chunk.subarray(0, to)
    if (!this.#eightBit && !isAscii(part)) this.#eightBit = true
    if (!this.#nul && part.includes(0)) {
      this.#nul = true
      this.#drop()
    }
  }

  /** Copies into blocks of our own: chunks of a few octets must not cost a buffer each. */
  #store(chunk: Buffer, start: number, to: number): void {
    let from = start
    while (from < to) {
      if (this.#used === this.#block.length && !this.#grow(to - from)) return
      const copied = chunk.copy(this.#block, this.#used, from, to)
      this.#used += copied
      from += copied
    }
  }

  #grow(wanted: number): boolean {
    const size = Math.min(Math.max(wanted, this.#total, SMALLEST_BLOCK), LARGEST_BLOCK)
    if (!this.#options.reserve(size)) {
      this.#outOfMemory = true
      this.#drop()
      return false
    }
    if (this.#used > 0) this.#blocks.push(this.#block)
    this.#block = Buffer.allocUnsafeSlow(size)
    this.#used = 0
    this.#reserved += size
    return true
  }

  #drop(): void {
    this.#blocks = []
    this.#block = EMPTY
    this.#used = 0
    if (this.#reserved > 0) this.#options.release(this.#reserved)
    this.#reserved = 0
  }
}
