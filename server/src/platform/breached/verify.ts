import { closeSync, fstatSync, openSync } from 'node:fs'
import {
  BLOCK_BYTES,
  BreachedFileError,
  HEADER_BYTES,
  KEYS_PER_PAGE,
  PAGE_BYTES,
  blockOf,
  hasBits,
  isSealed,
  layoutOf,
  readHeader,
} from './format.ts'
import type { BreachedHeader } from './format.ts'
import { readAll } from './sorted-keys.ts'

/**
 * Reads a whole file: every checksum, the order of the keys, and that the filter lets every key pass. Works without yielding. Throws
 * BreachedFileError at the first thing that is wrong.
 */
export function verifyBreachedFile(path: string): BreachedHeader {
  const file = openSync(path, 'r')
  try {
    const bytes = fstatSync(file).size
    const first = Buffer.alloc(Math.min(bytes, HEADER_BYTES))
    readAll(file, first, 0)
    const header = readHeader(first, bytes, path)
    verifyParts(
      file,
      header,
      (what) => new BreachedFileError(`${path} is damaged in ${what}: import the list again.`),
    )
    return header
  } finally {
    closeSync(file)
  }
}

function verifyParts(file: number, header: BreachedHeader, damaged: (what: string) => Error): void {
  const { pages, blocks, filterAt } = layoutOf(header.keys)
  const page = Buffer.alloc(PAGE_BYTES)
  const block = Buffer.alloc(BLOCK_BYTES)
  let blockNumber = -1
  let lastHigh = -1
  let lastLow = -1

  function readBlock(number: number): void {
    readAll(file, block, filterAt + number * BLOCK_BYTES)
    blockNumber = number
    if (!isSealed(block, number)) throw damaged(`block ${number} of its filter`)
  }

  for (let at = 0; at < pages; at++) {
    readAll(file, page, HEADER_BYTES + at * PAGE_BYTES)
    if (!isSealed(page, at)) throw damaged(`page ${at}`)
    const keys = Math.min(KEYS_PER_PAGE, header.keys - at * KEYS_PER_PAGE)
    for (let n = 0; n < keys; n++) {
      const low = page.readUInt32LE(n * 8)
      const high = page.readUInt32LE(n * 8 + 4)
      if (high < lastHigh || (high === lastHigh && low <= lastLow)) throw damaged(`the order of page ${at}`)
      lastHigh = high
      lastLow = low
      const wanted = blockOf(high, blocks)
      while (blockNumber < wanted) readBlock(blockNumber + 1)
      if (!hasBits(block, low)) throw damaged(`block ${wanted} of its filter`)
    }
  }
  while (blockNumber < blocks - 1) readBlock(blockNumber + 1)
}
