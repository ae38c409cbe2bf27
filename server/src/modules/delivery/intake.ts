import type { Logger } from 'pino'
import { Fault } from '../../kernel/faults.ts'
import { KeyringUnavailable } from '../../platform/keyring-client/index.ts'
import type { Holdings } from './holdings.ts'
import { jobKey, type ClaimedRow, type Job, type Settlement } from './job.ts'
import { endSuppressed, endUnattempted, putBack } from './judge.ts'
import type { Preparer } from './prepare.ts'
import { cutSlices } from './slices.ts'

export interface IntakeDependencies {
  readonly holdings: Holdings
  readonly preparer: Preparer
  readonly log: Logger
  /** False where sites are a third party that sensitive mail may not be shown to. */
  readonly sensitiveMayLeave: boolean
  readonly nowMs: () => number
  readonly random: () => number
  isContained(row: ClaimedRow): boolean
  settle(settlement: Settlement, row: ClaimedRow): void
  dispatch(job: Job): void
}

/** Slices prepared at once: two keep the keyring's threads busy while bodies are read. */
const SLICES_AT_ONCE = 3
const KEYRING_PAUSE_MS = 3_000
/**
 * How long what could not be prepared waits. `later`: mail of a domain without a published key is never sent unsigned; it waits for
 * one until it expires. `contained`: the keyring follows the switches within 250 ms, and while it believes in one that the database
 * has lifted, a row must not turn. `budget`: budgets count by the minute and by the hour.
 */
const PAUSE_MS = { later: 60_000, contained: 1_000, budget: 60_000 } as const
const THIRD_PARTY_PAUSE_MS = 10 * 60_000

/** From claimed rows to jobs: what needs no attempt ends here, the rest is opened and signed, critical mail before whatever else waits. */
export function createIntake(deps: IntakeDependencies) {
  const slices: { rows: readonly ClaimedRow[]; lease: string }[] = []
  const containedByKeyring = new Set<string>()
  let preparing = 0

  function take(rows: readonly ClaimedRow[], under: string): void {
    const wanted: ClaimedRow[] = []
    for (const row of rows) {
      deps.holdings.remember(row)
      if (row.suppressed !== null) deps.settle(endSuppressed(row, under, row.suppressed), row)
      else if (row.expiresAt.getTime() <= deps.nowMs())
        deps.settle(endUnattempted(row, under, 'expired', 'not delivered before it expired'), row)
      else wanted.push(row)
    }
    const cut = cutSlices(wanted).map((slice) => ({ rows: slice, lease: under }))
    if (rows[0]?.lane === 'critical') slices.unshift(...cut)
    else slices.push(...cut)
    prepareMore()
  }

  function prepareMore(): void {
    while (mayPrepare(slices[0]?.rows[0]?.lane === 'critical')) {
      const slice = slices.shift()
      if (slice === undefined) return
      preparing += 1
      void prepareOne(slice.rows, slice.lease).finally(() => {
        preparing -= 1
        prepareMore()
      })
    }
  }

  function mayPrepare(critical: boolean): boolean {
    if (critical) return preparing < SLICES_AT_ONCE + 2
    return preparing < SLICES_AT_ONCE && !deps.holdings.isFull()
  }

  async function prepareOne(claimed: readonly ClaimedRow[], under: string): Promise<void> {
    const free = claimed.filter((row) => !deps.isContained(row))
    if (free.length < claimed.length) for (const row of claimed) if (!free.includes(row)) leave(row, under)
    // Accepted before mail was turned to a relay: it is not even opened.
    const rows = free.filter((row) => deps.sensitiveMayLeave || !row.sensitive)
    for (const row of free) if (!rows.includes(row)) keepFromThirdParty(row, under)
    if (rows.length === 0) return
    try {
      const shares = Map.groupBy(rows, (row) => row.messageId)
      for (const prepared of await deps.preparer.prepareSlice(rows, under)) {
        if (prepared.kind === 'job') {
          deps.holdings.load(prepared.job, shares.get(prepared.job.row.messageId)?.length ?? 1)
          deps.dispatch(prepared.job)
        } else if (prepared.kind === 'gone') lose(prepared.row, under, prepared.reason)
        else if (prepared.kind === 'shredded')
          deps.settle(endUnattempted(prepared.row, under, 'expired', prepared.reason), prepared.row)
        else if (prepared.kind === 'contained' && !isTurning(prepared.row)) leave(prepared.row, under)
        else later(prepared.row, under, prepared.reason, PAUSE_MS[prepared.kind])
      }
    } catch (error) {
      if (rows.length > 1 && !isOutage(error)) {
        // One message that cannot be prepared must not take the slice with it.
        for (const row of rows) await prepareOne([row], under)
        return
      }
      deps.log.warn({ err: error, rows: rows.length }, 'Messages could not be prepared; they wait')
      for (const row of rows)
        later(row, under, 'the keyring or the database could not be used', KEYRING_PAUSE_MS)
    }
  }

  /** A contained row goes back as it was: no attempt, no event, its own time. It is not claimed again until the lift. */
  function leave(row: ClaimedRow, under: string): void {
    deps.settle(putBack(row, under, undefined), row)
  }

  /** The keyring said contained, and the database gave the row out again: the keyring has not heard of a lift. */
  function isTurning(row: ClaimedRow): boolean {
    const key = jobKey(row)
    const isAgain = containedByKeyring.has(key)
    if (containedByKeyring.size >= 10_000) containedByKeyring.clear()
    containedByKeyring.add(key)
    return isAgain
  }

  /** Content that is accepted and cannot be read is a fault of this installation, and is told as such. */
  function lose(row: ClaimedRow, under: string, reason: string): void {
    deps.log.error(
      { message: row.messageId, number: row.number, reason },
      'A message has no readable content',
    )
    deps.settle(endUnattempted(row, under, 'bounced', reason), row)
  }

  /** The row waits, with the reason in its timeline, until the setting changes or its four hours are over. */
  function keepFromThirdParty(row: ClaimedRow, under: string): void {
    const due = new Date(deps.nowMs() + THIRD_PARTY_PAUSE_MS * (0.5 + deps.random()))
    const reason =
      'sensitive mail does not pass a relay, which could read it; BULKHEAD_SENSITIVE_VIA_RELAY=on allows it'
    deps.settle({ ...putBack(row, under, due), type: 'message.deferred', detail: { reason } }, row)
  }

  /** Gives a row back for a while; it is neither attempted nor failed. */
  function later(row: ClaimedRow, under: string, reason: string, pauseMs: number): void {
    deps.log.debug({ message: row.messageId, reason }, 'A row goes back')
    deps.settle(putBack(row, under, new Date(deps.nowMs() + pauseMs * (0.5 + deps.random()))), row)
  }

  return {
    take,
    /** Bytes were freed. */
    freed(): void {
      if (slices.length > 0) prepareMore()
    },
    /** Takes out what was not begun; its rows are dropped. */
    takeAll: (): ClaimedRow[] => slices.splice(0).flatMap((slice) => [...slice.rows]),
  }
}

/** The keyring or the database is away, for everybody. A fault is an answer, and concerns what was asked for. */
function isOutage(error: unknown): boolean {
  if (error instanceof KeyringUnavailable) return true
  return error instanceof Error && 'code' in error && !(error instanceof Fault)
}
