import type { Logger } from 'pino'
import {
  createSmtpConnection,
  type SmtpCloseReason,
  type SmtpConnection,
  type SmtpOutcome,
  type SmtpOutcomeInfo,
  type SmtpReply,
  type SmtpTarget,
  type SmtpTimeouts,
  type SmtpTransaction,
  type TlsFailureType,
} from '../../../platform/smtp/client/index.ts'
import type { Limits } from '../../shaping/index.ts'
import { localAddressOf, type Source } from '../../sources/index.ts'
import type { Job, TlsFloor } from '../job.ts'
import { createReadyLine } from '../ready-line.ts'
import type { ProviderControl, SiteControl } from './control.ts'
import { asksForLess } from './feedback.ts'
import { createHosts } from './hosts.ts'
import type { Site, SiteHost } from './site.ts'
import { createWindow } from './window.ts'

/** Recipients of one message in one transaction. */
export type Offer = readonly [Job, ...Job[]]

export type Judged = Exclude<SmtpOutcome, { kind: 'unattempted' }>

/** A session with a host, for reports about TLS. */
export interface Session {
  readonly host: SiteHost
  readonly receivingIp: string | null
  readonly sendingIp: string | null
  readonly result: 'success' | TlsFailureType
}

export interface SiteDispatcherDependencies {
  readonly site: Site
  readonly source: Source
  readonly floor: TlsFloor
  readonly control: SiteControl
  readonly provider: ProviderControl | null
  readonly limits: () => Limits
  readonly log: Logger
  readonly nowMs: () => number
  readonly retryScale: number
  readonly timeouts?: Partial<SmtpTimeouts>
  /** Connections to the site over all its sources. */
  openInAll(): number
  /** Who has critical mail for the same servers that could go now; null: nobody. */
  urgent(): { connections(): number; feed(): void } | null
  /** False stops new transactions: the lease may be gone, or the process drains. */
  mayPull(): boolean
  /** False where the job is not to be tried after all; whoever says so takes it. */
  mayAttempt(job: Job): boolean
  transactionOf(offer: Offer, site: Site): SmtpTransaction
  beforeFinalDot(job: Job): void
  /** The other side judged the message, or may have it. */
  onOutcome(job: Job, outcome: Judged, info: SmtpOutcomeInfo): void
  /** No host of the site could be used for this job. */
  onUnreachable(job: Job, cause: string, untilMs: number): void
  /** The source's address is not there to be bound: these wait for another source, untried. */
  onSourceLost(jobs: readonly Job[], cause: string): void
  onSession(session: Session): void
  /** The site said no before any message was offered; `job` is one that waited for it. */
  onRefused(job: Job, reply: SmtpReply, stage: string): void
}

/** A connection that is lost this often under one job ends its attempt. */
const CONNECTION_FAILURES_MAX = 3
/** A connection that has to wait longer for its first message is not opened yet: the other side would only see it idle. */
const CONNECT_AHEAD_MS = 1_000
/** Jobs that wait for each connection that is opened: fewer are served sooner by those that are open. */
const JOBS_PER_CONNECTION = 4
/** So long other mail makes way for critical mail that has no connection yet; one that cannot be had must not stop a site. */
const URGENT_MS = 5_000
const GIVE_WAY_MS = 100

interface Open {
  readonly connection: SmtpConnection
  readonly host: SiteHost
  readonly tls: ReturnType<ReturnType<typeof createHosts>['tlsOf']>
  idle: boolean
  /** A reply of the other side was seen in a transaction: the host works. */
  useful: boolean
  counted: boolean
}

/**
 * Connections from one source to one site that pull work for it. How many there are is the least of the rules, this sender's share of
 * them, and what the site's answers allow (window.ts); how fast they pull is a matter of the paces that all of them share.
 */
