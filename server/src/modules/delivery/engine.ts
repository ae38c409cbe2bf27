import { join } from 'node:path'
import type { Logger } from 'pino'
import { deliverCapabilities } from '../../kernel/containment.ts'
import { LANES, type Lane } from '../../kernel/lane.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { SmtpReply, SmtpTimeouts } from '../../platform/smtp/client/index.ts'
import type { ContainmentWatch } from '../../security/containment/index.ts'
import type { Overlays, Resolved, ResolveWanted } from '../shaping/index.ts'
import type { Budgets, Source, Sources } from '../sources/index.ts'
import type { TlsReports } from '../transport/index.ts'
import { classify } from './bounce-class.ts'
import { createClaimer, type Claimer } from './claimer.ts'
import type { DeliveryStore } from './delivery-store.ts'
import { createDestinations } from './destinations.ts'
import { createDispatch, type Dispatch, type Place } from './dispatch.ts'
import { transactionOf } from './envelope.ts'
import { createHoldings } from './holdings.ts'
import { createIntake } from './intake.ts'
import { jobKey, type ClaimedRow, type Job, type Settlement } from './job.ts'
import { openJournal, type Journal } from './journal.ts'
import { endUnattempted, judge, putBack, undeliverable, unreachable, waits } from './judge.ts'
import { openLease, type Lease } from './lease.ts'
import { createLines } from './lines.ts'
import type { DeliveryObserver } from './observer.ts'
import { createPreparer } from './prepare.ts'
import { replayJournals } from './replay-journals.ts'
import { createSettler } from './settler.ts'
import type { Resolution } from './sites.ts'
import { createSuppressor } from './suppress.ts'
import { createTraffic, nameOf } from './traffic.ts'

export interface EngineDependencies {
  readonly store: DeliveryStore
  readonly keyring: Pick<KeyringClient, 'openContentKeys' | 'sign' | 'destroyContentKeys' | 'referenceKey'>
  /** Rows that were claimed before a switch are looked at again before they are opened and before they are attempted. */
  readonly containment: Pick<ContainmentWatch, 'blocking'>
  /** False where sites are a third party that sensitive mail may not be shown to. */
  readonly sensitiveMayLeave: boolean
  readonly log: Logger
  readonly processId: string
  readonly journalDirectory: string
  readonly isAlive: (pid: number, birth: string) => boolean
  readonly findSite: (domain: string) => Promise<Resolution>
  readonly rules: () => { resolve(wanted: ResolveWanted): Resolved }
  readonly overlays: Pick<Overlays, 'suspension' | 'suspensionsAt' | 'limits' | 'observe'>
  readonly sources: Pick<Sources, 'pick' | 'giveBack' | 'observe' | 'couldNotBind'>
  readonly budgets: Pick<Budgets, 'share'>
  readonly tlsReports: Pick<TlsReports, 'count'>
  /** What relays and the local inbox are spoken to from. */
  readonly ownSource: Source
  readonly returnPathDomain: string | null
  /** The lease under which this sender claims, and holds its parts of shared limits. */
  readonly onLease: (id: string) => void
  /** Nothing is sent any more, and the lease still holds. */
  readonly beforeRelease: () => Promise<void>
  readonly observer: DeliveryObserver
  readonly retryScale: number
  readonly timeouts?: Partial<SmtpTimeouts>
  readonly newId: () => string
  readonly nowMs: () => number
  readonly random: () => number
}

export interface Engine extends AsyncDisposable {
  /** There may be new rows in these lanes. */
  wake(lanes: readonly Lane[]): void
  /** Shares of limits grew. */
  feed(): void
  /** The address of a source has left this host. */
  endSource(name: string): void
  state(): Readonly<Record<string, unknown>>
  /** What each site is doing. */
  sites(): ReturnType<Dispatch['sites']>
}

/** Rows in memory per lane. Enough to keep signing and connections busy (about 0.3 s of work), few enough to hand over quickly. */
const ROOM: Readonly<Record<Lane, number>> = { critical: 256, transactional: 768, bulk: 1024, internal: 128 }
/** Rows of sites that have enough to do stand beside that room, up to so many times of it: a few tarpits do not stop a lane. */
const SLOW_TIMES = 8
const DEFER_ROWS = 5_000

/**
 * The delivery engine: claim → open and sign → route → attempt → judge → journal → settle, one way. Each stage is a file; this
 * one only joins them. It holds no state that a crash could lose: what is not settled comes back with the lease or the journal.
 */
