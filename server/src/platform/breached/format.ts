import { crc32 } from 'node:zlib'

/**
 * The file of breached passwords: a header, the keys in ascending order in pages, a bloom filter in blocks. Every part has a checksum, so a
 * look-up that reads two of them knows that it read what was written. A key is the first 8 of the 20 bytes of SHA-1: among a billion
 * keys a password that is in no breach is found with a probability of 5 in 10^11.
 *
 *     header   4096 bytes: a line with the name of the format, a line of JSON, padding, CRC-32
 *     page     511 keys (64 bit, little-endian), 4 bytes of zero, CRC-32 that begins with the number of the page
 *     block    480 bits of the bloom filter, CRC-32 that begins with the number of the block
 */
export interface BreachedHeader {
  /** Different keys in the file. */
  readonly keys: number
  /** Where they come from, in words. */
  readonly source: string
  /** ISO 8601. */
  readonly madeAt: string
}

/** The first 64 bits of a SHA-1, in halves: BigInt would cost an allocation for each of a billion keys. */
export interface Key {
  readonly high: number
  readonly low: number
}

/** A file cannot be used; the message says which, why and what to do. */
export class BreachedFileError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'BreachedFileError'
  }
}

export const HEADER_BYTES = 4096
export const PAGE_BYTES = 4096
export const KEYS_PER_PAGE = 511
export const BLOCK_BYTES = 64
const MAGIC = 'bulkhead breached passwords 1\n'
const CRC_BYTES = 4
const BLOCK_BITS = (BLOCK_BYTES - CRC_BYTES) * 8
/** Ten bits for each key: 1.2 % of other keys pass the filter (measured in breached-file.test.ts), and cost a look into the pages. */
const KEYS_PER_BLOCK = BLOCK_BITS / 10
const SOURCE_MAX = 300
/** 2^40 keys would be a file of 10 TB. */
const KEYS_MAX = 2 ** 40

/** How many pages, blocks and bytes a file of so many keys has, and where its filter begins. */
export function layoutOf(keys: number): {
  readonly pages: number
  readonly blocks: number
  readonly filterAt: number
  readonly bytes: number
} {
  const pages = Math.ceil(keys / KEYS_PER_PAGE)
  const blocks = Math.ceil(keys / KEYS_PER_BLOCK)
  const filterAt = HEADER_BYTES + pages * PAGE_BYTES
  return { pages, blocks, filterAt, bytes: filterAt + blocks * BLOCK_BYTES }
}

export function keyOf(sha1: Buffer): Key {
  return { high: sha1.readUInt32BE(0), low: sha1.readUInt32BE(4) }
}

/** The block a key belongs to: it grows with the key, so that the filter is written in one go along the sorted keys. */
export function blockOf(high: number, blocks: number): number {
  return Math.min(blocks - 1, Math.floor((high / 2 ** 32) * blocks))
}

/** Sets the six bits of a key in its block. `high` chose the block; `low` chooses the bits. */
export function setBits(block: Buffer, low: number): void {
  for (let n = 0; n < 6; n++) {
    const bit = bitOf(low, n)
    block[bit >>> 3] = (block[bit >>> 3] ?? 0) | (1 << (bit & 7))
  }
}

export function hasBits(block: Buffer, low: number): boolean {
  for (let n = 0; n < 6; n++) {
    const bit = bitOf(low, n)
    if (((block[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) return false
  }
  return true
}

/** The finalizer of MurmurHash3 spreads what a linear step per bit makes of the key. */
function bitOf(low: number, n: number): number {
  let word = (low + Math.imul(n + 1, 0x9e3779b1)) >>> 0
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
  word = (word ^ (word >>> 16)) >>> 0
  return Math.floor((word / 2 ** 32) * BLOCK_BITS)
}

/** Writes the checksum of a page or a block into its last bytes. */
export function seal(part: Buffer, number: number): void {
  part.writeUInt32LE(checksum(part, number), part.length - CRC_BYTES)
}

export function isSealed(part: Buffer, number: number): boolean {
  return part.readUInt32LE(part.length - CRC_BYTES) === checksum(part, number)
}

function checksum(part: Buffer, number: number): number {
  return crc32(part.subarray(0, part.length - CRC_BYTES), number >>> 0)
}

export function writeHeader(header: BreachedHeader): Buffer {
  const page = Buffer.alloc(HEADER_BYTES, ' ')
  const source = header.source.slice(0, SOURCE_MAX)
  page.write(`${MAGIC}${JSON.stringify({ ...header, source })}\n`, 'utf8')
  seal(page, 0)
  return page
}

/** Reads the header of a file of `bytes` bytes. Throws BreachedFileError, with `path` in its message. */
export function readHeader(page: Buffer, bytes: number, path: string): BreachedHeader {
  const problem = (what: string) =>
    new BreachedFileError(`${path} ${what}: import the list again, or remove the file.`)
  if (page.length < HEADER_BYTES || page.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw problem('is not a file that bulkhead breached import has written')
  if (!isSealed(page, 0)) throw problem('is damaged in its header')
  const header = parseHeader(page.toString('utf8', MAGIC.length, HEADER_BYTES - CRC_BYTES))
  if (header === null) throw problem('is damaged in its header')
  const expected = layoutOf(header.keys).bytes
  if (expected !== bytes) throw problem(`has ${bytes} bytes instead of ${expected}`)
  return header
}

function parseHeader(text: string): BreachedHeader | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return null
    if (!('keys' in value) || !('source' in value) || !('madeAt' in value)) return null
    const { keys, source, madeAt } = value
    if (typeof keys !== 'number' || !Number.isInteger(keys) || keys < 1 || keys > KEYS_MAX) return null
    if (typeof source !== 'string' || typeof madeAt !== 'string') return null
    return { keys, source, madeAt }
  } catch {
    return null
  }
}
