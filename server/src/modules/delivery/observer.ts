import { LANES, type Lane } from '../../kernel/lane.ts'
import type { SmtpOutcome } from '../../platform/smtp/client/index.ts'
import {
  BATCH_SIZES,
  SECONDS_OF_MAIL,
  SECONDS_OF_WORK,
  type Metrics,
  type Tracing,
} from '../../platform/telemetry/index.ts'
import type { DeliveryStore } from './delivery-store.ts'
import type { Dispatch } from './dispatch.ts'
import type { ClaimedRow, Job, Settlement } from './job.ts'
import type { Preparer } from './prepare.ts'

/** What an engine tells of itself when somebody reads its metrics. */
interface EngineState {
  readonly leaseValid: boolean
  readonly held: Readonly<Record<Lane, number>>
  readonly settling: number
  readonly journal: number
  readonly sites: ReturnType<Dispatch['sites']>
}

const SITES_MAX = 50
const NO_CLASS = 'none'
const NO_PROVIDER = 'other'

/**
 * What operators see of the engine: counters on its way, gauges of what it holds, and spans of the messages that are traced. Nothing here
 * names an address, a domain of a recipient or a workspace; sites are named where they are among the 50 with most to do.
 */
export function createDeliveryObserver(deps: {
  readonly metrics: Metrics
  readonly tracing: Tracing
  readonly nowMs: () => number
}) {
  const { tracing, nowMs } = deps
  const to = defineMetrics(deps.metrics)

  const failed =
    (step: string) =>
    (error: unknown): never => {
      to.failures.add([step])
      throw error
    }

  function spans(
    rows: readonly { readonly messageId: string }[],
    name: string,
    startMs: number,
    attributes: Readonly<Record<string, string | number>>,
  ): void {
    if (!tracing.isOn) return
    const endMs = nowMs()
    for (const messageId of new Set(rows.map((row) => row.messageId)))
      if (tracing.samples(messageId)) tracing.ofMessage(messageId, { name, startMs, endMs, attributes })
  }

  return {
    /** The statements of the engine, with their time and what they moved. */
    store(store: DeliveryStore): DeliveryStore {
      return {
        ...store,
        async claim(lane, lease, limit, after, where) {
          const startMs = nowMs()
          const began = performance.now()
          const claimed = await store.claim(lane, lease, limit, after, where).catch(failed('claim'))
          to.claimSeconds.observe([lane], (performance.now() - began) / 1_000)
          if (claimed.rows.length > 0) {
            to.claimed.add([lane], claimed.rows.length)
            spans(claimed.rows, 'claim', startMs, {
              'bulkhead.lane': lane,
              'bulkhead.rows': claimed.rows.length,
            })
          }
          return claimed
        },
        async settle(lane, lease, orFree, settlements, newId) {
          const startMs = nowMs()
          const began = performance.now()
          const late = await store.settle(lane, lease, orFree, settlements, newId).catch(failed('settle'))
          to.settleSeconds.observe([], (performance.now() - began) / 1_000)
          to.settleBatch.observe([], settlements.length)
          if (!orFree && late.length > 0) to.late.add([lane], late.length)
          spans(settlements, 'settle', startMs, {
            'bulkhead.lane': lane,
            'bulkhead.rows': settlements.length,
          })
          return late
        },
      }
    },

    preparer(preparer: Preparer): Preparer {
      return {
        async prepareSlice(rows: readonly ClaimedRow[], lease: string) {
          const startMs = nowMs()
          const began = performance.now()
          const prepared = await preparer.prepareSlice(rows, lease).catch(failed('prepare'))
          to.prepareSeconds.observe([], (performance.now() - began) / 1_000)
          for (const { kind } of prepared) if (kind !== 'job') to.unprepared.add([kind])
          spans(rows, 'prepare', startMs, { 'bulkhead.rows': rows.length })
          return prepared
        },
      }
    },

    /** The other side judged a recipient, or may have the message. */
    attempted(
      { row }: Job,
      place: { readonly provider: string | null; readonly source: string },
      outcome: Exclude<SmtpOutcome, { kind: 'unattempted' }>,
      classOfReply: unknown,
      durationMs: number,
    ): void {
      const now = nowMs()
      const { lane, createdAt } = row
      const kind = outcome.kind
      const className = typeof classOfReply === 'string' ? classOfReply : NO_CLASS
      const provider = place.provider ?? NO_PROVIDER
      to.attempts.add([lane, kind, className, provider])
      to.bySource.add([place.source, kind])
      to.attemptSeconds.observe([lane], durationMs / 1_000)
      const ageMs = now - createdAt.getTime()
      if (row.attempts === 0) to.firstAttempt.observe([lane], Math.max(0, ageMs - durationMs) / 1_000)
      if (kind === 'delivered') to.delivered.observe([lane], Math.max(0, ageMs) / 1_000)
      if (!tracing.isOn || (kind === 'delivered' && !tracing.samples(row.messageId))) return
      tracing.ofMessage(row.messageId, {
        name: 'attempt',
        kind: 'client',
        startMs: now - durationMs,
        endMs: now,
        attributes: {
          'bulkhead.lane': lane,
          'bulkhead.recipient': row.number,
          'bulkhead.attempt': row.attempts + 1,
          'bulkhead.outcome': kind,
          'bulkhead.class': className,
          'bulkhead.provider': provider,
          'bulkhead.source': place.source,
          ...('reply' in outcome ? { 'smtp.code': outcome.reply.code } : {}),
        },
        ...(kind === 'delivered' ? {} : { error: `${kind}: ${className}` }),
      })
    },

    /** No host could be used, or no route was found. */
    unattempted({ row }: Job, kind: 'unreachable' | 'no_route' | 'waits'): void {
      to.unattempted.add([row.lane, kind])
    },

    settled(settlements: readonly Settlement[]): void {
      for (const { lane, state } of settlements) if (state !== null) to.outcomes.add([lane, state])
    },

    session(policy: string, result: string): void {
      to.tls.add([policy, result])
    },

    leaseLost(): void {
      to.leasesLost.add([])
    },

    /** Gauges of what the engine holds, set when somebody reads. */
    watch(state: () => EngineState): void {
      deps.metrics.onRead(() => {
        const { leaseValid, held, settling, journal, sites } = state()
        to.leaseValid.set([], leaseValid ? 1 : 0)
        for (const lane of LANES) to.held.set([lane], held[lane])
        to.settling.set([], settling)
        to.journal.set([], journal)
        to.sites.set(['working'], sites.filter((site) => !site.resting).length)
        to.sites.set(['resting'], sites.filter((site) => site.resting).length)
        to.connections.set(
          [],
          sites.reduce((sum, site) => sum + site.connections, 0),
        )
        for (const gauge of [to.siteConnections, to.siteWaiting, to.siteWindow, to.siteRate]) gauge.clear()
        const busiest = sites
          .toSorted((a, b) => b.waiting + b.connections - (a.waiting + a.connections))
          .slice(0, SITES_MAX)
        for (const { site, connections, waiting, window, perSecond } of busiest) {
          to.siteConnections.set([site], connections)
          to.siteWaiting.set([site], waiting)
          to.siteWindow.set([site], window)
          to.siteRate.set([site], perSecond)
        }
      })
    },
  }
}