export async function startEngine(given: EngineDependencies): Promise<Engine> {
  const { observer } = given
  const deps = { ...given, store: observer.store(given.store) }
  const stop = new AbortController()
  const judging = () => ({ nowMs: deps.nowMs(), random: deps.random(), retryScale: deps.retryScale })
  const holdings = createHoldings()
  const suppressor = createSuppressor(deps)
  const destinations = createDestinations(deps)
  const traffic = createTraffic(deps)

  await replayJournals({
    ...deps,
    directory: deps.journalDirectory,
    judging,
    suppress: (settlements) => suppressor.suppressRows(settlements),
  })
  let lease: Lease = await openLease(deps)
  deps.onLease(lease.id)
  const journals = new Map<string, Journal>([[lease.id, openJournal(deps.journalDirectory, lease.id)]])

  const settler = createSettler({
    store: deps.store,
    log: deps.log,
    newId: deps.newId,
    onSettled: (settlements) => {
      observer.settled(settlements)
      for (const settlement of settlements) {
        journals.get(settlement.lease)?.settled(jobKey(settlement))
        holdings.forget(settlement)
      }
      intake.freed()
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

  function settle(settlement: Settlement, row: ClaimedRow): void {
    settler.add(settlement, { sensitive: row.sensitive })
  }

  const dispatch: Dispatch = createDispatch({
    ...deps,
    traffic,
    transactionOf,
    mayPull: () => !stop.signal.aborted && lease.isValid(),
    mayAttempt,
    beforeFinalDot: (job) => {
      // It was pulled under a valid lease, perhaps ahead of its turn on the wire; a process that was stopped since then must not end it.
      if (job.lease !== lease.id || !lease.isValid()) throw new Error('the lease may be gone')
      journals.get(job.lease)?.noteDot(job)
    },
    onOutcome: (job, { site, source }, outcome, info) => {
      const schedule = traffic.limits(site, source).retry[job.row.lane]
      const settlement = judge(
        job,
        outcome,
        { ...info, source: source.name, provider: site.provider, site: site.name },
        { ...judging(), schedule },
      )
      try {
        journals.get(job.lease)?.noteReply(settlement)
      } catch (error) {
        // A full disk: the database may still take the result, and a result that is thrown away would be a second copy.
        deps.log.error({ err: error }, 'A reply could not be journalled; it is settled without')
      }
      settle(settlement, job.row)
      const at = { provider: site.provider, source: source.name }
      observer.attempted(job, at, outcome, settlement.detail['class'], info.durationMs)
      if (settlement.suppress) suppressor.suppress(job, settlement)
      if (outcome.kind === 'deferred' || outcome.kind === 'bounced')
        learn(job, { site, source }, outcome.reply, outcome.stage, String(settlement.detail['class']))
    },
    onRefused: (job, at, reply, stage) => learn(job, at, reply, stage, classify(reply, stage).class),
    onUnreachable: (job, { site, source }, cause, untilMs) => {
      observer.unattempted(job, 'unreachable')
      const schedule = traffic.limits(site, source).retry[job.row.lane]
      settle(unreachable(job, { stage: 'connect', cause }, { ...judging(), schedule }), job.row)
      deferOthers(job, untilMs)
    },
    onWait: (job, reason, when) => {
      observer.unattempted(job, 'waits')
      settle(waits(job, reason, when, deps.random()), job.row)
    },
    onReturned: (job) => settle(putBack(job.row, job.lease, undefined), job.row),
    onNoRoute: (job, resolution) => {
      observer.unattempted(job, 'no_route')
      if (resolution.kind === 'bounce') {
        const settlement = undeliverable(job, resolution.enhanced, resolution.reason)
        settle(settlement, job.row)
        suppressor.suppress(job, settlement)
      } else {
        const facts = { stage: 'dns', enhanced: resolution.enhanced, cause: resolution.reason }
        settle(unreachable(job, facts, judging()), job.row)
      }
    },
    onSession: ({ host, receivingIp, sendingIp, result }) => {
      if (host.policy === null || 'path' in host.target) return
      observer.session(host.policy.policy, result)
      deps.tlsReports.count({
        report: host.policy.report,
        mxHost: host.target.host,
        receivingIp,
        sendingIp,
        result: result === 'success' ? (host.policy.testingFailure ?? result) : result,
      })
    },
    onDestination: (destination, site) => destinations.note(destination, site),
  })

  /** What a refusal says beyond its message: to the rules about replies, and to the warm-up of its source. */
  function learn(job: Job, { site, source }: Place, reply: SmtpReply, stage: string, ofClass: string): void {
    // A relay, the local inbox and the simulator have no rules, and say nothing about the standing of a source.
    if (site.limits !== null) return
    const seen = { site: site.name, provider: site.provider, workspaceId: job.row.workspaceId }
    const { code, enhanced = null, text } = reply
    deps.overlays.observe({
      ...seen,
      source: nameOf(source),
      lane: job.row.lane,
      domain: job.domain,
      reply,
      stage,
      class: ofClass,
    })
    deps.sources.observe({ ...seen, source: source.name, code, enhanced, text })
  }

  const intake = createIntake({
    ...deps,
    holdings,
    preparer: observer.preparer(createPreparer(deps)),
    isContained,
    settle,
    dispatch: dispatch.push,
  })

  /** False where a job is not to be tried after all; it is settled or dropped then. */
  function mayAttempt(job: Job): boolean {
    if (job.lease !== lease.id) {
      holdings.forget(job.row)
      return false
    }
    if (isContained(job.row)) {
      // It goes back as it was: no attempt, no event, its own time. It is not claimed again until the lift.
      settle(putBack(job.row, job.lease, undefined), job.row)
      return false
    }
    if (job.row.expiresAt.getTime() > deps.nowMs()) return true
    settle(endUnattempted(job.row, job.lease, 'expired', 'not delivered before it expired'), job.row)
    return false
  }

  function isContained({ workspaceId, actor, lane }: ClaimedRow): boolean {
    return deps.containment.blocking({ workspaceId, actor, capabilities: deliverCapabilities(lane) }) !== null
  }

  const moved = new Map<string, number>()
  /** Moves what waits for the same destination behind its rest, so that claims do not turn over rows that cannot go. */
  function deferOthers({ row }: Job, untilMs: number): void {
    const key = `${row.lane} ${row.workspaceId} ${row.destination}`
    if (untilMs <= deps.nowMs() || (moved.get(key) ?? 0) >= untilMs) return
    if (moved.size > 10_000) moved.clear()
    moved.set(key, untilMs)
    deps.store
      .deferWaiting(row.lane, row.workspaceId, row.destination, new Date(untilMs), DEFER_ROWS)
      .catch((error: unknown) => deps.log.debug({ err: error }, 'Waiting rows were not moved'))
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

  function roomOf(lane: Lane): number {
    if (dispatch.isStuffed()) return 0
    const mine = holdings.of(lane)
    return Math.min(ROOM[lane] - (mine - dispatch.slow(lane)), SLOW_TIMES * ROOM[lane] - mine)
  }

  const validLease = (): string | null => (lease.isValid() ? lease.id : null)
  const claimers = new Map<Lane, Claimer>(
    LANES.map((lane) => [
      lane,
      createClaimer({
        lane,
        store: deps.store,
        log: deps.log,
        signal: stop.signal,
        lease: validLease,
        room: () => roomOf(lane),
        held: holdings.rows,
        avoid: () => {
          const avoided = dispatch.avoid(lane)
          lines.expect(lane, new Set(avoided.map((item) => item.line)))
          return avoided
        },
        onClaimed: intake.take,
      }),
    ]),
  )
  const lines = createLines({
    store: deps.store,
    log: deps.log,
    signal: stop.signal,
    lease: validLease,
    room: roomOf,
    lineRoom: (line, lane) => dispatch.lineRoom(line, lane),
    lineSkips: (line, lane) => dispatch.lineSkips(line, lane),
    onClaimed: intake.take,
    onFailed: (lane) => claimers.get(lane)?.lookForStrays(),
  })
  const loops = [
    ...[...claimers.values()].map((claimer) => claimer.run()),
    lines.run(),
    destinations.run(stop.signal),
  ]
  const watching = watchLease()

  /** A lost lease: what was not sent is dropped (its rows are others' now), what is in flight ends and is refused, and a new lease begins. */
  async function watchLease(): Promise<void> {
    while (!stop.signal.aborted) {
      await aborted(AbortSignal.any([lease.lost, stop.signal]))
      if (stop.signal.aborted) return
      const old = lease.id
      observer.leaseLost()
      for (const row of intake.takeAll()) holdings.forget(row)
      for (const job of dispatch.takeWaiting()) holdings.forget(job.row)
      const next = await openLeaseAgain()
      if (next === undefined) return
      lease = next
      deps.onLease(lease.id)
      journals.set(lease.id, openJournal(deps.journalDirectory, lease.id))
      deps.log.info({ old, lease: lease.id }, 'A new lease')
    }
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

  observer.watch(() => ({
    leaseValid: lease.isValid(),
    held: holdings.state(),
    settling: settler.waiting(),
    journal: [...journals.values()].reduce((sum, journal) => sum + journal.size(), 0),
    sites: dispatch.sites(),
  }))

  return {
    wake(lanes) {
      for (const lane of lanes) claimers.get(lane)?.wake()
    },
    feed: dispatch.feed,
    endSource: (name) => dispatch.endSource(name),
    sites: dispatch.sites,
    state: () => ({
      lease: lease.id,
      leaseValid: lease.isValid(),
      held: holdings.state(),
      settling: settler.waiting(),
      ...dispatch.state(),
    }),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all([...loops, watching])
      intake.takeAll()
      await dispatch.close()
      await settler.drain()
      // Parts of shared limits go back before the lease that they hang on.
      await deps.beforeRelease()
      await lease.release()
      for (const each of journals.values()) each.close()
    },
  }
}

/** The path under which a process keeps its journals. */
export function journalDirectoryOf(dataDirectory: string): string {
  return join(dataDirectory, 'sender')
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
