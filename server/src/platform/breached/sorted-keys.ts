import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { BreachedFileError } from './format.ts'

/** Keys in ascending order: pairs of low and high half, as a little-endian 64-bit number lies in memory. */
export type KeyBatch = Uint32Array

/** Collects keys in any order and gives them back sorted, in bounded memory. */
export interface KeySorter extends Disposable {
  add(high: number, low: number): void
  /** How many runs lie on disk: one where the input was sorted. */
  runs(): number
  /** All keys in order, equal ones next to each other. Once. */
  sorted(): Generator<KeyBatch>
}

/** 32 MB: at most 1,024 of these runs are merged, which is four billion keys. */
const RUN_KEYS = 4 * 1024 * 1024
const RUNS_MAX = 1024
const READ_KEYS = 8 * 1024

interface Run {
  readonly file: number
  keys: number
  lastHigh: number
  lastLow: number
}

/**
 * An external merge sort in `directory`. A part that goes on where the last one ended is appended to it, so that sorted input is one run
 * and is only copied.
 */
export function createKeySorter(directory: string, runKeys = RUN_KEYS): KeySorter {
  const numbers = new BigUint64Array(runKeys)
  const halves = new Uint32Array(numbers.buffer)
  const runs: Run[] = []
  let count = 0

  function flush(): void {
    if (count === 0) return
    const part = numbers.subarray(0, count)
    if (!isAscending(halves, count)) part.sort()
    const run = runThatGoesOn() ?? newRun()
    writeAll(run.file, Buffer.from(part.buffer, 0, count * 8), run.keys * 8)
    run.keys += count
    run.lastLow = halves[2 * count - 2] ?? 0
    run.lastHigh = halves[2 * count - 1] ?? 0
    count = 0
  }

  function runThatGoesOn(): Run | undefined {
    const last = runs.at(-1)
    const low = halves[0] ?? 0
    const high = halves[1] ?? 0
    if (last === undefined || high < last.lastHigh || (high === last.lastHigh && low < last.lastLow))
      return undefined
    return last
  }

  function newRun(): Run {
    if (runs.length >= RUNS_MAX)
      throw new BreachedFileError(
        `The list is longer than ${RUNS_MAX * runKeys} hashes and not sorted: sort it first.`,
      )
    const run = {
      file: openSync(join(directory, `run-${runs.length}`), 'wx+'),
      keys: 0,
      lastHigh: 0,
      lastLow: 0,
    }
    runs.push(run)
    return run
  }

  return {
    add(high, low) {
      halves[2 * count] = low
      halves[2 * count + 1] = high
      count += 1
      if (count === runKeys) flush()
    },
    runs: () => runs.length,
    *sorted() {
      flush()
      const [only, ...more] = runs
      if (only === undefined) return
      if (more.length === 0) yield* readRun(only)
      else yield* merge(runs)
    },
    [Symbol.dispose]() {
      for (const { file } of runs) closeSync(file)
    },
  }
}

function isAscending(halves: Uint32Array, count: number): boolean {
  for (let at = 2; at < 2 * count; at += 2) {
    const high = halves[at + 1] ?? 0
    const before = halves[at - 1] ?? 0
    if (high < before || (high === before && (halves[at] ?? 0) < (halves[at - 2] ?? 0))) return false
  }
  return true
}

function* readRun(run: Run): Generator<KeyBatch> {
  const buffer = new Uint32Array(2 * READ_KEYS)
  const bytes = Buffer.from(buffer.buffer)
  for (let at = 0; at < run.keys; at += READ_KEYS) {
    const keys = Math.min(READ_KEYS, run.keys - at)
    readAll(run.file, bytes.subarray(0, keys * 8), at * 8)
    yield buffer.subarray(0, 2 * keys)
  }
}

/** A position in a run, for the merge. */
interface Cursor {
  readonly batches: Generator<KeyBatch>
  batch: KeyBatch
  at: number
}

/** Merges by a binary heap of cursors, the smallest first. */
function* merge(runs: readonly Run[]): Generator<KeyBatch> {
  const heap: Cursor[] = []
  for (const run of runs) {
    const batches = readRun(run)
    const first = batches.next()
    if (first.done !== true) heap.push({ batches, batch: first.value, at: 0 })
  }
  for (let at = (heap.length >>> 1) - 1; at >= 0; at--) sink(heap, at)
  const out = new Uint32Array(2 * READ_KEYS)
  let filled = 0
  for (let top = heap[0]; top !== undefined; top = heap[0]) {
    out[filled] = top.batch[top.at] ?? 0
    out[filled + 1] = top.batch[top.at + 1] ?? 0
    filled += 2
    if (filled === out.length) {
      yield out
      filled = 0
    }
    if (!advance(top)) {
      const last = heap.pop()
      if (last !== undefined && heap.length > 0) heap[0] = last
    }
    sink(heap, 0)
  }
  if (filled > 0) yield out.subarray(0, filled)
}

function advance(cursor: Cursor): boolean {
  cursor.at += 2
  if (cursor.at < cursor.batch.length) return true
  const next = cursor.batches.next()
  if (next.done === true) return false
  cursor.batch = next.value
  cursor.at = 0
  return true
}

function sink(heap: Cursor[], from: number): void {
  for (let at = from; ;) {
    const left = heap[2 * at + 1]
    const right = heap[2 * at + 2]
    const here = heap[at]
    if (here === undefined || left === undefined) return
    const isRight = right !== undefined && isLess(right, left)
    const child = isRight ? right : left
    if (!isLess(child, here)) return
    const to = isRight ? 2 * at + 2 : 2 * at + 1
    heap[at] = child
    heap[to] = here
    at = to
  }
}

function isLess(a: Cursor, b: Cursor): boolean {
  const high = a.batch[a.at + 1] ?? 0
  const other = b.batch[b.at + 1] ?? 0
  return high < other || (high === other && (a.batch[a.at] ?? 0) < (b.batch[b.at] ?? 0))
}

/** Writes all of `bytes` at a place of the file; a write may be short. */
export function writeAll(file: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length;)
    done += writeSync(file, bytes, done, bytes.length - done, at + done)
}

/** Fills `bytes` from a place of the file. Throws where the file ends before. */
export function readAll(file: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length;) {
    const read = readSync(file, bytes, done, bytes.length - done, at + done)
    if (read === 0) throw new BreachedFileError('A file ended early while it was read.')
    done += read
  }
}
