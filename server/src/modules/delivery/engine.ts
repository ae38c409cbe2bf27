import { join } from 'node:path'
import type { Logger } from 'pino'
import { deliverCapabilities } from '../../kernel/containment.ts'
import { Fault } from '../../kernel/faults.ts'
import { LANES, type Lane } from '../../kernel/lane.ts'
import { KeyringUnavailable, type KeyringClient } from '../../platform/keyring-client/index.ts'
import { seal, sealedKeyId } from '../../platform/sealing/index.ts'
import type { SmtpTimeouts } from '../../platform/smtp/client/index.ts'
import type { ContainmentWatch } from '../../security/containment/index.ts'
import { createClaimer, type Claimer } from './claimer.ts'
import type { DeliveryStore, SuppressionEntry } from './delivery-store.ts'
import { createDispatch, type Dispatch } from './dispatch.ts'
import { jobKey, rowOfKey, type ClaimedRow, type Job, type Settlement } from './job.ts'
import { openJournal, type Journal } from './journal.ts'
import { endUnattempted, judge, putBack, undeliverable, unreachable } from './judge.ts'
import { openLease, type Lease } from './lease.ts'
import { createPreparer } from './prepare.ts'
import { replayJournals } from './replay-journals.ts'
import { createSettler } from './settler.ts'
import { cutSlices } from './slices.ts'
import type { Resolution } from './sites.ts'

export interface EngineDependencies {
  readonly store: DeliveryStore
  readonly keyring: Pick<KeyringClient, 'openContentKeys' | 'sign' | 'destroyContentKeys'>
  /** Rows that were claimed before a switch are looked at again before they are opened and before they are attempted. */
  readonly containment: Pick<ContainmentWatch, 'blocking'>
  /** False where sites are a third party that sensitive mail may not be shown to. */
  readonly sensitiveMayLeave: boolean
  readonly log: Logger
  readonly processId: string
  readonly journalDirectory: string
  readonly isAlive: (pid: number, birth: string) => boolean
  readonly findSite: (domain: string) => Promise<Resolution>
  readonly ehloName: string
  readonly retryScale: number
  readonly timeouts?: Partial<SmtpTimeouts>
  readonly newId: () => string
  readonly nowMs: () => number
  readonly random: () => number
}

export interface Engine extends AsyncDisposable {
  /** There may be new rows in these lanes. */
  wake(lanes: readonly Lane[]): void
  state(): Readonly<Record<string, unknown>>
}

/** Rows in memory per lane. Enough to keep signing and connections busy (about 0.3 s of work), few enough to hand over quickly. */
const ROOM: Readonly<Record<Lane, number>> = { critical: 256, transactional: 768, bulk: 1024, internal: 128 }
/** Of opened messages that wait for a connection or a reply; critical mail is opened beyond it. */
const LOADED_BYTES_MAX = 128 * 1024 * 1024
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
const DEFER_ROWS = 5_000

/**
 * The delivery engine: claim → open and sign → route → attempt → judge → journal → settle, one way. Each stage is a file; this
 * one only joins them. It holds no state that a crash could lose: what is not settled comes back with the lease or the journal.
 */
