import type { Logger } from 'pino'
import type { Lane } from '../../kernel/lane.ts'
import { errorCode } from '../../platform/postgres/index.ts'
import type { DeliveryStore } from './delivery-store.ts'
import type { Settlement } from './job.ts'
import { takeOrphanedJournals, type JournalEntry } from './journal.ts'
import type { Judging } from './judge.ts'
import { retryDelayMs } from './retry-schedule.ts'

export interface ReplayDependencies {
  readonly directory: string
  readonly isAlive: (pid: number, birth: string) => boolean
  readonly store: Pick<DeliveryStore, 'settle' | 'releaseLease'>
  readonly log: Logger
  readonly newId: () => string
  readonly judging: () => Judging
  /** Bounces of addresses that do not exist, which were just settled. */
  readonly suppress: (settlements: readonly Settlement[]) => Promise<void>
}

const BATCH = 250

/**
 * Settles what processes that died had journalled, before their rows go back to the queue: what the other side took is not sent
 * again, and what may have been taken is uncertain and treated by its lane's rule.
 */
export async function replayJournals(deps: ReplayDependencies): Promise<void> {
  for (const orphan of takeOrphanedJournals(deps.directory, deps.isAlive)) {
    let refused = 0
    for (const [lane, entries] of Map.groupBy(orphan.entries, (entry) => entry.lane)) {
      const settlements = entries.map((entry) => entry.settlement ?? unanswered(entry, deps.judging()))
      for (let at = 0; at < settlements.length; at += BATCH) {
        refused += await settleSome(deps, lane, orphan.lease, settlements.slice(at, at + BATCH))
      }
    }
    await deps.store.releaseLease(orphan.lease)
    orphan.remove()
    // Refused are entries that had been settled before the crash, and rows that others claimed since.
    deps.log.info(
      { lease: orphan.lease, entries: orphan.entries.length, settledBefore: refused },
      'The journal of a sender that ended was settled',
    )
  }
}

/** Answers how many were refused. An entry that the database cannot take is left out: it must not keep every sender from starting. */
async function settleSome(
  deps: ReplayDependencies,
  lane: Lane,
  lease: string,
  settlements: readonly Settlement[],
): Promise<number> {
  try {
    const refused = await deps.store.settle(lane, lease, true, settlements, deps.newId)
    await suppressBounced(
      deps,
      settlements.filter((item, position) => item.suppress && !refused.includes(position)),
    )
    return refused.length
  } catch (error) {
    if (!/^2[23]/.test(errorCode(error) ?? '')) throw error
    const [first, second] = settlements
    if (second === undefined) {
      deps.log.error(
        { err: error, message: first?.messageId },
        'An entry of a journal cannot be settled; its row is tried again',
      )
      return 0
    }
    let refused = 0
    for (const one of settlements) refused += await settleSome(deps, lane, lease, [one])
    return refused
  }
}

/** The ledger is right without it, so a list that cannot be written keeps no sender from starting. */
async function suppressBounced(deps: ReplayDependencies, bounced: readonly Settlement[]): Promise<void> {
  try {
    await deps.suppress(bounced)
  } catch (error) {
    deps.log.error(
      { err: error, count: bounced.length },
      'Hard bounces of a journal could not be put on the suppression list',
    )
  }
}

/** The dot went out and the process died before a reply was written. */
function unanswered(entry: JournalEntry, judging: Judging): Settlement {
  const detail = { stage: 'dot', cause: 'the sender ended before the reply arrived' }
  const base = {
    lane: entry.lane,
    lease: entry.lease,
    messageId: entry.messageId,
    number: entry.number,
    attempted: true,
    suppress: false,
  }
  if (entry.lane === 'bulk') return { ...base, state: 'uncertain', due: undefined, type: undefined, detail }
  const due = new Date(judging.nowMs + retryDelayMs(entry.lane, 1, judging.retryScale, judging.random))
  return {
    ...base,
    state: null,
    due,
    type: 'message.uncertain',
    detail: { ...detail, nextAttemptAt: due.toISOString() },
  }
}
