import { invalidField } from '../../kernel/faults.ts'

/** What is counted, as the columns are called. */
export const COUNTS = [
  'accepted',
  'attempts',
  'delivered',
  'bounced',
  'expired',
  'suppressed',
  'cancelled',
  'uncertain',
  'deferred',
  'unanswered',
  'waited',
  'returned',
  'complained',
  'unsubscribed',
  'opened',
  'opened_by_machine',
  'clicked',
  'clicked_by_machine',
  'suppressed_bounce',
  'suppressed_complaint',
  'bounced_hard',
  'opens',
  'clicks',
] as const
export type Count = (typeof COUNTS)[number]
export type Counts = Readonly<Record<Count, number>>

/** Upper ends of the buckets of durations; as engine.statistic_bounds, which counted by it. */
export const BOUNDS_MS = [
  100, 200, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000, 86_400_000, 259_200_000,
] as const

export const STEPS = ['minute', 'quarter', 'hour', 'day'] as const
export type Step = (typeof STEPS)[number]

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
export const STEP_MS: Readonly<Record<Step, number>> = {
  minute: MINUTE_MS,
  quarter: 15 * MINUTE_MS,
  hour: HOUR_MS,
  day: DAY_MS,
}
/** As engine.statistic_kept. */
export const KEPT_DAYS: Readonly<Record<Step, number>> = { minute: 3, quarter: 15, hour: 100, day: 1_826 }
/** Of one answer: a day of minutes is 1,440, five years of days are 1,826. */
export const POINTS_MAX = 2_000

export interface Range {
  readonly step: Step
  /** Begins of buckets. */
  readonly sinceMs: number
  readonly untilMs: number
  readonly timesMs: readonly number[]
}

/**
 * The buckets that a question is about: whole ones, so that the first and the last hold all that happened in them. `auto` takes the finest step
 * that is kept for that long and gives a picture of at most some 200 points. Throws `invalid_request` that says what would fit.
 */
export function rangeOf(
  wanted: {
    readonly since?: string | undefined
    readonly until?: string | undefined
    readonly step: Step | 'auto'
  },
  nowMs: number,
): Range {
  const untilMs = wanted.until === undefined ? nowMs : Date.parse(wanted.until)
  const sinceMs = wanted.since === undefined ? untilMs - DAY_MS : Date.parse(wanted.since)
  if (sinceMs >= untilMs) throw invalidField('since', 'must be before until')
  if (sinceMs > nowMs) throw invalidField('since', 'is in the future')
  const endMs = Math.min(untilMs, nowMs)
  const step = wanted.step === 'auto' ? stepFor(sinceMs, endMs, nowMs) : wanted.step
  const sizeMs = STEP_MS[step]
  const keptMs = KEPT_DAYS[step] * DAY_MS
  if (wanted.step !== 'auto' && nowMs - sinceMs > keptMs + sizeMs)
    throw invalidField(
      'step',
      `buckets of a ${step} are kept for ${KEPT_DAYS[step]} days; ask for step ${coarser(nowMs - sinceMs)}, or begin later`,
    )
  const first = Math.floor(Math.max(sinceMs, nowMs - keptMs) / sizeMs) * sizeMs
  const points = Math.ceil((endMs - first) / sizeMs)
  if (points > POINTS_MAX)
    throw invalidField(
      'step',
      `would make ${points} points, and ${POINTS_MAX} is the most; ask for a longer step or a shorter time`,
    )
  const timesMs = Array.from({ length: Math.max(1, points) }, (_, place) => first + place * sizeMs)
  return { step, sinceMs: first, untilMs: first + timesMs.length * sizeMs, timesMs }
}

function stepFor(sinceMs: number, untilMs: number, nowMs: number): Step {
  const fits = STEPS.find(
    (step) => (untilMs - sinceMs) / STEP_MS[step] <= 200 && nowMs - sinceMs <= KEPT_DAYS[step] * DAY_MS,
  )
  return fits ?? 'day'
}

function coarser(ageMs: number): Step {
  return STEPS.find((step) => ageMs <= KEPT_DAYS[step] * DAY_MS) ?? 'day'
}

/** A number for each count. */
export function countsOf(of: (name: Count) => number): Counts {
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
    opened_by_machine: of('opened_by_machine'),
    clicked: of('clicked'),
    clicked_by_machine: of('clicked_by_machine'),
    suppressed_bounce: of('suppressed_bounce'),
    suppressed_complaint: of('suppressed_complaint'),
    bounced_hard: of('bounced_hard'),
    opens: of('opens'),
    clicks: of('clicks'),
  }
}

export const NOTHING: Counts = countsOf(() => 0)

export function addCounts(one: Counts, other: Counts): Counts {
  return countsOf((name) => one[name] + other[name])
}

export function addBuckets(one: readonly number[], other: readonly number[]): readonly number[] {
  return Array.from(
    { length: Math.max(one.length, other.length) },
    (_, place) => (one[place] ?? 0) + (other[place] ?? 0),
  )
}

/**
 * The duration below which a share of all lies, in ms; null where nothing was counted. Inside a bucket durations are taken to be spread evenly,
 * so it is off by no more than the bucket; of the last one, which has no end, its begin.
 */
export function percentile(buckets: readonly number[], share: number): number | null {
  const total = buckets.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  const wanted = total * share
  let before = 0
  for (const [place, count] of buckets.entries()) {
    if (count > 0 && before + count >= wanted) {
      const from = place === 0 ? 0 : (BOUNDS_MS[place - 1] ?? 0)
      const to = BOUNDS_MS[place] ?? from
      return Math.round(from + ((to - from) * (wanted - before)) / count)
    }
    before += count
  }
  return BOUNDS_MS.at(-1) ?? null
}

/** Shares of 0 to 1; null where there is nothing to divide by. */
export function ratesOf(counts: Counts) {
  const tried = counts.delivered + counts.bounced + counts.expired + counts.uncertain
  return {
    delivered: share(counts.delivered, tried),
    bounced: share(counts.bounced, tried),
    deferred: share(counts.deferred + counts.unanswered, counts.attempts),
    returned: share(counts.returned, counts.delivered),
    complained: share(counts.complained, counts.delivered),
    unsubscribed: share(counts.unsubscribed, counts.delivered),
    opened: share(counts.opened, counts.delivered),
    clicked: share(counts.clicked, counts.delivered),
  }
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.min(1, part / whole)
}