export async function startEngine(deps: EngineDependencies): Promise<Engine> {
  const stop = new AbortController()
  const judging = () => ({ nowMs: deps.nowMs(), random: deps.random(), retryScale: deps.retryScale })
  /** Claims in memory per row: a row that was put back can be claimed again before its settlement has returned. */
  const held = new Map<string, number>()
  const heldByLane: Record<Lane, number> = { critical: 0, transactional: 0, bulk: 0, internal: 0 }
  const loaded = new Map<string, number>()
  let loadedBytes = 0

  await replayJournals({ ...deps, directory: deps.journalDirectory, judging })
  let lease: Lease = await openLease(deps)
  const journals = new Map<string, Journal>([[lease.id, openJournal(deps.journalDirectory, lease.id)]])

  const settler = createSettler({
    store: deps.store,
    log: deps.log,
    newId: deps.newId,
    onSettled: (settlements) => {
      for (const settlement of settlements) forget(settlement)
      for (const claimer of claimers.values()) claimer.roomFreed()
    },
    onSensitiveDone: (messageIds) => {
      eraseSensitive(messageIds).catch((error: unknown) =>
        deps.log.warn(
          { err: error },
          'Content of sensitive messages could not be erased yet; the worker tries again',
        ),
      )
    },
  })

  function remember(row: ClaimedRow): void {
    const key = jobKey(row)
    held.set(key, (held.get(key) ?? 0) + 1)
    heldByLane[row.lane] += 1
  }

  function forget(settlement: Settlement): void {
    journals.get(settlement.lease)?.settled(jobKey(settlement))
    forgetRow(settlement)
  }

  function settle(settlement: Settlement, row: ClaimedRow): void {
    settler.add(settlement, { sensitive: row.sensitive })
  }

  const preparer = createPreparer(deps)
  const dispatch: Dispatch = createDispatch({
    ...deps,
    mayPull: () => !stop.signal.aborted && lease.isValid(),
    mayAttempt: (job) => {
      if (job.lease !== lease.id) {
        forgetRow(job.row)
        return false
      }
      if (isContained(job.row)) {
        leave(job.row, job.lease)
        return false
      }
      if (job.row.expiresAt.getTime() > deps.nowMs()) return true
      settle(endUnattempted(job.row, job.lease, 'expired', 'not delivered before it expired'), job.row)
      return false
    },
    beforeFinalDot: (job) => journals.get(job.lease)?.noteDot(job),
    onOutcome: (job, outcome, info) => {
      const settlement = judge(job, outcome, info, judging())
      try {
        journals.get(job.lease)?.noteReply(settlement)
      } catch (error) {
        // A full disk: the database may still take the result, and a result that is thrown away would be a second copy.
        deps.log.error({ err: error }, 'A reply could not be journalled; it is settled without')
      }
      settle(settlement, job.row)
      if (settlement.suppress) suppress(job, settlement)
    },
    onUnreachable: (job, cause, untilMs) => {
      settle(unreachable(job, { stage: 'connect', cause }, judging()), job.row)
      deferOthers(job, untilMs)
    },
    onNoRoute: (job, resolution) => {
      if (resolution.kind === 'bounce') {
        const settlement = undeliverable(job, resolution.enhanced, resolution.reason)
        settle(settlement, job.row)
        suppress(job, settlement)
      } else {
        settle(
          unreachable(
            job,
            { stage: 'dns', enhanced: resolution.enhanced, cause: resolution.reason },
            judging(),
          ),
          job.row,
        )
      }
    },
  })

  const slices: { rows: readonly ClaimedRow[]; lease: string }[] = []
  let preparing = 0

  function onClaimed(rows: readonly ClaimedRow[], under: string): void {
    const wanted: ClaimedRow[] = []
    for (const row of rows) {
      remember(row)
      if (row.suppressed) settle(endUnattempted(row, under, 'suppressed', 'on the suppression list'), row)
      else if (row.expiresAt.getTime() <= deps.nowMs())
        settle(endUnattempted(row, under, 'expired', 'not delivered before it expired'), row)
      else wanted.push(row)
    }
    const cut = cutSlices(wanted).map((slice) => ({ rows: slice, lease: under }))
    // Critical mail is prepared before whatever else waits.
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
    return preparing < SLICES_AT_ONCE && loadedBytes < LOADED_BYTES_MAX
  }

  /** Recipients of one message share its bytes. */
  function load(job: Job, sharedBy: number): void {
    const key = jobKey(job.row)
    const bytes = Math.ceil(job.bytes / sharedBy)
    loadedBytes += bytes - (loaded.get(key) ?? 0)
    loaded.set(key, bytes)
    dispatch.push(job)
  }

  function unload(key: string): void {
    const bytes = loaded.get(key)
    if (bytes === undefined) return
    loaded.delete(key)
    loadedBytes -= bytes
    if (slices.length > 0) prepareMore()
  }

  function isContained({ workspaceId, actor, lane }: ClaimedRow): boolean {
    return deps.containment.blocking({ workspaceId, actor, capabilities: deliverCapabilities(lane) }) !== null
  }

  /** A contained row goes back as it was: no attempt, no event, its own time. It is not claimed again until the lift. */
  function leave(row: ClaimedRow, under: string): void {
    settle(putBack(row, under, undefined), row)
  }

  const containedByKeyring = new Set<string>()
  /** The keyring said contained, and the database gave the row out again: the keyring has not heard of a lift. */
  function isTurning(row: ClaimedRow): boolean {
    const key = jobKey(row)
    const isAgain = containedByKeyring.has(key)
    if (containedByKeyring.size >= 10_000) containedByKeyring.clear()
    containedByKeyring.add(key)
    return isAgain
  }

  async function prepareOne(claimed: readonly ClaimedRow[], under: string): Promise<void> {
    const free = claimed.filter((row) => !isContained(row))
    if (free.length < claimed.length) for (const row of claimed) if (!free.includes(row)) leave(row, under)
    // Accepted before mail was turned to a relay: it is not even opened.
    const rows = free.filter((row) => deps.sensitiveMayLeave || !row.sensitive)
    for (const row of free) if (!rows.includes(row)) keepFromThirdParty(row, under)
    if (rows.length === 0) return
    try {
      const shares = Map.groupBy(rows, (row) => row.messageId)
      for (const prepared of await preparer.prepareSlice(rows, under)) {
        if (prepared.kind === 'job') load(prepared.job, shares.get(prepared.job.row.messageId)?.length ?? 1)
        else if (prepared.kind === 'gone') lose(prepared.row, under, prepared.reason)
        else if (prepared.kind === 'shredded')
          settle(endUnattempted(prepared.row, under, 'expired', prepared.reason), prepared.row)
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

  /** Content that is accepted and cannot be read is a fault of this installation, and is told as such. */
  function lose(row: ClaimedRow, under: string, reason: string): void {
    deps.log.error(
      { message: row.messageId, number: row.number, reason },
      'A message has no readable content',
    )
    settle(endUnattempted(row, under, 'bounced', reason), row)
  }

  /** The row waits, with the reason in its timeline, until the setting changes or its four hours are over. */
  function keepFromThirdParty(row: ClaimedRow, under: string): void {
    const due = new Date(deps.nowMs() + THIRD_PARTY_PAUSE_MS * (0.5 + deps.random()))
    const reason =
      'sensitive mail does not pass a relay, which could read it; BULKHEAD_SENSITIVE_VIA_RELAY=on allows it'
    settle({ ...putBack(row, under, due), type: 'message.deferred', detail: { reason } }, row)
  }

  /** Gives a row back for a while; it is neither attempted nor failed. */
  function later(row: ClaimedRow, under: string, reason: string, pauseMs: number): void {
    deps.log.debug({ message: row.messageId, reason }, 'A row goes back')
    settle(putBack(row, under, new Date(deps.nowMs() + pauseMs * (0.5 + deps.random()))), row)
  }

  const moved = new Map<string, number>()
  /** Moves what waits for the same destination behind its rest, so that claims do not turn over rows that cannot go. */
  function deferOthers(job: Job, untilMs: number): void {
    const key = `${job.row.lane} ${job.row.destination}`
    if (untilMs <= deps.nowMs() || (moved.get(key) ?? 0) >= untilMs) return
    if (moved.size > 10_000) moved.clear()
    moved.set(key, untilMs)
    deps.store
      .deferDestination(job.row.lane, job.row.destination, new Date(untilMs), DEFER_ROWS)
      .catch((error: unknown) => deps.log.debug({ err: error }, 'Waiting rows were not moved'))
  }

  function suppress(job: Job, settlement: Settlement): void {
    suppressOne(job, settlement).catch((error: unknown) =>
      deps.log.error(
        { err: error, message: job.row.messageId },
        'A hard bounce could not be put on the suppression list',
      ),
    )
  }

  async function suppressOne(job: Job, settlement: Settlement): Promise<void> {
    const { workspaceId, addressIndex, address, messageId } = job.row
    const id = deps.newId()
    const keyId = sealedKeyId(address)
    const key = await deps.keyring.openContentKeys(workspaceId, [keyId], 'suppression').then(
      (keys) => keys.get(keyId),
      (error: unknown) => {
        // Contained since, or the keyring is away: the entry matters more than that somebody can read it.
        deps.log.warn({ err: error, message: messageId }, 'A suppressed address is kept by its index only')
        return undefined
      },
    )
    const place = { workspaceId, table: 'suppression', column: 'address', rowId: id }
    const entry: SuppressionEntry = {
      id,
      workspaceId,
      addressIndex,
      // The key of a sensitive message may be destroyed already: the entry then holds by its index, and nobody reads the address.
      address: key === undefined ? address : seal({ keyId, key }, place, Buffer.from(job.email)),
      messageId,
      evidence: settlement.detail,
    }
    await deps.store.suppress([entry])
  }

  async function eraseSensitive(messageIds: readonly string[]): Promise<void> {
    const done = await deps.store.sensitiveDone(messageIds)
    if (done.length === 0) return
    // The key first: a crash in between leaves a body that nobody can open, and upkeep finds it.
    for (const [workspaceId, items] of Map.groupBy(done, (item) => item.workspaceId))
      await deps.keyring.destroyContentKeys(
        workspaceId,
        items.map((item) => item.keyId),
      )
    await deps.store.eraseSensitive(done.map((item) => item.messageId))
  }

  const claimers = new Map<Lane, Claimer>(
    LANES.map((lane) => [
      lane,
      createClaimer({
        lane,
        store: deps.store,
        log: deps.log,
        signal: stop.signal,
        lease: () => (lease.isValid() ? lease.id : null),
        room: () => ROOM[lane] - heldByLane[lane],
        held: () => [...held.keys()].map(rowOfKey),
        avoid: () => dispatch.saturated(),
        onClaimed,
      }),
    ]),
  )
  const loops = [...claimers.values()].map((claimer) => claimer.run())
  const watching = watchLease()

  /** A lost lease: what was not sent is dropped (its rows are others' now), what is in flight ends and is refused, and a new lease begins. */
  async function watchLease(): Promise<void> {
    while (!stop.signal.aborted) {
      await aborted(AbortSignal.any([lease.lost, stop.signal]))
      if (stop.signal.aborted) return
      const old = lease.id
      for (const slice of slices.splice(0)) for (const row of slice.rows) forgetRow(row)
      for (const job of dispatch.takeWaiting()) forgetRow(job.row)
      const next = await openLeaseAgain()
      if (next === undefined) return
      lease = next
      journals.set(lease.id, openJournal(deps.journalDirectory, lease.id))
      deps.log.info({ old, lease: lease.id }, 'A new lease')
    }
  }

  function forgetRow(row: Pick<ClaimedRow, 'lane' | 'messageId' | 'number'>): void {
    const key = jobKey(row)
    unload(key)
    const claims = held.get(key)
    if (claims === undefined) return
    if (claims > 1) held.set(key, claims - 1)
    else held.delete(key)
    heldByLane[row.lane] -= 1
  }

  async function openLeaseAgain(): Promise<Lease | undefined> {
    while (!stop.signal.aborted) {
      try {
        return await openLease(deps)
      } catch (error) {
        deps.log.warn({ err: error }, 'No lease could be had; trying again')
        await new Promise((resolve) => setTimeout(resolve, 1_000))
      }
    }
    return undefined
  }

  return {
    wake(lanes) {
      for (const lane of lanes) claimers.get(lane)?.wake()
    },
    state: () => ({
      lease: lease.id,
      leaseValid: lease.isValid(),
      held: { ...heldByLane },
      settling: settler.waiting(),
      ...dispatch.state(),
    }),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all([...loops, watching])
      slices.splice(0)
      await dispatch.close()
      await settler.drain()
      await lease.release()
      for (const each of journals.values()) each.close()
    },
  }
}

/** The path under which a process keeps its journals. */
export function journalDirectoryOf(dataDirectory: string): string {
  return join(dataDirectory, 'sender')
}

/** The keyring or the database is away, for everybody. A fault is an answer, and concerns what was asked for. */
function isOutage(error: unknown): boolean {
  if (error instanceof KeyringUnavailable) return true
  return error instanceof Error && 'code' in error && !(error instanceof Fault)
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
