import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { LANES, type Lane } from '../../kernel/lane.ts'
import { errorCode } from '../../platform/postgres/index.ts'
import type { DeliveryStore } from './delivery-store.ts'
import { jobKey, type Settlement } from './job.ts'

export interface SettlerDependencies {
  readonly store: Pick<DeliveryStore, 'settle'>
  readonly log: Logger
  readonly newId: () => string
  /** The database has these: journal entries may go, capacity is free again. */
  onSettled(settlements: readonly Settlement[]): void
  /** Message ids whose bodies and keys go when the last recipient is settled. */
  onSensitiveDone(messageIds: readonly string[]): void
}

export interface Settler {
  add(settlement: Settlement, options?: { readonly sensitive?: boolean }): void
  /** Resolves when nothing waits. */
  drain(): Promise<void>
  waiting(): number
}

const BATCH_MAX = 250
/** Replies of one round trip come together; a little patience makes batches of them. */
const GATHER_MS = 20
const RETRY_MS = 500

/**
 * Settles in batches: the next statement leaves when the last has returned, so that batches grow with the load. While the database
 * is away it keeps trying; the journal holds the same facts on disk.
 */
export function createSettler(deps: SettlerDependencies): Settler {
  const waiting = new Map<Lane, Settlement[]>(LANES.map((lane) => [lane, []]))
  const sensitive = new Set<string>()
  let pending = 0
  let running = false
  let idle: (() => void)[] = []

  async function run(): Promise<void> {
    running = true
    try {
      while (pending > 0) {
        await wait(GATHER_MS)
        for (const lane of LANES) {
          const line = waiting.get(lane) ?? []
          while (line.length > 0) await settleSome(lane, takeSameLease(line))
        }
      }
    } finally {
      running = false
      for (const done of idle) done()
      idle = []
    }
  }

  async function settleSome(lane: Lane, batch: readonly Settlement[]): Promise<void> {
    const [first] = batch
    if (first === undefined) return
    for (let tries = 0; ; tries++) {
      try {
        const late = await deps.store.settle(lane, first.lease, false, batch, deps.newId)
        const refused = await settleLate(lane, first.lease, batch, late)
        if (refused.length > 0) {
          deps.log.warn(
            {
              lane,
              lease: first.lease,
              count: refused.length,
              delivered: refused.filter((position) => batch[position]?.state === 'delivered').length,
            },
            'Late results were refused: the rows belong to another lease',
          )
        }
        break
      } catch (error) {
        // A value the database cannot take would stop everything behind it; alone it fails alone, and its row returns with the lease.
        if (/^2[23]/.test(errorCode(error) ?? '')) {
          if (batch.length > 1) {
            for (const one of batch) await settleSome(lane, [one])
            return
          }
          deps.log.error(
            { err: error, message: first.messageId, number: first.number },
            'A result could not be written; the recipient is tried again after its lease',
          )
          break
        }
        if (tries % 20 === 0)
          deps.log.warn(
            { err: error, waiting: pending },
            'Results cannot be written at the moment; they are kept in the journal',
          )
        await wait(RETRY_MS)
      }
    }
    pending -= batch.length
    deps.onSettled(batch)
    finishSensitive(batch)
  }

  /** What the other side said for certain also ends a row that nobody holds: to send it again would be a second copy. */
  async function settleLate(
    lane: Lane,
    lease: string,
    batch: readonly Settlement[],
    late: readonly number[],
  ): Promise<readonly number[]> {
    const certain = late.filter(
      (position) => batch[position]?.state === 'delivered' || batch[position]?.state === 'bounced',
    )
    if (certain.length === 0) return late
    const items = certain.flatMap((position) => batch[position] ?? [])
    const still = new Set(
      (await deps.store.settle(lane, lease, true, items, deps.newId)).map((item) => certain[item]),
    )
    return late.filter((position) => !certain.includes(position) || still.has(position))
  }

  function finishSensitive(batch: readonly Settlement[]): void {
    // Whoever claims a row that was put back says again that it is sensitive.
    const done = batch.filter(
      (settlement) => sensitive.delete(jobKey(settlement)) && settlement.state !== null,
    )
    if (done.length > 0) deps.onSensitiveDone(done.map((settlement) => settlement.messageId))
  }

  return {
    add(settlement, options) {
      waiting.get(settlement.lane)?.push(settlement)
      if (options?.sensitive === true) sensitive.add(jobKey(settlement))
      pending += 1
      if (!running) void run()
    },
    drain: () =>
      pending === 0 ? Promise.resolve() : new Promise<void>((resolve) => void idle.push(resolve)),
    waiting: () => pending,
  }
}

/** Fencing is per lease, so a batch holds one lease's results. */
function takeSameLease(line: Settlement[]): Settlement[] {
  const lease = line[0]?.lease
  let count = 0
  while (count < line.length && count < BATCH_MAX && line[count]?.lease === lease) count += 1
  return line.splice(0, count)
}
