import type { Logger } from 'pino'
import type { Lane } from '../../kernel/lane.ts'
import type {
  SmtpOutcomeInfo,
  SmtpReply,
  SmtpTimeouts,
  SmtpTransaction,
} from '../../platform/smtp/client/index.ts'
import type { Limits } from '../shaping/index.ts'
import type { Budgets, Pick as Picked, PickReceipt, PickWanted, Source } from '../sources/index.ts'
import type { Avoided } from './delivery-store.ts'
import type { Job } from './job.ts'
import { createGroups, type Group } from './site/groups.ts'
import { createLoad, type Load } from './site/load.ts'
import {
  createSiteDispatcher,
  type Judged,
  type Offer,
  type Session,
  type SiteDispatcher,
} from './site/site-dispatcher.ts'
import type { Site } from './site/site.ts'
import type { Resolution } from './sites.ts'

/** Mail that is not to be tried now. `isForAll`: whoever sent it. */
export interface Stop {
  readonly untilMs: number
  readonly reason: string
  readonly isForAll: boolean
}

/** What shaping says of a place, overlays included. */
export interface Traffic {
  limits(site: Site, source: Source): Limits
  /** Mail of a workspace that is not to be tried there now; null: it may go. */
  suspension(site: Site, source: Source, row: Pick<Job['row'], 'workspaceId' | 'lane'>): Stop | null
  /** What is left of a suspension that was met: null where it was lifted. */
  standing(site: Site, source: Source, workspaceId: string): Pick<Stop, 'isForAll'> | null
}

export interface DispatchDependencies {
  readonly log: Logger
  readonly findSite: (domain: string) => Promise<Resolution>
  readonly sources: {
    pick(wanted: PickWanted): Promise<Picked>
    giveBack(receipt: PickReceipt): void
    couldNotBind(source: Source, cause: string): void
  }
  readonly budgets: { share: Budgets['share'] }
  readonly traffic: Traffic
  /** What relays and the local inbox are spoken to from. */
  readonly ownSource: Source
  readonly retryScale: number
  readonly timeouts?: Partial<SmtpTimeouts>
  readonly nowMs: () => number
  mayPull(): boolean
  mayAttempt(job: Job): boolean
  transactionOf(offer: Offer, site: Site): SmtpTransaction
  beforeFinalDot(job: Job): void
  onOutcome(job: Job, at: Place, outcome: Judged, info: SmtpOutcomeInfo): void
  onUnreachable(job: Job, at: Place, cause: string, untilMs: number): void
  /** It waits for its turn: the workspace is suspended there, or its source may send no more today. */
  onWait(job: Job, reason: string, when: { readonly untilMs: number; readonly dueMs: number }): void
  /** It waited too long in memory: it goes back to the queue, where its turn is kept and its expiry watched. */
  onReturned(job: Job): void
  onNoRoute(job: Job, resolution: Exclude<Resolution, { kind: 'site' }>): void
  onSession(session: Session): void
  /** A site said no before any message was offered. */
  onRefused(job: Job, at: Place, reply: SmtpReply, stage: string): void
  /** A destination leads to a site, first seen or again after a while. */
  onDestination(destination: bigint, site: Site): void
}

/** Where an attempt was made. */
export interface Place {
  readonly site: Site
  readonly source: Source
}

const CLOSE_MS = 6_000
const SWEEP_MS = 1_000
/** What waits longer for a connection has a better place in the queue. */
const WAIT_MAX_MS = 60_000
const DESTINATIONS_MAX = 2_000
/** Destinations that a claim is told to put into lines; each is a member of a JSON object. */
const AVOID_MAX = 1_000
const SUSPENDED_MAX = 2_000

interface Entry {
  site: Site
  readonly group: Group
  /** By source, with its addresses, and by what is demanded of TLS. */
  readonly dispatchers: Map<string, SiteDispatcher>
  readonly load: Load
  /** What leads here, so that claims can put it into the site's line. */
  readonly destinations: Set<bigint>
}

interface Suspended {
  readonly entry: Entry
  readonly source: Source
  readonly workspaceId: string
  readonly isForAll: boolean
}

