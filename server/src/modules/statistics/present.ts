import { addBuckets, addCounts, NOTHING, percentile, ratesOf, type Counts, type Range } from './statistic.ts'
import type { StatisticRow, Through } from './statistics-store.ts'
import type { StatisticsView } from './statistics-views.ts'

interface Sum {
  readonly counts: Counts
  readonly firstAttempt: readonly number[]
  readonly delivery: readonly number[]
}

const EMPTY: Sum = { counts: NOTHING, firstAttempt: [], delivery: [] }

function add(one: Sum, other: Sum): Sum {
  return {
    counts: addCounts(one.counts, other.counts),
    firstAttempt: addBuckets(one.firstAttempt, other.firstAttempt),
    delivery: addBuckets(one.delivery, other.delivery),
  }
}

/** Rows of buckets as series with a point for every time, also those in which nothing happened. */
export function presentStatistics(
  range: Range,
  rows: readonly StatisticRow[],
  through: Through,
): StatisticsView {
  const series = [
    ...Map.groupBy(rows, (row) => JSON.stringify([row.lane, row.provider, row.source])).values(),
  ]
  return {
    step: range.step,
    since: iso(range.sinceMs),
    until: iso(range.untilMs),
    times: range.timesMs.map(iso),
    series: series.map((own) => oneSeries(range, own)),
    ...summary(rows.reduce<Sum>(add, EMPTY)),
    throughMoment: through.throughAt?.toISOString() ?? null,
    isCatchingUp: through.isCatchingUp,
  }
}

function oneSeries(range: Range, rows: readonly StatisticRow[]): StatisticsView['series'][number] {
  const byTime = Map.groupBy(rows, (row) => row.at.getTime())
  const sums = range.timesMs.map((timeMs) => (byTime.get(timeMs) ?? []).reduce<Sum>(add, EMPTY))
  const points = (name: keyof Counts): number[] => sums.map((sum) => sum.counts[name])
  const [first] = rows
  return {
    lane: first?.lane ?? null,
    provider: first?.provider ?? null,
    source: first?.source ?? null,
    points: {
      ...named(points),
      deliveryP50Ms: sums.map((sum) => percentile(sum.delivery, 0.5)),
      deliveryP95Ms: sums.map((sum) => percentile(sum.delivery, 0.95)),
    },
    ...summary(sums.reduce<Sum>(add, EMPTY)),
  }
}

function summary(sum: Sum) {
  return {
    totals: named((name) => sum.counts[name]),
    rates: ratesOf(sum.counts),
    firstAttempt: latency(sum.firstAttempt),
    delivery: latency(sum.delivery),
  }
}

function latency(buckets: readonly number[]) {
  return {
    p50Ms: percentile(buckets, 0.5),
    p95Ms: percentile(buckets, 0.95),
    count: buckets.reduce((sum, count) => sum + count, 0),
  }
}

/** Columns are written with underscores, the API is not. */
function named<Value>(of: (name: keyof Counts) => Value) {
  return {
    accepted: of('accepted'),
    attempts: of('attempts'),
    delivered: of('delivered'),
    bounced: of('bounced'),
    expired: of('expired'),
    suppressed: of('suppressed'),
    cancelled: of('cancelled'),
    uncertain: of('uncertain'),
    deferred: of('deferred'),
    unanswered: of('unanswered'),
    waited: of('waited'),
    returned: of('returned'),
    complained: of('complained'),
    unsubscribed: of('unsubscribed'),
    opened: of('opened'),
    openedByMachine: of('opened_by_machine'),
    clicked: of('clicked'),
    clickedByMachine: of('clicked_by_machine'),
    suppressedForBounce: of('suppressed_bounce'),
    suppressedForComplaint: of('suppressed_complaint'),
    bouncedForAddress: of('bounced_hard'),
    opens: of('opens'),
    clicks: of('clicks'),
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
