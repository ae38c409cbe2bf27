import { constants, inflateRawSync, inflateSync } from 'node:zlib'
import { needlesOf } from './needles.ts'
import type { Canary, Needle } from './needles.ts'

export interface Hit {
  readonly canary: Canary
  /** How it was written: `raw`, `base64`, `hex in gzip` … */
  readonly encoding: string
  /** Byte offset in what was searched. */
  readonly at: number
}

export interface Search {
  /** Every canary in the bytes, each once per encoding. Time grows with the bytes, not with the number of canaries. */
  find(bytes: Buffer): Hit[]
  /** The longest spelling: how much two neighbouring blocks must overlap. */
  readonly overlapBytes: number
}

const WORD = 4
const HASH_BITS = 24
const GOLDEN = 0x9e3779b1
/** As much of a compressed stream as is looked into. */
const INFLATED_MAX = 4 * 1024 * 1024
const LF = 10
const CR = 13
const EQUALS = 61
const SPACE = 32
const TAB = 9
/** So many printable bytes on both sides make a line end one of text. */
const TEXT_BYTES = 4

interface Anchored {
  readonly needle: Needle
  /** How far behind the beginning of the needle its anchor lies. */
  readonly offset: number
}

/**
 * Prepares a search for many texts at once. Each spelling has four anchors of four bytes at neighbouring offsets, one of which falls
 * on a word boundary wherever the spelling begins: one pass reads aligned words and asks a bitmap of 16 million bits; only where it
 * says "maybe" are spellings compared.
 */
export function createSearch(canaries: Iterable<Canary>): Search {
  const bitmap = new Uint8Array(2 ** (HASH_BITS - 3))
  const byAnchor = new Map<number, Anchored[]>()
  let overlapBytes = 0
  for (const canary of canaries) {
    for (const needle of needlesOf(canary)) {
      overlapBytes = Math.max(overlapBytes, needle.bytes.length)
      for (let back = 0; back < WORD; back++) {
        const offset = needle.bytes.length - WORD - back
        const anchor = needle.bytes.readInt32LE(offset)
        const hash = Math.imul(anchor, GOLDEN) >>> (32 - HASH_BITS)
        bitmap[hash >>> 3]! |= 1 << (hash & 7)
        const known = byAnchor.get(anchor)
        if (known === undefined) byAnchor.set(anchor, [{ needle, offset }])
        else known.push({ needle, offset })
      }
    }
  }

  function scan(bytes: Buffer, wrapped: string, hits: Map<string, Hit>): void {
    const aligned = bytes.byteOffset % WORD === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer)
    const words = new Int32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.length / WORD))
    for (let at = 0; at < words.length; at++) {
      const word = words[at]!
      const hash = Math.imul(word, GOLDEN) >>> (32 - HASH_BITS)
      if ((bitmap[hash >>> 3]! & (1 << (hash & 7))) === 0) continue
      for (const { needle, offset } of byAnchor.get(word) ?? []) {
        const start = at * WORD - offset
        const end = start + needle.bytes.length
        if (start < 0 || end > aligned.length || needle.bytes.compare(aligned, start, end) !== 0) continue
        const encoding = `${needle.encoding}${wrapped}`
        const id = `${needle.canary.text} ${encoding}`
        if (!hits.has(id)) hits.set(id, { canary: needle.canary, encoding, at: start })
      }
    }
  }

  function scanUnfolded(bytes: Buffer, wrapped: string, hits: Map<string, Hit>): void {
    scan(bytes, wrapped, hits)
    scan(unfold(bytes, overlapBytes), `${wrapped}, folded`, hits)
  }

  return {
    overlapBytes,
    find(bytes) {
      const hits = new Map<string, Hit>()
      scanUnfolded(bytes, '', hits)
      for (const inflated of inflateAll(bytes)) scanUnfolded(inflated, ', compressed', hits)
      // What was found as it stands is found again without line ends.
      return [...hits.values()].filter(
        ({ canary, encoding }) =>
          !encoding.endsWith(', folded') ||
          !hits.has(`${canary.text} ${encoding.slice(0, -', folded'.length)}`),
      )
    },
  }
}

/**
 * The text around line ends, without them: without the line ends of base64 and of folded fields, and without the soft line ends of
 * quoted-printable (RFC 2045 §6.7).
 */
function unfold(bytes: Buffer, reachBytes: number): Buffer {
  const pieces: Buffer[] = []
  let copied = 0
  for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) {
    if (!isText(bytes, lf)) continue
    const isJoined = lf - copied < reachBytes
    const [from, until] = [lineEndBegins(bytes, lf), lineBegins(bytes, lf)]
    pieces.push(bytes.subarray(isJoined ? copied : Math.max(copied, lf - reachBytes), from))
    copied = until
    // The text behind the line end: up to the next one, or as far as a canary reaches.
    const next = bytes.indexOf(LF, until)
    if (next >= 0 && next - until < reachBytes && isText(bytes, next)) continue
    pieces.push(bytes.subarray(until, Math.min(bytes.length, until + reachBytes)))
    copied = Math.min(bytes.length, until + reachBytes)
  }
  return Buffer.concat(pieces)
}

function isText(bytes: Buffer, lf: number): boolean {
  const end = bytes[lf - 1] === CR ? lf - 1 : lf
  if (end < TEXT_BYTES || lf + TEXT_BYTES >= bytes.length) return false
  for (let i = 1; i <= TEXT_BYTES; i++) {
    if (!isPrintable(bytes[end - i]!) || !isPrintable(bytes[lf + i]!)) return false
  }
  return true
}

function isPrintable(byte: number): boolean {
  return byte >= SPACE ? byte < 127 : byte === TAB
}

function lineEndBegins(bytes: Buffer, lf: number): number {
  const end = bytes[lf - 1] === CR ? lf - 1 : lf
  return bytes[end - 1] === EQUALS ? end - 1 : end
}

function lineBegins(bytes: Buffer, lf: number): number {
  let at = lf + 1
  while (bytes[at] === SPACE || bytes[at] === TAB) at += 1
  return at
}

/** What the gzip and zlib streams in the bytes hold, as far as they can be opened. */
function inflateAll(bytes: Buffer): Buffer[] {
  const found: Buffer[] = []
  const collect = (magic: Buffer, open: (stream: Buffer) => Buffer | null): void => {
    for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) {
      const inflated = open(bytes.subarray(at))
      if (inflated !== null && inflated.length > WORD) found.push(inflated)
    }
  }
  for (const level of [0x01, 0x5e, 0x9c, 0xda])
    collect(Buffer.of(0x78, level), (at) => tryInflate(at, inflateSync))
  collect(Buffer.of(0x1f, 0x8b, 0x08), (at) => tryInflate(at.subarray(gzipHeadBytes(at)), inflateRawSync))
  return found
}

/** RFC 1952 §2.3: ten bytes, and the file name where flag 8 says that there is one. */
function gzipHeadBytes(stream: Buffer): number {
  const named = ((stream[3] ?? 0) & 8) !== 0
  return named ? stream.indexOf(0, 10) + 1 : 10
}

function tryInflate(bytes: Buffer, inflate: typeof inflateSync): Buffer | null {
  try {
    return inflate(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: INFLATED_MAX })
  } catch {
    // Two bytes that only look like the head of a stream, or one that grows beyond the limit.
    return null
  }
}
