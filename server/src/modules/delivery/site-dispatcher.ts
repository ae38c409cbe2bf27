import type { Logger } from 'pino'
import {
  createSmtpConnection,
  type SmtpCloseReason,
  type SmtpConnection,
  type SmtpOutcome,
  type SmtpOutcomeInfo,
  type SmtpTarget,
  type SmtpTimeouts,
} from '../../platform/smtp/client/index.ts'
import type { Job } from './job.ts'
import { createReadyLine } from './ready-line.ts'
import type { Site } from './sites.ts'

export interface SiteDispatcherDependencies {
  readonly site: Site
  readonly ehloName: string
  readonly log: Logger
  readonly nowMs: () => number
  readonly retryScale: number
  readonly timeouts?: Partial<SmtpTimeouts>
  /** False stops new transactions: the lease may be gone, or the process drains. */
  mayPull(): boolean
  /** False where the job's lease is gone: its row may be another's, and the job is dropped. */
  mayAttempt(job: Job): boolean
  beforeFinalDot(job: Job): void
  /** The other side judged the message, or may have it. */
  onOutcome(job: Job, outcome: Exclude<SmtpOutcome, { kind: 'unattempted' }>, info: SmtpOutcomeInfo): void
  /** No host of the site could be used for this job. */
  onUnreachable(job: Job, cause: string, untilMs: number): void
}

/** A connection that is lost this often under one job ends its attempt. */
const CONNECTION_FAILURES_MAX = 3
const BACKOFF_FIRST_MS = 15_000
const BACKOFF_MAX_MS = 10 * 60_000
/** How long a host whose STARTTLS failed is used without it (opportunistic TLS, RFC 7435). */
const BROKEN_TLS_MS = 60 * 60_000
/** How long a host that made way stays behind the next; then the order of preference holds again (RFC 5321 §5.1). */
const PREFER_AGAIN_MS = 10 * 60_000
const RENEW_MS = 60_000

interface Open {
  readonly connection: SmtpConnection
  readonly target: SmtpTarget
  idle: boolean
  /** A reply of the other side was seen in a transaction: the host works. */
  useful: boolean
}

/**
 * Connections of one site that pull work for it. Hosts are tried in order: a host that cannot be used makes way for the next,
 * and when none is left the waiting jobs go back and the site rests, longer each time.
 */
