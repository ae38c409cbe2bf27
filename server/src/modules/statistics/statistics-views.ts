import { z } from 'zod'
import { LANES } from '../../kernel/lane.ts'
import { Instant } from '../../platform/http/listing.ts'
import { STEPS } from './statistic.ts'

export const SPLITS = ['none', 'lane', 'provider', 'source', 'route'] as const
export type Split = (typeof SPLITS)[number]

export const statisticsInput = {
  since: Instant.optional().describe('Default: a day before until. The bucket that it lies in is whole.'),
  until: Instant.optional().describe('Default: now.'),
  step: z
    .enum([...STEPS, 'auto'])
    .default('auto')
    .describe(
      'How long a bucket is; quarter: of an hour. Kept: minutes 3 days, quarters 15, hours 100, days 5 years. auto: the finest with at most 200 points.',
    ),
  by: z
    .enum(SPLITS)
    .default('none')
    .describe(
      'What series are made of: provider is where mail goes, source where it leaves from, route lane and provider together.',
    ),
  lane: z.enum(LANES).optional(),
  provider: z.string().max(100).optional().describe('Only what went there.'),
}

const Whole = z.int().min(0)
const Points = z.array(Whole)

const counts = <Value extends z.ZodType>(value: Value) => ({
  accepted: value.describe(
    'Recipients accepted. Where mail will go is not known then: 0 in series of providers and sources.',
  ),
  attempts: value.describe('Attempts made.'),
  delivered: value.describe('Recipients, like the five that follow: the final states of the ledger.'),
  bounced: value,
  expired: value,
  suppressed: value,
  cancelled: value,
  uncertain: value,
  deferred: value.describe('Attempts that failed for a time.'),
  unanswered: value.describe('Attempts without an answer that are made again.'),
  waited: value.describe('Times that mail had to wait without an attempt.'),
  returned: value.describe('Bounces that came back after delivery.'),
  complained: value,
  unsubscribed: value,
  opened: value.describe('Recipients whose mail was opened, at the first time; not by machines alone.'),
  openedByMachine: value.describe('Likewise, by scanners or unknown.'),
  clicked: value.describe('Recipients who clicked, at the first time.'),
  clickedByMachine: value.describe('Likewise, by machines.'),
  suppressedForBounce: value.describe('Of suppressed: because of a hard bounce.'),
  suppressedForComplaint: value.describe('Of suppressed: because of a complaint.'),
  bouncedForAddress: value.describe(
    'Of bounced and returned: those that say that mail to the address is no use.',
  ),
  opens: value.describe('Every opening, not only the first of a recipient; not by machines.'),
  clicks: value.describe('Every click, likewise.'),
})

const Duration = z.int().min(0).nullable()

const Latency = z
  .object({
    p50Ms: Duration.describe('Null: nothing was counted.'),
    p95Ms: Duration,
    count: Whole,
  })
  .meta({ id: 'StatisticLatency' })

const Rate = z.number().min(0).max(1).nullable()
const Rates = z
  .object({
    delivered: Rate.describe('Of delivered, bounced, expired and uncertain.'),
    bounced: Rate.describe('Likewise.'),
    deferred: Rate.describe('Of all attempts.'),
    returned: Rate.describe('Of delivered, like those that follow.'),
    complained: Rate,
    unsubscribed: Rate,
    opened: Rate,
    clicked: Rate,
  })
  .meta({ id: 'StatisticRates' })

export const Statistics = z
  .object({
    step: z.enum(STEPS),
    since: Instant.describe('Begin of the first bucket.'),
    until: Instant.describe('End of the last bucket.'),
    times: z.array(Instant).describe('Begins of the buckets, UTC. Every series has as many points.'),
    series: z.array(
      z.object({
        lane: z.enum(LANES).nullable().describe('Null: all, where it is not split by lane.'),
        provider: z
          .string()
          .nullable()
          .describe(
            'A provider of the shaping rules; other: a server of none; a relay; simulator; local inbox. Empty: nobody tried. Null: all.',
          ),
        source: z.string().nullable().describe('Null: all. Empty: nobody tried.'),
        points: z.object({
          ...counts(Points),
          deliveryP50Ms: z.array(Duration),
          deliveryP95Ms: z.array(Duration),
        }),
        totals: z.object(counts(Whole)),
        rates: Rates,
        firstAttempt: Latency,
        delivery: Latency,
      }),
    ),
    totals: z.object(counts(Whole)),
    rates: Rates,
    firstAttempt: Latency.describe('From acceptance, or the planned time, until the first attempt began.'),
    delivery: Latency.describe('From acceptance, or the planned time, until delivery.'),
    throughMoment: Instant.nullable().describe(
      'What happened before is in it, all of it. Null: nothing is counted yet.',
    ),
    isCatchingUp: z.boolean().describe('History is still being counted; what is here grows.'),
  })
  .meta({ id: 'Statistics' })
export type StatisticsView = z.output<typeof Statistics>
