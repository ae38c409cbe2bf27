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
  /** Entries that the database does not have yet. */
  size(): number
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
      files.append(jobKey(job.row), line('D', job.row, '.'))
    },
    noteReply(settlement) {
      files.append(jobKey(settlement), line('R', settlement, JSON.stringify(settlement)))
    },
    settled: (key) => files.settled(key),
    size: () => files.size(),
    close: () => files.close(),
  }
}

/** Begins with a line feed as well: behind a line that a full disk or a crash cut off it stands for itself. */
function line(kind: 'D' | 'R', of: Pick<Settlement, 'lane' | 'messageId' | 'number'>, rest: string): string {
  return `\n${kind}\t${of.lane}\t${of.messageId}\t${of.number}\t${rest}\n`
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

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const NUMBER = /^[1-9]\d{0,5}$/

/** A line that was cut says nothing and is left out, unless it tells that a reply was being written: then the dot was out. */
function readEntries(lease: string, text: string): JournalEntry[] {
  const entries = new Map<string, JournalEntry>()
  for (const each of text.split('\n')) {
    const [kind, lane, messageId, number, rest] = each.split('\t')
    const known = LANES.find((item) => item === lane)
    if (known === undefined || messageId === undefined || number === undefined || rest === undefined) continue
    if (!UUID.test(messageId) || !NUMBER.test(number)) continue
    const identity = { lane: known, lease, messageId, number: Number(number) }
    const key = jobKey(identity)
    // A dot after a reply is the next attempt of the same row.
    if (kind === 'D' && rest === '.') entries.set(key, { ...identity, settlement: null })
    else if (kind === 'R') entries.set(key, { ...identity, settlement: readSettlement(rest, identity) })
  }
  return [...entries.values()]
}

function readSettlement(
  json: string,
  identity: Pick<Settlement, 'lane' | 'lease' | 'messageId' | 'number'>,
): Settlement | null {
  try {
    const parsed: Settlement = JSON.parse(json)
    return { ...parsed, ...identity, due: parsed.due === undefined ? undefined : new Date(parsed.due) }
  } catch {
    return null
  }
}