export function createSiteDispatcher(deps: SiteDispatcherDependencies) {
  let { site } = deps
  const ready = createReadyLine()
  const open = new Set<Open>()
  const brokenTls = new Map<string, number>()
  let target = 0
  let movedAtMs = 0
  let renewedAtMs = 0
  let restUntilMs = 0
  let rests = 0
  let lastUseMs = deps.nowMs()
  let closing = false

  function push(job: Job): void {
    lastUseMs = deps.nowMs()
    if (restUntilMs > deps.nowMs()) {
      deps.onUnreachable(job, 'the site could not be reached a moment ago', restUntilMs)
      return
    }
    ready.push(job)
    feed()
  }

  function feed(): void {
    if (closing || ready.size() === 0 || !deps.mayPull()) return
    let idle = 0
    for (const each of open) {
      if (!each.idle) continue
      idle += 1
      each.idle = false
      each.connection.wake()
      if (idle >= ready.size()) return
    }
    const wanted = Math.min(site.connectionsMax - open.size, Math.ceil(ready.size() / 4) - connecting())
    for (let i = 0; i < wanted; i++) connect()
  }

  function nextJob(): Job | null {
    while (deps.mayPull()) {
      const job = closing ? null : ready.pull()
      if (job === null || deps.mayAttempt(job)) return job
    }
    return null
  }

  function connecting(): number {
    return [...open].filter(
      ({ connection }) => connection.state === 'new' || connection.state === 'connecting',
    ).length
  }

  function connect(): void {
    // Not while a host is still being tried: its failure must lead to the next one, and behind the last one to a rest.
    if (movedAtMs + PREFER_AGAIN_MS < deps.nowMs() && connecting() === 0) target = 0
    const to = site.targets[target]
    if (to === undefined) return
    const entry: Open = {
      connection: createConnection(to, () => entry),
      target: to,
      idle: false,
      useful: false,
    }
    open.add(entry)
    entry.connection.open()
  }

  function createConnection(to: SmtpTarget, entry: () => Open): SmtpConnection {
    const name = addressOf(to)
    const clear = (brokenTls.get(name) ?? 0) > deps.nowMs() && site.tls.mode === 'opportunistic'
    return createSmtpConnection<Job>({
      target: to,
      ehloName: deps.ehloName,
      tls: clear ? { mode: 'none', verify: false } : site.tls,
      ...(site.auth === undefined ? {} : { auth: site.auth }),
      ...(deps.timeouts === undefined ? {} : { timeouts: deps.timeouts }),
      pull: nextJob,
      transactionOf: (job) => ({
        from: job.envelopeFrom,
        to: job.email,
        chunks: job.chunks,
        bytes: job.bytes,
        eightBit: job.eightBit,
        smtputf8: job.smtputf8,
        mailParameters: [`XBULKHEAD=${job.row.workspaceId}/${job.row.messageId}`],
      }),
      beforeFinalDot: (job) => deps.beforeFinalDot(job),
      onOutcome: (job, outcome, info) => {
        if (outcome.kind === 'unattempted') {
          returned(job, outcome)
          return
        }
        entry().useful = true
        rests = 0
        deps.onOutcome(job, outcome, info)
      },
      onIdle: () => {
        entry().idle = true
      },
      onClosed: (reason) => closed(entry(), to, reason),
      maxTransactions: site.transactionsPerConnectionMax,
      idleMs: site.idleMs,
    })
  }

  /** The connection failed before this message was judged: it keeps its place, but not for ever. */
  function returned(job: Job, outcome: Extract<SmtpOutcome, { kind: 'unattempted' }>): void {
    const failures = job.connectionFailures + 1
    const again: Job = { ...job, connectionFailures: failures }
    if (failures >= CONNECTION_FAILURES_MAX) deps.onUnreachable(again, causeOf(outcome), deps.nowMs())
    else ready.putFirst(again)
  }

  function closed(entry: Open, to: SmtpTarget, reason: SmtpCloseReason): void {
    open.delete(entry)
    if (
      reason.tlsFailed &&
      site.tls.mode === 'opportunistic' &&
      (brokenTls.get(addressOf(to)) ?? 0) <= deps.nowMs()
    ) {
      brokenTls.set(addressOf(to), deps.nowMs() + BROKEN_TLS_MS)
      deps.log.info(
        { host: addressOf(to), cause: reason.cause },
        'TLS failed; this host is used in clear text for an hour',
      )
    } else if (reason.kind === 'failed' && !entry.useful) {
      hostFailed(entry.target, reason)
    }
    feed()
  }

  /** Only a failure at the host in use moves on; connections that were opened together fail together and count once. */
  function hostFailed(failed: SmtpTarget, reason: SmtpCloseReason): void {
    if (failed !== site.targets[target]) return
    target = (target + 1) % site.targets.length
    movedAtMs = deps.nowMs()
    if (target !== 0) return
    const delayMs = Math.min(BACKOFF_FIRST_MS * 2 ** rests, BACKOFF_MAX_MS) * deps.retryScale
    rests += 1
    restUntilMs = deps.nowMs() + delayMs
    deps.log.warn(
      {
        site: site.name,
        cause: reason.cause,
        stage: reason.stage,
        restMs: Math.round(delayMs),
        waiting: ready.size(),
      },
      'No host of a site can be used; it rests',
    )
    for (const job of ready.takeAll())
      deps.onUnreachable(job, `${reason.stage}: ${reason.cause}`, restUntilMs)
  }

  return {
    push,
    feed,
    /** What DNS says now: hosts that moved are found at their new addresses; the same ones keep their order and their failures. */
    renew(next: Site): void {
      // A zone that answers differently every time must not keep a site from ever having tried all its hosts.
      if (next === site || renewedAtMs + RENEW_MS > deps.nowMs()) return
      if (addressesOf(next) === addressesOf(site)) return
      renewedAtMs = deps.nowMs()
      site = next
      target = 0
      restUntilMs = 0
      rests = 0
    },
    ready: () => ready.size(),
    connections: () => open.size,
    isResting: () => restUntilMs > deps.nowMs(),
    /** Nothing waits, nothing is open, and nothing came for a while. */
    isForgettable: () =>
      open.size === 0 &&
      ready.size() === 0 &&
      restUntilMs <= deps.nowMs() &&
      deps.nowMs() - lastUseMs > 60_000,
    /** Gives back what waits; open connections finish what they have. */
    close(): Job[] {
      closing = true
      for (const each of open) each.connection.close()
      return ready.takeAll()
    },
    destroy(cause: string): void {
      for (const each of open) each.connection.destroy(cause)
    },
    takeWaiting: () => ready.takeAll(),
  }
}

export type SiteDispatcher = ReturnType<typeof createSiteDispatcher>

function addressesOf(site: Site): string {
  return site.targets.map(addressOf).toSorted().join(' ')
}

function addressOf(target: SmtpTarget): string {
  return 'path' in target ? target.path : `${target.address}:${target.port}`
}

function causeOf(outcome: Extract<SmtpOutcome, { kind: 'unattempted' }>): string {
  const reply = outcome.reply === undefined ? '' : `: ${outcome.reply.code} ${outcome.reply.text}`
  return `${outcome.stage}: ${outcome.cause}${reply}`
}
