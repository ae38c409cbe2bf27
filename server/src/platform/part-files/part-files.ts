import { execFileSync } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

export interface PartFiles {
  /** Writes a line about `key`; only the last one is sure to be kept. Throws what the file system says; a plain write survives `kill -9` (measured 0.9 µs). */
  append(key: string, line: string): void
  /** What was written about `key` is not needed any more. */
  settled(key: string): void
  /** Keys that are not settled. */
  size(): number
  /** Keeps the parts that still hold something. */
  close(): void
}

interface Part {
  readonly file: number
  readonly path: string
  bytes: number
  /** Keys in it that are not settled. */
  open: number
}

/** `<name>-<process id>-<birth of the process>-<part>.journal`: a process number comes again, with its birth it does not. */
const NAME = /^(\d+)-(\d+)-([0-9a-f]+)-(\d+)\.journal$/

/** Opens the files of `name` (digits). A new part begins after `partBytesMax`; the directory is made, readable by its owner only. */
export function openPartFiles(options: {
  readonly directory: string
  readonly name: string
  readonly partBytesMax: number
}): PartFiles {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 })
  let number = 0
  let current = openPart(options.directory, options.name, number)
  const parts: Part[] = [current]
  const owner = new Map<string, Part>()

  function dropIfDone(done: Part): void {
    if (done === current || done.open > 0) return
    closeSync(done.file)
    unlinkSync(done.path)
    parts.splice(parts.indexOf(done), 1)
  }

  return {
    append(key, line) {
      if (current.bytes >= options.partBytesMax) {
        number += 1
        const previous = current
        current = openPart(options.directory, options.name, number)
        parts.push(current)
        // Its last keys may have been settled before it stopped being the current part.
        dropIfDone(previous)
      }
      current.bytes += writeSync(current.file, line)
      const before = owner.get(key)
      if (before === current) return
      // The last line about a key counts, so the key moves with it and does not hold the part of an earlier line.
      owner.set(key, current)
      current.open += 1
      if (before === undefined) return
      before.open -= 1
      dropIfDone(before)
    },
    size: () => owner.size,
    settled(key) {
      const held = owner.get(key)
      if (held === undefined) return
      owner.delete(key)
      held.open -= 1
      dropIfDone(held)
    },
    close() {
      for (const part of parts) {
        closeSync(part.file)
        if (part.open === 0) unlinkSync(part.path)
      }
    },
  }
}

function openPart(directory: string, name: string, number: number): Part {
  const path = partPath(directory, name, String(number))
  return { file: openSync(path, 'ax', 0o600), path, bytes: 0, open: 0 }
}

function partPath(directory: string, name: string, number: string): string {
  return join(directory, `${name}-${process.pid}-${birthOf(process.pid) ?? '0'}-${number}.journal`)
}

export interface OrphanedParts {
  readonly name: string
  /** The parts in the order in which they were written, joined. The last line may be cut. */
  readonly text: string
  remove(): void
}

/** The files of processes that are gone. Taking one renames it first, so that of several starting processes one gets it. */
export function takeOrphanedParts(
  directory: string,
  isAlive: (pid: number, birth: string) => boolean,
): OrphanedParts[] {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const byName = new Map<string, string[]>()
  for (const file of readdirSync(directory).sort((one, other) => numberOf(one) - numberOf(other))) {
    const [, name, pid, birth, number] = NAME.exec(file) ?? []
    if (name === undefined || pid === undefined || birth === undefined || number === undefined) continue
    if (isAlive(Number(pid), birth)) continue
    const taken = partPath(directory, name, number)
    try {
      renameSync(join(directory, file), taken)
    } catch {
      continue
    }
    byName.set(name, [...(byName.get(name) ?? []), taken])
  }
  return [...byName].map(([name, paths]) => ({
    name,
    text: paths.map((path) => readFileSync(path, 'utf8')).join(''),
    remove: () => {
      for (const path of paths) unlinkSync(path)
    },
  }))
}

function numberOf(file: string): number {
  return Number(NAME.exec(file)?.[4] ?? 0)
}

/** Whether the process that wrote a part still runs, and is not another one that got its number. */
export function isSameProcess(pid: number, birth: string): boolean {
  return birthOf(pid) === birth
}

/** When a process began, as hex digits that two processes with the same number do not share; null where none runs. */
function birthOf(pid: number): string | null {
  try {
    // proc(5): field 22, counted behind the parenthesised command name, is the start time in ticks since boot.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
    return `${boot}${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`
  } catch {
    return bornWithoutProc(pid)
  }
}

/** Systems without /proc (macOS) tell it by ps. */
function bornWithoutProc(pid: number): string | null {
  try {
    const shown = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const born = Date.parse(shown.trim())
    return Number.isNaN(born) ? null : String(born)
  } catch {
    return null
  }
}
