import { z } from 'zod'
import { getStatistics, getTagStatistics, listTags } from '../../../modules/statistics/index.ts'
import type { StatisticsService, TagStatisticsService } from '../../../modules/statistics/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { queryOf } from './body.ts'
import { refuse, vendorError } from './errors.ts'
import { collect } from './paging.ts'

export interface StatsServices {
  readonly statistics: StatisticsService
  readonly tagStatistics: TagStatisticsService
}

type Call = DoorCall<StatsServices>

const DAY_MS = 86_400_000
/** Days are kept for five years; of tags for 400 days. */
const KEPT_DAYS = 1_826
const TAG_KEPT_DAYS = 400
const CATEGORIES_MAX = 10
/** How many categories are looked at for their sums, and of how many is asked at once. */
const SUMMED_MAX = 1_000
const ASKED_AT_ONCE = 50

const Day = (name: string) => z.iso.date({ error: `${name} must be a date in the format YYYY-MM-DD` })
const Range = z.object({
  start_date: Day('start_date'),
  end_date: Day('end_date').optional(),
  aggregated_by: z
    .enum(['day', 'week', 'month'], { error: 'aggregated_by must be day, week or month' })
    .default('day'),
  limit: z.coerce.number().int().min(1).max(KEPT_DAYS).optional(),
  offset: z.coerce.number().int().min(0).default(0),
})
type Range = z.output<typeof Range>
const Listing = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
  offset: z.coerce.number().int().min(0).max(100_000).default(0),
  category: z.string().max(255).optional(),
})

const METRICS = [
  'blocks',
  'bounce_drops',
  'bounces',
  'clicks',
  'deferred',
  'delivered',
  'invalid_emails',
  'opens',
  'processed',
  'requests',
  'spam_report_drops',
  'spam_reports',
  'unique_clicks',
  'unique_opens',
  'unsubscribe_drops',
  'unsubscribes',
] as const
type Metrics = Readonly<Record<(typeof METRICS)[number], number>>

const Sums = Range.omit({ aggregated_by: true }).extend({
  limit: z.coerce.number().int().min(1).max(SUMMED_MAX).default(5),
  sort_by_metric: z
    .enum(METRICS, { error: 'sort_by_metric must be the name of a metric' })
    .default('delivered'),
  sort_by_direction: z
    .enum(['asc', 'desc'], { error: 'sort_by_direction must be asc or desc' })
    .default('desc'),
})

/** What we count, of one day. */
type Counts = Readonly<
  Record<
    | 'accepted'
    | 'delivered'
    | 'bounced'
    | 'deferred'
    | 'expired'
    | 'suppressed'
    | 'returned'
    | 'complained'
    | 'unsubscribed'
    | 'opened'
    | 'clicked'
    | 'suppressedForBounce'
    | 'suppressedForComplaint'
    | 'bouncedForAddress'
    | 'opens'
    | 'clicks',
    number
  >
>

/** Our counts by the vendor's names, told apart as in events: what says that an address is no use is a bounce, other refusals are blocks. */
function metricsOf(counts: Counts): Metrics {
  return {
    blocks: counts.bounced + counts.returned + counts.expired - counts.bouncedForAddress,
    bounce_drops: counts.suppressedForBounce,
    bounces: counts.bouncedForAddress,
    clicks: counts.clicks,
    deferred: counts.deferred,
    delivered: counts.delivered,
    invalid_emails: 0,
    opens: counts.opens,
    processed: Math.max(0, counts.accepted - counts.suppressed),
    requests: counts.accepted,
    spam_report_drops: counts.suppressedForComplaint,
    spam_reports: counts.complained,
    unique_clicks: counts.clicked,
    unique_opens: counts.opened,
    unsubscribe_drops: counts.suppressed - counts.suppressedForBounce - counts.suppressedForComplaint,
    unsubscribes: counts.unsubscribed,
  }
}