export type DeliveryObserver = ReturnType<typeof createDeliveryObserver>

function defineMetrics(metrics: Metrics) {
  return {
    claimed: metrics.counter({
      name: 'bulkhead_claimed_recipients_total',
      help: 'Recipients that a sender took from the queue.',
      labels: ['lane'],
    }),
    claimSeconds: metrics.histogram({
      name: 'bulkhead_claim_seconds',
      help: 'How long a claim took in the database.',
      labels: ['lane'],
      buckets: SECONDS_OF_WORK,
    }),
    prepareSeconds: metrics.histogram({
      name: 'bulkhead_prepare_seconds',
      help: 'How long it took to read, open and sign a slice of up to 32 messages.',
      labels: [],
      buckets: SECONDS_OF_WORK,
    }),
    failures: metrics.counter({
      name: 'bulkhead_engine_failures_total',
      help: 'Claims, settlements and slices that failed as a whole and are tried again: the database or the keyring is away.',
      labels: ['step'],
    }),
    unprepared: metrics.counter({
      name: 'bulkhead_unprepared_recipients_total',
      help: 'Recipients that could not be prepared: later (no published key), contained, budget, shredded, gone.',
      labels: ['why'],
    }),
    attempts: metrics.counter({
      name: 'bulkhead_attempts_total',
      help: 'Attempts that the other side judged, or may have: delivered, deferred, bounced, uncertain; with the class of the reply and the provider.',
      labels: ['lane', 'outcome', 'class', 'provider'],
      seriesMax: 1_000,
    }),
    bySource: metrics.counter({
      name: 'bulkhead_source_attempts_total',
      help: 'The same attempts by the source that they left from.',
      labels: ['source', 'outcome'],
      seriesMax: 400,
    }),
    unattempted: metrics.counter({
      name: 'bulkhead_unattempted_recipients_total',
      help: 'Recipients that were not tried: unreachable (no host took a connection), no_route (DNS), waits (suspended there, or a warm-up is used up for today).',
      labels: ['lane', 'why'],
    }),
    attemptSeconds: metrics.histogram({
      name: 'bulkhead_attempt_seconds',
      help: 'From MAIL to the answer to the content.',
      labels: ['lane'],
      buckets: SECONDS_OF_WORK,
    }),
    firstAttempt: metrics.histogram({
      name: 'bulkhead_first_attempt_delay_seconds',
      help: 'From accepting a message to the first attempt of a recipient. Mail that was scheduled or held counts from acceptance too.',
      labels: ['lane'],
      buckets: SECONDS_OF_MAIL,
    }),
    delivered: metrics.histogram({
      name: 'bulkhead_delivery_delay_seconds',
      help: 'From accepting a message to its delivery to a recipient.',
      labels: ['lane'],
      buckets: SECONDS_OF_MAIL,
    }),
    outcomes: metrics.counter({
      name: 'bulkhead_outcomes_total',
      help: 'Recipients that reached their final state: delivered, bounced, expired, suppressed, uncertain.',
      labels: ['lane', 'outcome'],
    }),
    settleSeconds: metrics.histogram({
      name: 'bulkhead_settle_seconds',
      help: 'How long it took to write a batch of results.',
      labels: [],
      buckets: SECONDS_OF_WORK,
    }),
    settleBatch: metrics.histogram({
      name: 'bulkhead_settle_batch_recipients',
      help: 'Results in one batch.',
      labels: [],
      buckets: BATCH_SIZES,
    }),
    late: metrics.counter({
      name: 'bulkhead_late_results_total',
      help: 'Results that came after the lease was lost; what the other side took for certain is still written where the row is free.',
      labels: ['lane'],
    }),
    settling: metrics.gauge({
      name: 'bulkhead_settle_waiting_recipients',
      help: 'Results that wait to be written.',
      labels: [],
    }),
    journal: metrics.gauge({
      name: 'bulkhead_journal_entries',
      help: 'Replies in the local journal that the database does not have yet.',
      labels: [],
    }),
    leaseValid: metrics.gauge({
      name: 'bulkhead_lease_valid',
      help: '1 where this sender may send under its lease.',
      labels: [],
    }),
    leasesLost: metrics.counter({
      name: 'bulkhead_leases_lost_total',
      help: 'Leases that ran out under a sender.',
      labels: [],
    }),
    held: metrics.gauge({
      name: 'bulkhead_claimed_recipients',
      help: 'Recipients that this sender has in memory.',
      labels: ['lane'],
    }),
    sites: metrics.gauge({
      name: 'bulkhead_sites',
      help: 'Sites that this sender knows at the moment; resting ones could not be reached or asked for less.',
      labels: ['state'],
    }),
    connections: metrics.gauge({
      name: 'bulkhead_smtp_client_connections',
      help: 'SMTP connections to others that are open.',
      labels: [],
    }),
    siteConnections: metrics.gauge({
      name: 'bulkhead_site_connections',
      help: 'Open connections to a site; the 50 sites with most to do.',
      labels: ['site'],
      seriesMax: SITES_MAX,
    }),
    siteWaiting: metrics.gauge({
      name: 'bulkhead_site_waiting_recipients',
      help: 'Recipients in memory that wait for a site; the 50 sites with most to do.',
      labels: ['site'],
      seriesMax: SITES_MAX,
    }),
    siteWindow: metrics.gauge({
      name: 'bulkhead_site_window_connections',
      help: 'Connections that the answers of a site allow at the moment; the 50 sites with most to do.',
      labels: ['site'],
      seriesMax: SITES_MAX,
    }),
    siteRate: metrics.gauge({
      name: 'bulkhead_site_recipients_per_second',
      help: 'Recipients a second that a site took lately; the 50 sites with most to do.',
      labels: ['site'],
      seriesMax: SITES_MAX,
    }),
    tls: metrics.counter({
      name: 'bulkhead_tls_sessions_total',
      help: 'Sessions with hosts of others: the policy (dane, sts, none) and the result, success or a failure in the words of RFC 8460 §4.3.',
      labels: ['policy', 'result'],
    }),
  }
}
