import { closeSync, fstatSync, openSync, opendirSync, readSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { BreachedFileError } from './format.ts'
import { createHashLines } from './hash-lines.ts'
import type { HashSink } from './hash-lines.ts'

/** A list of hashes in one of the forms in which Have I Been Pwned gives it out. */
export interface HashSource {
  /** Words for the header of the file that is made of it. */
  readonly description: string
  readonly missingRanges: number
  /** `onProgress` is called every few megabytes or files, with what is done and what there is. */
  read(sink: HashSink, onProgress: (done: number, total: number) => void): void
}

const RANGES = 16 ** 5
const PIECE_BYTES = 1024 * 1024
const RANGE_NAME = /^([0-9a-f]{5})(\.txt)?$/i
/** A range has about 1,900 hashes, of 40 bytes each; it grows by some per cent a year. */
const RANGE_BYTES_MAX = 4 * 1024 * 1024

/** How the file of a range is called. */
const ABSENT = 0
const EXTENSION = 1
const LOWER_CASE = 2
const PRESENT = 4

/**
 * Opens a text file of `HASH:COUNT` lines, or a directory of files `00000.txt` to `FFFFF.txt` of `SUFFIX:COUNT` lines as the official
 * downloader makes it. Throws BreachedFileError where it is neither, and where ranges are missing that must not be.
 */
export function openHashSource(path: string, allowMissing: boolean): HashSource {
  let isDirectory: boolean
  try {
    isDirectory = statSync(path).isDirectory()
  } catch (error) {
    throw new BreachedFileError(
      `${path} cannot be read: ${error instanceof Error ? error.message : 'unknown'}`,
      error,
    )
  }
  return isDirectory ? openRanges(path, allowMissing) : openText(path)
}

function openText(path: string): HashSource {
  return {
    description: `the file ${basename(path)}`,
    missingRanges: 0,
    read(sink, onProgress) {
      const file = openSync(path, 'r')
      try {
        const total = fstatSync(file).size
        const lines = createHashLines(path, '', sink)
        const piece = Buffer.alloc(PIECE_BYTES)
        let done = 0
        for (let read = readSync(file, piece); read > 0; read = readSync(file, piece)) {
          lines.push(piece.subarray(0, read))
          done += read
          // A pipe has no size.
          onProgress(done, Math.max(total, done))
        }
        lines.end()
      } finally {
        closeSync(file)
      }
    },
  }
}

function openRanges(path: string, allowMissing: boolean): HashSource {
  const found = findRanges(path)
  const missing = found.reduce((count, kind) => count + (kind === ABSENT ? 1 : 0), 0)
  if (missing === RANGES)
    throw new BreachedFileError(
      `${path} holds no range files: they are called 00000.txt to FFFFF.txt, or without .txt.`,
    )
  if (missing > 0 && !allowMissing)
    throw new BreachedFileError(
      `${path} lacks ${missing} of ${RANGES} range files, the first is ${rangeName(found.indexOf(ABSENT))}: let the downloader finish, or say --partial.`,
    )
  return {
    description: `the range files of ${basename(path)}`,
    missingRanges: missing,
    read(sink, onProgress) {
      const buffer = Buffer.alloc(RANGE_BYTES_MAX)
      const total = RANGES - missing
      let done = 0
      for (const [range, kind] of found.entries()) {
        if (kind === ABSENT) continue
        readRange(join(path, fileName(range, kind)), rangeName(range), buffer, sink)
        done += 1
        if (done % 1024 === 0 || done === total) onProgress(done, total)
      }
    },
  }
}

function readRange(path: string, prefix: string, buffer: Buffer, sink: HashSink): void {
  const file = openSync(path, 'r')
  try {
    const lines = createHashLines(path, prefix, sink)
    let bytes = 0
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
      bytes += read
      if (bytes > RANGE_BYTES_MAX)
        throw new BreachedFileError(`${path} is larger than a range can be: is it the list in one file?`)
      lines.push(buffer.subarray(0, read))
    }
    // A downloader that was killed leaves an empty file; no range is empty.
    if (bytes === 0) throw new BreachedFileError(`${path} is empty: let the downloader fetch it again.`)
    lines.end()
  } finally {
    closeSync(file)
  }
}

/** One byte for each range instead of a million names. */
function findRanges(path: string): Uint8Array {
  const found = new Uint8Array(RANGES)
  const directory = opendirSync(path, { bufferSize: 1024 })
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      const match = RANGE_NAME.exec(entry.name)
      if (match === null) continue
      const digits = match[1] ?? ''
      const kind =
        PRESENT |
        (match[2] === undefined ? 0 : EXTENSION) |
        (digits === digits.toUpperCase() ? 0 : LOWER_CASE)
      found[Number.parseInt(digits, 16)] = kind
    }
  } finally {
    directory.closeSync()
  }
  return found
}

function rangeName(range: number): string {
  return range.toString(16).toUpperCase().padStart(5, '0')
}

function fileName(range: number, kind: number): string {
  const name = rangeName(range)
  return `${(kind & LOWER_CASE) === 0 ? name : name.toLowerCase()}${(kind & EXTENSION) === 0 ? '' : '.txt'}`
}
