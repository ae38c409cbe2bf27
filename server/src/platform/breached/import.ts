import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { BreachedFileError } from './format.ts'
import { openHashSource } from './hash-source.ts'
import { createKeySorter } from './sorted-keys.ts'
import { writeBreachedFile } from './writer.ts'

/** How far an import is. In `reading`, `done` and `total` are bytes or range files; in the other stages they are hashes. */
export interface ImportProgress {
  readonly stage: 'reading' | 'sorting' | 'filter'
  readonly done: number
  readonly total: number
  readonly hashes: number
}

export interface ImportResult {
  /** Different hashes in the new file. */
  readonly keys: number
  readonly lines: number
  /** Lines with the count 0. */
  readonly padding: number
  /** Parts that had to be merged; 1 where the list was sorted. */
  readonly runs: number
  /** Of the 1,048,576 range files of a directory; 0 for a file. */
  readonly missingRanges: number
}

/**
 * Makes the file `to` of breached passwords from a list of SHA-1 hashes: one text file, or a directory of range files. It takes as much
 * memory for a billion hashes as for a million, and 18 bytes of disk for each while it works. `to` is replaced at once when the new file is
 * whole and on disk; what an import that ended early left is removed by the next one, which starts anew. Works without yielding: it is
 * for a program of its own. Throws BreachedFileError.
 */
export function importBreached(options: {
  readonly from: string
  readonly to: string
  /** A directory without all ranges is taken as it is. */
  readonly allowMissing: boolean
  readonly madeAt: Date
  readonly onProgress?: (progress: ImportProgress) => void
  /** Keys that are sorted in memory at once, 8 bytes each. */
  readonly runKeys?: number
}): ImportResult {
  const { to, onProgress = () => undefined } = options
  const source = openHashSource(options.from, options.allowMissing)
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 })
  const work = takeWorkDirectory(`${to}.import`)
  try {
    using sorter = createKeySorter(work, options.runKeys)
    let lines = 0
    let padding = 0
    source.read(
      {
        hash(high, low) {
          lines += 1
          sorter.add(high, low)
        },
        padding: () => (padding += 1),
      },
      (done, total) => onProgress({ stage: 'reading', done, total, hashes: lines }),
    )
    const path = join(work, 'new')
    const facts = { source: source.description, madeAt: options.madeAt.toISOString() }
    const keys = intoFile(path, (file) =>
      writeBreachedFile(file, facts, sorter.sorted(), (stage, done) =>
        onProgress({ stage: stage === 'keys' ? 'sorting' : 'filter', done, total: lines, hashes: lines }),
      ),
    )
    renameSync(path, to)
    syncDirectory(dirname(to))
    return { keys, lines, padding, runs: sorter.runs(), missingRanges: source.missingRanges }
  } catch (error) {
    throw explained(error, to)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** One import at a time writes to a place. What a dead one left is removed. */
function takeWorkDirectory(path: string): string {
  const owner = join(path, 'process')
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (!hasCode(error, 'EEXIST'))
      throw new BreachedFileError(
        `${path} cannot be made: ${error instanceof Error ? error.message : 'unknown'}`,
        error,
      )
    const other = ownerOf(owner)
    if (other !== null && isAlive(other))
      throw new BreachedFileError(
        `Another import is under way (process ${other}): wait for it, or end it. If there is none, remove ${path}.`,
      )
    rmSync(path, { recursive: true, force: true })
    mkdirSync(path, { mode: 0o700 })
  }
  writeFileSync(owner, String(process.pid))
  return path
}

function ownerOf(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, 'latin1'))
    return Number.isInteger(pid) && pid > 0 ? pid : null
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
}

function intoFile<T>(path: string, write: (file: number) => T): T {
  const file = openSync(path, 'wx+', 0o644)
  try {
    const result = write(file)
    fsyncSync(file)
    return result
  } finally {
    closeSync(file)
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

function explained(error: unknown, to: string): unknown {
  if (hasCode(error, 'ENOSPC'))
    return new BreachedFileError(
      `The disk of ${dirname(to)} is full: an import needs 18 bytes for each hash while it works. The list in use was not touched.`,
      error,
    )
  // What the file system refuses is for who started the import, and no fault of the program.
  if (error instanceof Error && 'syscall' in error)
    return new BreachedFileError(
      `The import ended: ${error.message}. The list in use was not touched.`,
      error,
    )
  return error
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