function sum(all: readonly Metrics[]): Metrics {
  const total = (name: (typeof METRICS)[number]): number => all.reduce((so, one) => so + one[name], 0)
  return {
    blocks: total('blocks'),
    bounce_drops: total('bounce_drops'),
    bounces: total('bounces'),
    clicks: total('clicks'),
    deferred: total('deferred'),
    delivered: total('delivered'),
    invalid_emails: total('invalid_emails'),
    opens: total('opens'),
    processed: total('processed'),
    requests: total('requests'),
    spam_report_drops: total('spam_report_drops'),
    spam_reports: total('spam_reports'),
    unique_clicks: total('unique_clicks'),
    unique_opens: total('unique_opens'),
    unsubscribe_drops: total('unsubscribe_drops'),
    unsubscribes: total('unsubscribes'),
  }
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

/** Every day that was asked for, empty ones too. */
function daysOf(range: Pick<Range, 'start_date' | 'end_date'>): string[] {
  const from = Date.parse(`${range.start_date}T00:00:00Z`)
  const to = Date.parse(`${range.end_date ?? dayOf(Math.max(Date.now(), from))}T00:00:00Z`)
  if (to < from) throw refuse(400, vendorError('end_date must not be before start_date', 'end_date'))
  const count = Math.round((to - from) / DAY_MS) + 1
  if (count > KEPT_DAYS) throw refuse(400, vendorError('the date range is too long', 'start_date'))
  return Array.from({ length: count }, (_, at) => dayOf(from + at * DAY_MS))
}

/** Of the days of which something is kept, the first and the last; null: none is. */
function keptOf(
  days: readonly string[],
  keptDays: number,
): { readonly since: string; readonly until: string } | null {
  const now = Date.now()
  const kept = days.filter((day) => day >= dayOf(now - (keptDays - 1) * DAY_MS) && day <= dayOf(now))
  const [since] = kept
  const until = kept.at(-1)
  return since === undefined || until === undefined ? null : { since, until }
}

/** The day by which a week or a month is named. Weeks begin on Monday. */
function bucketOf(day: string, by: Range['aggregated_by']): string {
  if (by === 'day') return day
  if (by === 'month') return `${day.slice(0, 7)}-01`
  const ms = Date.parse(`${day}T00:00:00Z`)
  return dayOf(ms - ((new Date(ms).getUTCDay() + 6) % 7) * DAY_MS)
}

function cut<Item>(items: readonly Item[], { limit, offset }: Pick<Range, 'limit' | 'offset'>): Item[] {
  return items.slice(offset, limit === undefined ? undefined : offset + limit)
}

async function global(call: Call) {
  const range = queryOf(call, Range)
  const days = daysOf(range)
  const counted = await countedByDay(call, days)
  const buckets = [...Map.groupBy(days, (day) => bucketOf(day, range.aggregated_by))].map(([date, own]) => ({
    date,
    stats: [{ metrics: sum(own.flatMap((day) => counted.get(day) ?? [])) }],
  }))
  return { status: 200, body: cut(buckets, range) }
}

async function countedByDay(call: Call, days: readonly string[]): Promise<ReadonlyMap<string, Metrics>> {
  const kept = keptOf(days, KEPT_DAYS)
  if (kept === null) return new Map()
  const { times, series } = await call.run(getStatistics, {
    since: `${kept.since}T00:00:00.000Z`,
    until: dayEnd(kept.until),
    step: 'day',
  })
  const points = series[0]?.points
  if (points === undefined) return new Map()
  return new Map(
    times.map((time, at) => {
      const of = (list: readonly number[]): number => list[at] ?? 0
      const counts = {
        accepted: of(points.accepted),
        delivered: of(points.delivered),
        bounced: of(points.bounced),
        deferred: of(points.deferred) + of(points.unanswered),
        expired: of(points.expired),
        suppressed: of(points.suppressed),
        returned: of(points.returned),
        complained: of(points.complained),
        unsubscribed: of(points.unsubscribed),
        opened: of(points.opened),
        clicked: of(points.clicked),
        suppressedForBounce: of(points.suppressedForBounce),
        suppressedForComplaint: of(points.suppressedForComplaint),
        bouncedForAddress: of(points.bouncedForAddress),
        opens: of(points.opens),
        clicks: of(points.clicks),
      }
      return [time.slice(0, 10), metricsOf(counts)]
    }),
  )
}

function dayEnd(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString()
}

async function categories(call: Call) {
  const { limit, offset, category } = queryOf(call, Listing)
  const begins = category === undefined || category === '' ? {} : { begins: category }
  const tags = await collect(
    (page) => call.run(listTags, { ...begins, ...page }),
    (seen) => seen.length >= offset + limit,
  )
  return { status: 200, body: tags.slice(offset, offset + limit).map(({ tag }) => ({ category: tag })) }
}

async function categoryStats(call: Call) {
  const range = queryOf(call, Range)
  const names = [...new Set(['categories', 'categories[]'].flatMap((name) => call.query.getAll(name)))]
  if (names.length === 0) throw refuse(400, vendorError('categories is required', 'categories'))
  if (names.length > CATEGORIES_MAX)
    throw refuse(400, vendorError(`at most ${CATEGORIES_MAX} categories can be asked for`, 'categories'))
  const days = daysOf(range)
  const kept = keptOf(days, TAG_KEPT_DAYS)
  const data = kept === null ? [] : (await call.run(getTagStatistics, { tag: names, ...kept })).data
  const counted = new Map(
    data.flatMap(({ tag, days: own }) =>
      own.map(({ day, counts }) => [`${day} ${tag}`, metricsOf(counts)] as const),
    ),
  )
  const buckets = [...Map.groupBy(days, (day) => bucketOf(day, range.aggregated_by))].map(([date, own]) => ({
    date,
    stats: names.map((name) => ({
      metrics: sum(own.flatMap((day) => counted.get(`${day} ${name}`) ?? [])),
      name,
      type: 'category',
    })),
  }))
  return { status: 200, body: cut(buckets, range) }
}

async function sumsOf(
  call: Call,
  names: readonly string[],
  kept: { readonly since: string; readonly until: string },
) {
  const stats: { metrics: Metrics; name: string; type: 'category' }[] = []
  for (let at = 0; at < names.length; at += ASKED_AT_ONCE) {
    const tag = names.slice(at, at + ASKED_AT_ONCE)
    const { data } = await call.run(getTagStatistics, { tag, ...kept })
    for (const { tag: name, days } of data)
      stats.push({ metrics: sum(days.map(({ counts }) => metricsOf(counts))), name, type: 'category' })
  }
  return stats
}

async function categorySums(call: Call) {
  const query = queryOf(call, Sums)
  const kept = keptOf(daysOf(query), TAG_KEPT_DAYS)
  const tags = await collect(
    (page) => call.run(listTags, page),
    (seen) => seen.length >= SUMMED_MAX,
  )
  const names = tags.slice(0, SUMMED_MAX).map(({ tag }) => tag)
  const stats = kept === null ? [] : await sumsOf(call, names, kept)
  const { sort_by_metric: by, sort_by_direction: direction } = query
  const ordered = stats.toSorted((one, other) => other.metrics[by] - one.metrics[by])
  if (direction === 'asc') ordered.reverse()
  return { status: 200, body: { date: query.start_date, stats: cut(ordered, query) } }
}

/** What happened to mail, day by day. */
export const statsRoutes = doorRoutes<StatsServices>([
  { method: 'GET', path: '/v3/stats', doorScope: ['stats.read', 'stats.global.read'], handle: global },
  { method: 'GET', path: '/v3/categories', doorScope: 'categories.read', handle: categories },
  {
    method: 'GET',
    path: '/v3/categories/stats',
    doorScope: 'categories.stats.read',
    handle: categoryStats,
  },
  {
    method: 'GET',
    path: '/v3/categories/stats/sums',
    doorScope: 'categories.stats.sums.read',
    handle: categorySums,
  },
])
