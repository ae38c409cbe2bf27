import {
  BLOCK_BYTES,
  BreachedFileError,
  HEADER_BYTES,
  KEYS_PER_PAGE,
  PAGE_BYTES,
  blockOf,
  layoutOf,
  seal,
  setBits,
  writeHeader,
} from './format.ts'
import { readAll, writeAll } from './sorted-keys.ts'
import type { KeyBatch } from './sorted-keys.ts'

/** Pages and blocks go out in pieces of 1 MiB. */
const PIECE_BYTES = 1024 * 1024

/**
 * Writes a whole file of breached passwords to the open file, from keys in ascending order; equal ones count once. The header comes
 * last: what was not finished is no file of this format. Answers the number of different keys. Throws BreachedFileError where there is none.
 */
export function writeBreachedFile(
  file: number,
  facts: { readonly source: string; readonly madeAt: string },
  keys: Iterable<KeyBatch>,
  onProgress: (stage: 'keys' | 'filter', keys: number) => void = () => undefined,
): number {
  const count = writePages(file, keys, (done) => onProgress('keys', done))
  if (count === 0) throw new BreachedFileError('There is no hash in it.')
  writeFilter(file, count, (done) => onProgress('filter', done))
  writeAll(file, writeHeader({ keys: count, source: facts.source, madeAt: facts.madeAt }), 0)
  return count
}

function writePages(file: number, batches: Iterable<KeyBatch>, onProgress: (keys: number) => void): number {
  const pages = createParts(file, HEADER_BYTES, PAGE_BYTES)
  let count = 0
  let inPage = 0
  let page = pages.next()
  let lastHigh = -1
  let lastLow = -1
  for (const batch of batches) {
    for (let at = 0; at < batch.length; at += 2) {
      const low = batch[at] ?? 0
      const high = batch[at + 1] ?? 0
      if (high === lastHigh && low === lastLow) continue
      lastHigh = high
      lastLow = low
      if (inPage === KEYS_PER_PAGE) {
        page = pages.next()
        inPage = 0
      }
      page.writeUInt32LE(low, inPage * 8)
      page.writeUInt32LE(high, inPage * 8 + 4)
      inPage += 1
      count += 1
    }
    onProgress(count)
  }
  pages.end()
  return count
}

/** Reads the pages back and writes the filter behind them: blocks come in the order of the keys. */
function writeFilter(file: number, count: number, onProgress: (keys: number) => void): void {
  const { pages, blocks, filterAt } = layoutOf(count)
  const out = createParts(file, filterAt, BLOCK_BYTES)
  const page = Buffer.alloc(PAGE_BYTES)
  let block = out.next()
  let number = 0
  for (let at = 0; at < pages; at++) {
    readAll(file, page, HEADER_BYTES + at * PAGE_BYTES)
    const keys = Math.min(KEYS_PER_PAGE, count - at * KEYS_PER_PAGE)
    for (let n = 0; n < keys; n++) {
      const wanted = blockOf(page.readUInt32LE(n * 8 + 4), blocks)
      for (; number < wanted; number++) block = out.next()
      setBits(block, page.readUInt32LE(n * 8))
    }
    if (at % 2048 === 0) onProgress(at * KEYS_PER_PAGE)
  }
  for (; number < blocks - 1; number++) block = out.next()
  out.end()
  onProgress(count)
}

/** Parts of one size, one after the other, sealed with their number and written in pieces. */
function createParts(file: number, from: number, partBytes: number) {
  const piece = Buffer.alloc(PIECE_BYTES)
  let at = from
  let used = 0
  let number = 0
  let part: Buffer | null = null

  function write(): void {
    writeAll(file, piece.subarray(0, used), at)
    at += used
    used = 0
  }

  function close(): void {
    if (part === null) return
    seal(part, number)
    number += 1
    used += partBytes
    part = null
  }

  return {
    /** Closes the last part and opens an empty one. */
    next(): Buffer {
      close()
      if (used === PIECE_BYTES) write()
      part = piece.subarray(used, used + partBytes).fill(0)
      return part
    },
    end(): void {
      close()
      write()
    },
  }
}
