import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
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
import type { BreachedHeader, Key } from './format.ts'

/** An open file of breached passwords. */
export interface BreachedFile extends AsyncDisposable {
  readonly header: BreachedHeader
  readonly bytes: number
  /** Whether the key is in the file: exact. Throws BreachedFileError where a part that it reads is damaged. */
  has(key: Key): Promise<boolean>
}

/**
 * Opens a file; null where there is none. Nothing is kept in memory and nothing is assumed between look-ups: one costs a read of a
 * block, and for what passes the filter a binary search over pages. Opening for each look-up is what makes a file that was
 * replaced count at once. Throws BreachedFileError where it is not a whole file of this format.
 */
export async function openBreachedFile(path: string): Promise<BreachedFile | null> {
  const file = await openOrNull(path)
  if (file === null) return null
  try {
    const { size } = await file.stat()
    const header = readHeader(await readPart(file, 0, HEADER_BYTES), size, path)
    return {
      header,
      bytes: size,
      has: (key) => has(file, path, header, key),
      [Symbol.asyncDispose]: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function openOrNull(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return null
    throw new BreachedFileError(
      `${path} cannot be read: ${error instanceof Error ? error.message : 'unknown'}`,
      error,
    )
  }
}

async function has(file: FileHandle, path: string, header: BreachedHeader, key: Key): Promise<boolean> {
  const { pages, blocks, filterAt } = layoutOf(header.keys)
  const number = blockOf(key.high, blocks)
  const block = await readPart(file, filterAt + number * BLOCK_BYTES, BLOCK_BYTES)
  if (block.length < BLOCK_BYTES || !isSealed(block, number))
    throw new BreachedFileError(`${path} is damaged in block ${number} of its filter: import the list again.`)
  if (!hasBits(block, key.low)) return false

  let first = 0
  let last = pages - 1
  while (first <= last) {
    const middle = Math.floor((first + last) / 2)
    const page = await readPart(file, HEADER_BYTES + middle * PAGE_BYTES, PAGE_BYTES)
    if (page.length < PAGE_BYTES || !isSealed(page, middle))
      throw new BreachedFileError(`${path} is damaged in page ${middle}: import the list again.`)
    const keys = Math.min(KEYS_PER_PAGE, header.keys - middle * KEYS_PER_PAGE)
    if (isBefore(key, page, 0)) last = middle - 1
    else if (isAfter(key, page, keys - 1)) first = middle + 1
    else return isInPage(key, page, keys)
  }
  return false
}

function isInPage(key: Key, page: Buffer, keys: number): boolean {
  let first = 0
  let last = keys - 1
  while (first <= last) {
    const middle = (first + last) >>> 1
    if (isBefore(key, page, middle)) last = middle - 1
    else if (isAfter(key, page, middle)) first = middle + 1
    else return true
  }
  return false
}

function isBefore(key: Key, page: Buffer, at: number): boolean {
  const high = page.readUInt32LE(at * 8 + 4)
  return key.high < high || (key.high === high && key.low < page.readUInt32LE(at * 8))
}

function isAfter(key: Key, page: Buffer, at: number): boolean {
  const high = page.readUInt32LE(at * 8 + 4)
  return key.high > high || (key.high === high && key.low > page.readUInt32LE(at * 8))
}

/** What is there; shorter at the end of the file. */
async function readPart(file: FileHandle, at: number, bytes: number): Promise<Buffer> {
  const part = Buffer.alloc(bytes)
  let done = 0
  while (done < bytes) {
    const { bytesRead } = await file.read(part, done, bytes - done, at + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return part.subarray(0, done)
}
