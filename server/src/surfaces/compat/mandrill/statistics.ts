import { getStatistics } from '../../../modules/statistics/index.ts'
import type { StatisticsService } from '../../../modules/statistics/index.ts'
import type { DoorCall } from '../door.ts'

const DAY_MS = 86_400_000
const KEPT_DAYS = 1_826

export interface Counts {
  readonly sent: number
  readonly hard_bounces: number
  readonly soft_bounces: number
  readonly rejects: number
  readonly complaints: number
  readonly unsubs: number
  readonly opens: number
  readonly unique_opens: number
  readonly clicks: number
  readonly unique_clicks: number
}

type Points = Readonly<Record<string, readonly (number | null)[] | undefined>>

/** What happened on each day, the newest last, under the vendor's names. Openings and clicks are counted once for each recipient here. */
export async function dailyCounts(
  call: DoorCall<{ statistics: StatisticsService }>,
): Promise<readonly Counts[]> {
  const until = new Date()
  const since = new Date(until.getTime() - (KEPT_DAYS - 1) * DAY_MS)
  const { series, times } = await call.run(getStatistics, {
    since: since.toISOString(),
    until: until.toISOString(),
    step: 'day',
    by: 'none',
  })
  const points: Points = series[0]?.points ?? {}
  return times.map((_, at) => {
    const sum = (...names: readonly string[]): number =>
      names.reduce((total, name) => total + (points[name]?.[at] ?? 0), 0)
    const [opens, clicks] = [sum('opened'), sum('clicked')]
    return {
      // The vendor counts what it tried to deliver, whatever came of it.
      sent: sum('delivered', 'bounced', 'expired', 'uncertain'),
      hard_bounces: sum('bounced', 'returned'),
      soft_bounces: sum('expired', 'uncertain'),
      rejects: sum('suppressed'),
      complaints: sum('complained'),
      unsubs: sum('unsubscribed'),
      opens,
      unique_opens: opens,
      clicks,
      unique_clicks: clicks,
    }
  })
}

export function sumOf(days: readonly Counts[]): Counts {
  return days.reduce(
    (total, day) => ({
      sent: total.sent + day.sent,
      hard_bounces: total.hard_bounces + day.hard_bounces,
      soft_bounces: total.soft_bounces + day.soft_bounces,
      rejects: total.rejects + day.rejects,
      complaints: total.complaints + day.complaints,
      unsubs: total.unsubs + day.unsubs,
      opens: total.opens + day.opens,
      unique_opens: total.unique_opens + day.unique_opens,
      clicks: total.clicks + day.clicks,
      unique_clicks: total.unique_clicks + day.unique_clicks,
    }),
    NOTHING,
  )
}

export const NOTHING: Counts = {
  sent: 0,
  hard_bounces: 0,
  soft_bounces: 0,
  rejects: 0,
  complaints: 0,
  unsubs: 0,
  opens: 0,
  unique_opens: 0,
  clicks: 0,
  unique_clicks: 0,
}

/** The windows of time in which the vendor sums. */
export function windowsOf(days: readonly Counts[]) {
  const last = (count: number): Counts => sumOf(days.slice(-count))
  return {
    today: last(1),
    last_7_days: last(7),
    last_30_days: last(30),
    last_60_days: last(60),
    last_90_days: last(90),
  }
}

/**
 * From 0 to 100, as the vendor's clients expect it: what share of mail did not bounce, and ten points less for each hundredth of it that was
 * complained about.
 */
export function reputationOf({ sent, hard_bounces: bounces, complaints }: Counts): number {
  if (sent === 0) return 100
  return Math.round(100 * Math.min(1, Math.max(0, 1 - bounces / sent - (10 * complaints) / sent)))
}
