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
import type { Lane } from '../../kernel/lane.ts'
import { LANES } from '../../kernel/lane.ts'
import { jobKey, type Job, type Settlement } from './job.ts'

/** What a journal knows of one recipient: the dot went out, and perhaps what was answered. */
export interface JournalEntry {
  readonly lane: Lane
  readonly lease: string
  readonly messageId: string
  readonly number: number
  /** Null: the final dot went out and no reply was written. */
  readonly settlement: Settlement | null
}

export interface Journal {
  /** Written before the content's final dot leaves. */
  noteDot(job: Job): void
  /** Written when a reply is judged, before its connection takes the next message. */
  noteReply(settlement: Settlement): void
  /** The database has it: the entry may go. */
  settled(key: string): void
  close(): void
}

const ROTATE_BYTES = 8 * 1024 * 1024
const NAME = /^(\d+)-(\d+)-(\d+)\.journal$/

/**
 * The local journal of replies: an append-only file per lease that survives `kill -9` (a plain write is in the kernel's hands;
 * measured 0.9 µs), so that after a restart what the other side took is not sent again. It is deleted as its entries are settled.
 */
export function openJournal(directory: string, lease: string): Journal {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  let part = 0
  let current = openPart(directory, lease, part)
  const parts: Part[] = [current]
  const owner = new Map<string, Part>()

  function append(key: string, line: string): void {
    if (current.bytes >= ROTATE_BYTES) {
      part += 1
      const previous = current
      current = openPart(directory, lease, part)
      parts.push(current)
      // Its last entries may have been settled before it stopped being the current part.
      dropIfDone(previous)
    }
    current.bytes += writeSync(current.file, line)
    if (!owner.has(key)) {
      owner.set(key, current)
      current.open += 1
    }
  }

  function dropIfDone(done: Part): void {
    if (done === current || done.open > 0) return
    closeSync(done.file)
    unlinkSync(done.path)
    parts.splice(parts.indexOf(done), 1)
  }

  return {
    noteDot(job) {
      append(jobKey(job.row), `D\t${job.row.lane}\t${job.row.messageId}\t${job.row.number}\n`)
    },
    noteReply(settlement) {
      append(
        jobKey(settlement),
        `R\t${settlement.lane}\t${settlement.messageId}\t${settlement.number}\t${JSON.stringify(settlement)}\n`,
      )
    },
    settled(key) {
      const held = owner.get(key)
      if (held === undefined) return
      owner.delete(key)
      held.open -= 1
      dropIfDone(held)
    },
    close() {
      for (const each of parts) {
        closeSync(each.file)
        if (each.open === 0) unlinkSync(each.path)
      }
    },
  }
}

interface Part {
  readonly file: number
  readonly path: string
  bytes: number
  open: number
}

function openPart(directory: string, lease: string, part: number): Part {
  const path = join(directory, `${lease}-${process.pid}-${part}.journal`)
  return { file: openSync(path, 'ax', 0o600), path, bytes: 0, open: 0 }
}

export interface OrphanedJournal {
  readonly lease: string
  readonly entries: readonly JournalEntry[]
  remove(): void
}

/** Journals of processes that are gone. Taking one renames it first, so that of several starting senders one gets it. */
export function takeOrphanedJournals(
  directory: string,
  isAlive: (pid: number) => boolean,
): OrphanedJournal[] {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const byLease = new Map<string, string[]>()
  for (const name of readdirSync(directory).sort()) {
    const match = NAME.exec(name)
    const [, lease, pid, part] = match ?? []
    if (lease === undefined || pid === undefined || part === undefined || isAlive(Number(pid))) continue
    const taken = join(directory, `${lease}-${process.pid}-${part}.journal`)
    try {
      renameSync(join(directory, name), taken)
    } catch {
      continue
    }
    byLease.set(lease, [...(byLease.get(lease) ?? []), taken])
  }
  return [...byLease].map(([lease, paths]) => ({
    lease,
    entries: readEntries(lease, paths.map((path) => readFileSync(path, 'utf8')).join('')),
    remove: () => {
      for (const path of paths) unlinkSync(path)
    },
  }))
}

/** A last line that was cut by the crash says nothing and is left out. */
function readEntries(lease: string, text: string): JournalEntry[] {
  const entries = new Map<string, JournalEntry>()
  for (const line of text.split('\n').slice(0, -1)) {
    const [kind, lane, messageId, number, json] = line.split('\t')
    const known = LANES.find((item) => item === lane)
    if (known === undefined || messageId === undefined || number === undefined) continue
    const identity = { lane: known, lease, messageId, number: Number(number) }
    const key = jobKey(identity)
    // A dot after a reply is the next attempt of the same row.
    if (kind === 'D') entries.set(key, { ...identity, settlement: null })
    else if (kind === 'R' && json !== undefined)
      entries.set(key, { ...identity, settlement: readSettlement(json, lease) })
  }
  return [...entries.values()]
}

function readSettlement(json: string, lease: string): Settlement | null {
  try {
    const parsed: Settlement = JSON.parse(json)
    return { ...parsed, lease, due: parsed.due === undefined ? undefined : new Date(parsed.due) }
  } catch {
    return null
  }
}