export function createSiteDispatcher(deps: SiteDispatcherDependencies) {
  const { control, nowMs } = deps
  const hosts = createHosts(deps)
  const ready = createReadyLine()
  const open = new Set<Open>()
  const window = createWindow({ max: () => deps.limits().connections })
  let recipientsMax = Number.POSITIVE_INFINITY
  let probeInFlight = false
  let lastUseMs = nowMs()
  let closing = false
  let alarm: NodeJS.Timeout | undefined
  let alarmAtMs = 0
  let urgentMs = -URGENT_MS

  function push(job: Job): void {
    lastUseMs = nowMs()
    if (hosts.isResting()) {
      deps.onUnreachable(job, 'the site could not be reached a moment ago', hosts.restUntilMs())
      return
    }
    ready.push(job)
    if (job.row.lane === 'critical') urgentMs = nowMs()
    feed()
  }

  /** Connections that are idle here, while other senders wait for their part of the site, are closed. */
  function letGo(): void {
    const idle = [...open].filter((each) => each.idle)
    const all = deps.openInAll()
    let spare = all - control.connectionsKept(all - idle.length, all)
    for (const each of idle) {
      if (spare <= 0) return
      spare -= 1
      each.connection.close()
    }
  }

  /** Critical mail goes first, whatever its source or demand on TLS: without a connection it gets one of ours, with one the next unit of the pace. */
  function givesWay(): boolean {
    if (ready.sizeOf('critical') > 0) return false
    const urgent = deps.urgent()
    if (urgent === null) return false
    if (urgent.connections() === 0) [...open].find((each) => each.idle)?.connection.close()
    wakeIn(GIVE_WAY_MS)
    return true
  }

  function feed(): void {
    if (!closing && ready.size() === 0) letGo()
    if (closing || ready.size() === 0 || !deps.mayPull() || hosts.isResting() || givesWay()) return
    let woken = 0
    for (const each of open) {
      if (!each.idle) continue
      woken += 1
      each.idle = false
      each.connection.wake()
      if (woken >= ready.size()) return
    }
    const useful = hosts.isProbing()
      ? 1
      : Math.ceil(ready.size() / JOBS_PER_CONNECTION) - connecting() + open.size
    if (useful <= open.size) return
    const readyInMs = control.messageReadyInMs()
    if (readyInMs > CONNECT_AHEAD_MS) {
      wakeIn(readyInMs - CONNECT_AHEAD_MS)
      return
    }
    const others = deps.openInAll() - open.size
    const allowed = control.connectionsAllowed(others + open.size, others + useful) - others
    const wanted = Math.min(useful, allowed, window.size()) - open.size
    for (let i = 0; i < wanted; i++) {
      if (!control.takeConnect()) {
        wakeIn(control.connectReadyInMs())
        return
      }
      if (!connect()) return
    }
  }

  function next(): Offer | null {
    if (closing || probeInFlight || givesWay()) return null
    while (ready.size() > 0 && deps.mayPull() && !hosts.isResting()) {
      if (!control.takeMessage()) {
        wakeIn(control.messageReadyInMs())
        return null
      }
      const offer = pull()
      if (offer !== null) {
        if (hosts.isProbing()) probeInFlight = true
        return offer
      }
      control.giveBackMessage()
    }
    return null
  }

  function pull(): Offer | null {
    const pulled = ready.pull(
      Math.min(deps.limits().recipientsPerTransaction, recipientsMax),
      hosts.isProbing(),
    )
    if (pulled === null) return null
    if (pulled.length === 1) return deps.mayAttempt(pulled[0]) ? pulled : null
    const [first, ...rest] = pulled.filter((job) => deps.mayAttempt(job))
    return first === undefined ? null : [first, ...rest]
  }

  function wakeIn(ms: number): void {
    if (closing || !Number.isFinite(ms)) return
    const inMs = Math.min(Math.max(1, ms), 60_000)
    const atMs = performance.now() + inMs
    // A connection that may come in a minute must not hide a message that may go in a moment.
    if (alarm !== undefined && alarmAtMs <= atMs) return
    clearTimeout(alarm)
    alarmAtMs = atMs
    alarm = setTimeout(() => {
      alarm = undefined
      feed()
    }, inMs)
    alarm.unref()
  }

  function connecting(): number {
    let count = 0
    for (const { connection } of open)
      if (connection.state === 'new' || connection.state === 'connecting') count += 1
    return count
  }

  function connect(): boolean {
    const host = hosts.current(connecting() === 0)
    if (host === undefined) return false
    const local =
      'path' in host.target ? ({ kind: 'any' } as const) : localAddressOf(deps.source, host.target.family)
    if (local.kind === 'unsuitable') {
      hostFailed(host, {
        kind: 'failed',
        stage: 'connect',
        cause: `the source ${deps.source.name} has no address of this family`,
        temporary: true,
        tlsFailed: false,
        transactions: 0,
      })
      // The next host, at once.
      if (!hosts.isResting()) wakeIn(1)
      return false
    }
    const tls = hosts.tlsOf(host)
    const entry: Open = {
      connection: createConnection(
        host,
        tls,
        local.kind === 'address' ? local.address : undefined,
        () => entry,
      ),
      host,
      tls,
      idle: false,
      useful: false,
      counted: false,
    }
    open.add(entry)
    deps.provider?.opened()
    entry.connection.open()
    return true
  }

  function createConnection(
    host: SiteHost,
    tls: Open['tls'],
    localAddress: string | undefined,
    entry: () => Open,
  ): SmtpConnection {
    const { auth } = hosts.site()
    return createSmtpConnection<Offer>({
      target: host.target,
      ehloName: deps.source.ehloName,
      tls,
      transcript: true,
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(auth === undefined ? {} : { auth }),
      ...(deps.timeouts === undefined ? {} : { timeouts: deps.timeouts }),
      pull: next,
      transactionOf: (offer) => deps.transactionOf(offer, hosts.site()),
      beforeFinalDot: (offer) => {
        for (const job of offer) deps.beforeFinalDot(job)
      },
      onOutcome: (offer, outcomes, info) => settled(entry(), offer, outcomes, info),
      onIdle: () => {
        entry().idle = true
      },
      onClosed: (reason) => closed(entry(), reason),
      maxTransactions: deps.limits().messagesPerConnection,
      idleMs: deps.limits().idleSeconds * 1_000,
    })
  }

  function settled(entry: Open, offer: Offer, outcomes: readonly SmtpOutcome[], info: SmtpOutcomeInfo): void {
    let good = false
    let bad = false
    let taken = 0
    probeInFlight = false
    for (const [at, job] of offer.entries()) {
      const outcome = outcomes[at]
      if (outcome === undefined) throw new Error('a transaction ended without an outcome')
      if (outcome.kind === 'unattempted') {
        returned(job, outcome)
        continue
      }
      entry.useful = true
      if (outcome.kind === 'deferred' && outcome.split === true) {
        // Nothing is wrong with it: the other side takes fewer recipients at once.
        ready.putFirst(job)
        recipientsMax = Math.max(1, taken)
        continue
      }
      if (outcome.kind === 'delivered') taken += 1
      if (outcome.kind !== 'uncertain' && asksForLess(outcome.reply)) bad = true
      else good = true
      deps.onOutcome(job, outcome, info)
    }
    if (entry.useful) countSession(entry, info)
    if (bad) window.failure()
    else if (good) {
      window.success()
      if (hosts.isProbing()) window.restart()
      hosts.worked()
    }
    if (window.isDead()) rest('the site asked for less, again and again')
    else if (window.size() > open.size) feed()
  }

  function countSession(entry: Open, info: SmtpOutcomeInfo): void {
    if (entry.counted || entry.host.policy === null) return
    entry.counted = true
    deps.onSession({
      host: entry.host,
      receivingIp: info.address,
      sendingIp: localText(deps.source, entry.host.target),
      result: info.tlsFailure ?? (info.tls === undefined ? 'starttls-not-supported' : 'success'),
    })
  }

  /** The connection failed before this message was judged: it keeps its place, but not for ever. */
  function returned(job: Job, outcome: Extract<SmtpOutcome, { kind: 'unattempted' }>): void {
    if (outcome.stale === true) {
      ready.putFirst(job)
      return
    }
    const failures = job.connectionFailures + 1
    const again: Job = { ...job, connectionFailures: failures }
    if (failures >= CONNECTION_FAILURES_MAX) deps.onUnreachable(again, causeOf(outcome), nowMs())
    else ready.putFirst(again)
  }

  function closed(entry: Open, reason: SmtpCloseReason): void {
    open.delete(entry)
    deps.provider?.closed()
    probeInFlight = probeInFlight && open.size > 0
    if (reason.tlsFailure !== undefined && !entry.counted && entry.host.policy !== null) {
      entry.counted = true
      deps.onSession({
        host: entry.host,
        receivingIp: 'path' in entry.host.target ? null : entry.host.target.address,
        sendingIp: localText(deps.source, entry.host.target),
        result: reason.tlsFailure,
      })
    }
    const waiting = entry.useful || reason.reply === undefined ? null : ready.peek()
    if (waiting !== null && reason.reply !== undefined) deps.onRefused(waiting, reason.reply, reason.stage)
    // Nothing is wrong with the site, and no attempt was made: its mail takes another source.
    if (reason.localAddressFailed === true) deps.onSourceLost(ready.takeAll(), reason.cause)
    else if (reason.tlsFailed && hosts.tlsFailed(entry.host, entry.tls)) {
      deps.log.info(
        { site: hosts.site().name, cause: reason.cause },
        'TLS failed; this host is used in clear text for an hour, by mail that may',
      )
    } else if (
      reason.kind === 'failed' &&
      !entry.useful &&
      !(reason.tlsFailed && entry.tls.mode === 'opportunistic')
    ) {
      window.failure()
      hostFailed(entry.host, reason)
    } else if (reason.kind === 'failed' && reason.reply !== undefined && asksForLess(reason.reply)) {
      window.failure()
    }
    deps.urgent()?.feed()
    feed()
  }

  function hostFailed(host: SiteHost, reason: SmtpCloseReason): void {
    const restMs = hosts.failed(host)
    if (restMs !== null) empty(`${reason.stage}: ${reason.cause}`, restMs)
  }

  function rest(cause: string): void {
    empty(cause, hosts.rest())
  }

  function empty(cause: string, restMs: number): void {
    window.restart()
    deps.log.warn(
      {
        site: hosts.site().name,
        source: deps.source.name,
        cause,
        restMs: Math.round(restMs),
        waiting: ready.size(),
      },
      'A site rests',
    )
    for (const job of ready.takeAll()) deps.onUnreachable(job, cause, hosts.restUntilMs())
  }

  return {
    floor: deps.floor,
    /** Critical mail waits that could go. */
    isUrgent: () =>
      !closing &&
      ready.sizeOf('critical') > 0 &&
      !hosts.isResting() &&
      (open.size > connecting() || nowMs() - urgentMs < URGENT_MS),
    source: deps.source.name,
    push,
    feed,
    renew(next: Site): void {
      if (hosts.renew(next)) window.restart()
    },
    connections: () => open.size,
    window: () => window.size(),
    isResting: () => hosts.isResting(),
    /** Nothing waits, nothing is open, and nothing came for a while. */
    isForgettable: () =>
      open.size === 0 && ready.size() === 0 && !hosts.isResting() && nowMs() - lastUseMs > 60_000,
    takeWaiting: () => ready.takeAll(),
    takeWhere: (wanted: (job: Job) => boolean) => ready.takeWhere(wanted),
    /** Gives back what waits; open connections finish what they have. */
    close(): Job[] {
      closing = true
      clearTimeout(alarm)
      for (const each of open) each.connection.close()
      return ready.takeAll()
    },
    /** Ends what is open now, and not what that opens. */
    destroy(cause: string): void {
      for (const connection of Array.from(open, (each) => each.connection)) connection.destroy(cause)
    },
  }
}

export type SiteDispatcher = ReturnType<typeof createSiteDispatcher>

function localText(source: Source, target: SmtpTarget): string | null {
  if ('path' in target) return null
  const local = localAddressOf(source, target.family)
  return local.kind === 'address' ? local.address : null
}

function causeOf(outcome: Extract<SmtpOutcome, { kind: 'unattempted' }>): string {
  const reply = outcome.reply === undefined ? '' : `: ${outcome.reply.code} ${outcome.reply.text}`
  return `${outcome.stage}: ${outcome.cause}${reply}`
}
