import type { Statistics } from '@bulkhead/sdk'
import { choice, instant, text, toggle, type Command, type Context } from '../command.ts'
import { clock, duration, relative } from '../instants.ts'
import { table } from '../table.ts'

const since = instant('since', 'past', 'From then on; default: a day before --until.')
const until = instant('until', 'past', 'Until then; default: now.')
const step = choice('step', ['auto', 'minute', 'quarter', 'hour', 'day'], 'How long a bucket is, for --json.')
const by = choice(
  'by',
  ['none', 'lane', 'provider', 'source', 'route'],
  'What the rows are; default: route, which is lane and provider.',
)
const lane = choice('lane', ['critical', 'transactional', 'bulk', 'internal'], 'Only this lane.')
const provider = text('provider', 'NAME', 'Only what went to this provider.')
const installation = toggle('installation', 'For the operator: of all workspaces together.')

type Series = Statistics['series'][number]

const share = (rate: number | null): string => (rate === null ? '-' : `${(rate * 100).toFixed(1)} %`)
const took = (ms: number | null): string => (ms === null ? '-' : duration(ms))

function place(row: Series): string {
  const names = [
    row.lane,
    row.provider === '' ? 'not tried' : row.provider,
    row.source === '' ? 'not tried' : row.source,
  ]
  return names.filter((name) => name !== null).join(' ') || 'all'
}

function show(context: Context, statistics: Statistics): void {
  context.out.show(statistics, (screen) => {
    const through =
      statistics.throughMoment === null
        ? 'Nothing is counted yet.\n'
        : `${clock(statistics.since)} to ${clock(statistics.until)} UTC, complete until ${relative(statistics.throughMoment, screen.now)}.\n`
    const growing = statistics.isCatchingUp ? 'History is still being counted: numbers grow.\n' : ''
    if (statistics.series.length === 0) return `${through}${growing}Nothing happened in this time.\n`
    return (
      table<Series>(
        [
          { title: 'MAIL', of: place },
          { title: 'ACCEPTED', of: (row) => String(row.totals.accepted), align: 'right' },
          { title: 'DELIVERED', of: (row) => String(row.totals.delivered), align: 'right' },
          { title: 'SHARE', of: (row) => share(row.rates.delivered), align: 'right' },
          { title: 'BOUNCED', of: (row) => String(row.totals.bounced), align: 'right' },
          { title: 'DEFERRALS', of: (row) => share(row.rates.deferred), align: 'right' },
          { title: 'COMPLAINED', of: (row) => String(row.totals.complained), align: 'right' },
          { title: 'P50', of: (row) => took(row.delivery.p50Ms), align: 'right' },
          { title: 'P95', of: (row) => took(row.delivery.p95Ms), align: 'right' },
        ],
        statistics.series,
        screen,
      ) +
      through +
      growing
    )
  })
}

const read: Command = {
  path: ['statistics'],
  summary: 'What happened to mail over time',
  description:
    'Counts by lane and where mail went: shares of what ended that was delivered, of attempts that were deferred, and how long delivery took. With --json all counts, in buckets of time.',
  operations: ['statistics.get', 'installationStatistics.get'],
  flags: [since, until, by, lane, provider, step, installation],
  examples: [
    { line: 'bulkhead statistics', says: 'the last day' },
    { line: 'bulkhead statistics --since 7d --by provider', says: 'a week, by where mail went' },
    { line: 'bulkhead statistics --since 1h --step minute --json', says: 'every minute, for programs' },
    { line: 'bulkhead statistics --installation', says: 'for the operator: all workspaces together' },
  ],
  async run(context, given) {
    const asked = {
      since: given.flag(since),
      until: given.flag(until),
      step: given.flag(step) ?? 'auto',
      by: given.flag(by) ?? 'route',
      lane: given.flag(lane),
      provider: given.flag(provider),
    } as const
    show(
      context,
      given.flag(installation)
        ? await context.operator().installationStatistics.get(asked)
        : await context.client().statistics.get(asked),
    )
  },
}

export const statisticsCommands: readonly Command[] = [read]