/** Routes jobs to sites and sources, and keeps what each of them has open. */
export function createDispatch(deps: DispatchDependencies) {
  const { nowMs } = deps
  const entries = new Map<string, Entry>()
  const lines = new Map<bigint, Entry>()
  const groups = createGroups({ ...deps, limitsOf })
  const routing = new Set<Job>()
  /** `site key / workspace` → who may not go there. */
  const suspended = new Map<string, Suspended>()

  function push(job: Job): void {
    routing.add(job)
    route(job).catch((error: unknown) => {
      deps.log.error({ err: error }, 'A job could not be dispatched')
      if (routing.delete(job))
        deps.onNoRoute(job, { kind: 'defer', enhanced: '4.4.3', reason: 'no route could be found' })
    })
  }

  async function route(job: Job): Promise<void> {
    const resolution = await deps.findSite(job.domain)
    if (resolution.kind !== 'site') {
      if (routing.delete(job)) deps.onNoRoute(job, resolution)
      return
    }
    const { site } = resolution
    const entry = entryOf(site)
    note(entry, job.row.destination)
    const picked: Picked =
      site.limits === null
        ? await deps.sources.pick({
            workspaceId: job.row.workspaceId,
            lane: job.row.lane,
            provider: site.provider,
          })
        : { kind: 'source', source: deps.ownSource, receipt: null }
    if (!routing.delete(job)) {
      if (picked.kind === 'source' && picked.receipt !== null) deps.sources.giveBack(picked.receipt)
      return
    }
    if (picked.kind === 'wait') {
      deps.onWait(job, picked.reason, { untilMs: picked.untilMs, dueMs: picked.untilMs })
      return
    }
    const ready: Job = { ...job, receipt: picked.receipt, readySinceMs: nowMs() }
    const stop = suspensionOf(entry, picked.source, job.row)
    if (stop !== null) {
      drop(ready)
      deps.onWait(ready, stop.reason, { untilMs: stop.untilMs, dueMs: nowMs() })
      return
    }
    entry.load.came(job.row.lane)
    dispatcherOf(entry, picked.source, ready).push(ready)
  }

  function entryOf(site: Site): Entry {
    const known = entries.get(site.key)
    if (known !== undefined) {
      // It is not forgotten while a source is picked.
      known.load.touch()
      if (known.site !== site) {
        known.site = site
        known.group.renew(site)
        for (const dispatcher of known.dispatchers.values()) dispatcher.renew(site)
      }
      return known
    }
    const limits = (): Limits => limitsOf(entry.site, deps.ownSource)
    const entry: Entry = {
      site,
      group: groups.of(site),
      dispatchers: new Map(),
      load: createLoad({ nowMs, limits, mayPark: site.parks }),
      destinations: new Set(),
    }
    entry.group.join(entry)
    entries.set(site.key, entry)
    lines.set(site.line, entry)
    return entry
  }

  function limitsOf(site: Site, source: Source): Limits {
    return site.limits ?? deps.traffic.limits(site, source)
  }

  function dispatcherOf(entry: Entry, source: Source, job: Job): SiteDispatcher {
    // A source that was given another address or name is another one to the site.
    const key = [source.name, source.ipv4, source.ipv6, source.ehloName, job.tlsFloor].join(' ')
    const known = entry.dispatchers.get(key)
    if (known !== undefined) return known
    const made = createSiteDispatcher({
      ...deps,
      site: entry.site,
      source,
      floor: job.tlsFloor,
      control: entry.group.controlOf(source),
      provider: entry.group.provider,
      limits: () => limitsOf(entry.site, source),
      openInAll: () => entry.group.connections(),
      urgent: () => entry.group.urgent(),
      mayAttempt: (each) => mayAttempt(entry, source, each),
      onOutcome: (each, outcome, info) => {
        entry.load.done(each.row.lane)
        deps.onOutcome(each, { site: entry.site, source }, outcome, info)
      },
      onRefused: (each, reply, stage) => deps.onRefused(each, { site: entry.site, source }, reply, stage),
      onUnreachable: (each, cause, untilMs) => {
        leave(entry, each)
        deps.onUnreachable(each, { site: entry.site, source }, cause, untilMs)
      },
      onSourceLost: (jobs, cause) => {
        deps.sources.couldNotBind(source, cause)
        for (const each of jobs) {
          leave(entry, each)
          deps.onReturned(each)
        }
      },
    })
    entry.dispatchers.set(key, made)
    return made
  }

  function mayAttempt(entry: Entry, source: Source, job: Job): boolean {
    const stop = suspensionOf(entry, source, job.row)
    if (stop !== null) {
      leave(entry, job)
      deps.onWait(job, stop.reason, { untilMs: stop.untilMs, dueMs: nowMs() })
      return false
    }
    if (deps.mayAttempt(job)) return true
    leave(entry, job)
    return false
  }

  /** From now on claims put what is stopped into the site's line, where it waits for the end of the suspension or its lift. */
  function suspensionOf(entry: Entry, source: Source, row: Job['row']): Stop | null {
    if (entry.site.limits !== null) return null
    const stop = deps.traffic.suspension(entry.site, source, row)
    if (stop === null) return null
    const { workspaceId } = row
    if (suspended.size >= SUSPENDED_MAX) suspended.clear()
    suspended.set(`${entry.site.key}/${workspaceId}`, { entry, source, workspaceId, isForAll: stop.isForAll })
    return stop
  }

  function* suspendedFor(lane: Lane): Generator<Suspended> {
    for (const item of suspended.values()) if (lane !== 'critical' || item.isForAll) yield item
  }

  /** A job that is not tried gives back what it took of a warm-up. */
  function drop(job: Job): void {
    if (job.receipt !== undefined && job.receipt !== null) deps.sources.giveBack(job.receipt)
  }

  /** A job leaves a site without having been tried. */
  function leave(entry: Entry, job: Job): void {
    entry.load.left(job.row.lane)
    drop(job)
  }

  function note(entry: Entry, destination: bigint): void {
    if (!entry.site.parks || entry.destinations.has(destination)) return
    if (entry.destinations.size >= DESTINATIONS_MAX) entry.destinations.clear()
    entry.destinations.add(destination)
    deps.onDestination(destination, entry.site)
  }

  function openOf(entry: Entry): number {
    let count = 0
    for (const dispatcher of entry.dispatchers.values()) count += dispatcher.connections()
    return count
  }

  /** What the answers of the site allow over all sources. */
  function windowOf(entry: Entry): number {
    let sum = 0
    for (const dispatcher of entry.dispatchers.values()) sum += dispatcher.window()
    return sum
  }

  /** Nothing can go there. That mail which demands TLS finds none says nothing about mail that does not. */
  function isResting(entry: Entry): boolean {
    let resting = false
    for (const dispatcher of entry.dispatchers.values()) {
      if (dispatcher.floor !== 'none') continue
      if (!dispatcher.isResting()) return false
      resting = true
    }
    return resting
  }

  function feed(): void {
    for (const entry of entries.values())
      for (const dispatcher of entry.dispatchers.values()) dispatcher.feed()
  }

  const isOverdue = (job: Job): boolean => (job.readySinceMs ?? 0) < nowMs() - WAIT_MAX_MS

  // A lease that becomes valid again, hosts that rested, shares that grew: all are noticed here at the latest.
  const sweep = setInterval(() => {
    const needed = new Set<Entry>()
    for (const [key, item] of suspended) {
      const left = deps.traffic.standing(item.entry.site, item.source, item.workspaceId)
      if (left === null) {
        suspended.delete(key)
        continue
      }
      needed.add(item.entry)
      // What stopped everybody may have gone, and critical mail with it.
      if (left.isForAll !== item.isForAll) suspended.set(key, { ...item, isForAll: left.isForAll })
    }
    for (const [key, entry] of entries) {
      entry.load.tick()
      for (const [name, dispatcher] of entry.dispatchers) {
        dispatcher.feed()
        for (const job of dispatcher.takeWhere(isOverdue)) {
          leave(entry, job)
          deps.onReturned(job)
        }
        if (dispatcher.isForgettable()) entry.dispatchers.delete(name)
      }
      // Where a workspace is suspended, its line is known: else its rows would be looked at again and again.
      if (entry.dispatchers.size > 0 || needed.has(entry) || !entry.load.isForgettable()) continue
      entries.delete(key)
      entry.group.leave(entry)
      if (lines.get(entry.site.line) === entry) lines.delete(entry.site.line)
    }
  }, SWEEP_MS)
  sweep.unref()

  return {
    push,
    /** Shares of limits grew. */
    feed,
    /**
     * Ends the connections of a source whose address has gone: they would wait for their time-outs. What is behind its final dot is uncertain,
     * what is before it goes by another source and counts as not tried.
     */
    endSource(name: string): void {
      for (const entry of entries.values())
        for (const dispatcher of entry.dispatchers.values())
          if (dispatcher.source === name) dispatcher.destroy('the address of the source has left this host')
    },
    /** Takes out what waits and is not being tried. */
    takeWaiting(): Job[] {
      const jobs = [...routing]
      routing.clear()
      for (const entry of entries.values())
        for (const dispatcher of entry.dispatchers.values())
          for (const job of dispatcher.takeWaiting()) {
            leave(entry, job)
            jobs.push(job)
          }
      return jobs
    },
    /** What claims put into lines: destinations whose site has enough to do, and those where a workspace is suspended. */
    avoid(lane: Lane): Avoided[] {
      const result: Avoided[] = []
      for (const entry of entries.values()) {
        if (!entry.load.isFull(lane) && !isResting(entry)) continue
        for (const destination of entry.destinations)
          if (result.push({ destination, line: entry.site.line }) >= AVOID_MAX) return result
      }
      for (const { entry, workspaceId } of suspendedFor(lane)) {
        for (const destination of entry.destinations)
          if (result.push({ destination, workspaceId, line: entry.site.line }) >= AVOID_MAX) return result
      }
      return result
    },
    /** How many rows of a line may come; null: nobody here knows the site of the line. */
    lineRoom(line: bigint, lane: Lane): number | null {
      const entry = lines.get(line)
      if (entry === undefined) return null
      return isResting(entry) ? 0 : entry.load.room(lane)
    },
    /** Workspaces that may not send to the site of a line now. */
    lineSkips(line: bigint, lane: Lane): string[] {
      const entry = lines.get(line)
      return [...suspendedFor(lane)].filter((item) => item.entry === entry).map((item) => item.workspaceId)
    },
    /** Rows of a lane at sites that have enough to do: they do not count against the room of others. */
    slow(lane: Lane): number {
      let count = 0
      for (const entry of entries.values())
        if (entry.load.isFull(lane) || isResting(entry)) count += entry.load.of(lane)
      return count
    },
    /** A relay or the local inbox, where nothing is put into lines, has enough to do. */
    isStuffed(): boolean {
      for (const entry of entries.values()) if (entry.load.isStuffed()) return true
      return false
    },
    state: () => ({
      sites: entries.size,
      connections: [...entries.values()].reduce((sum, entry) => sum + openOf(entry), 0),
      ready: [...entries.values()].reduce((sum, entry) => sum + entry.load.total(), 0),
    }),
    /** What each site is doing, for operators. */
    sites: () =>
      [...entries.values()].map((entry) => ({
        site: entry.site.name,
        provider: entry.site.provider,
        connections: openOf(entry),
        waiting: entry.load.total(),
        perSecond: entry.load.perSecond(),
        resting: isResting(entry),
        window: windowOf(entry),
      })),
    /** Ends politely: what is in flight gets its reply, within 6 s; then connections are cut and their messages are uncertain. */
    async close(): Promise<void> {
      clearInterval(sweep)
      routing.clear()
      const all = [...entries.values()].flatMap((entry) => [...entry.dispatchers.values()])
      for (const dispatcher of all) for (const job of dispatcher.close()) drop(job)
      const deadline = performance.now() + CLOSE_MS
      while (all.some((d) => d.connections() > 0) && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      for (const dispatcher of all) dispatcher.destroy('the sender stops')
      // What lost its connection meanwhile was not tried.
      for (const dispatcher of all) for (const job of dispatcher.takeWaiting()) drop(job)
    },
  }
}

export type Dispatch = ReturnType<typeof createDispatch>
