import type { Lane } from '../../kernel/lane.ts'
import { LANES } from '../../kernel/lane.ts'
import { openPartFiles, takeOrphanedParts } from '../../platform/part-files/index.ts'
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

const PART_BYTES_MAX = 8 * 1024 * 1024

/**
 * The local journal of replies: append-only files per lease that survive `kill -9`, so that after a restart what the other side
 * took is not sent again. Parts are deleted as their entries are settled.
 */
export function openJournal(directory: string, lease: string): Journal {
  const files = openPartFiles({ directory, name: lease, partBytesMax: PART_BYTES_MAX })
  return {
    noteDot(job) {
      files.append(jobKey(job.row), `D\t${job.row.lane}\t${job.row.messageId}\t${job.row.number}\n`)
    },
    noteReply(settlement) {
      files.append(
        jobKey(settlement),
        `R\t${settlement.lane}\t${settlement.messageId}\t${settlement.number}\t${JSON.stringify(settlement)}\n`,
      )
    },
    settled: (key) => files.settled(key),
    close: () => files.close(),
  }
}

export interface OrphanedJournal {
  readonly lease: string
  readonly entries: readonly JournalEntry[]
  remove(): void
}

/** Journals of processes that are gone. Of several starting senders one gets each. */
export function takeOrphanedJournals(
  directory: string,
  isAlive: (pid: number, birth: string) => boolean,
): OrphanedJournal[] {
  return takeOrphanedParts(directory, isAlive).map((parts) => ({
    lease: parts.name,
    entries: readEntries(parts.name, parts.text),
    remove: () => parts.remove(),
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
