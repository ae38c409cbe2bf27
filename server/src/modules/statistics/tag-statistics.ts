import { z } from 'zod'
import { invalidField } from '../../kernel/faults.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import { selectTagDays, selectTags, type TAG_COUNTS, type TagCounts } from './tag-statistics-store.ts'

const DAY_MS = 86_400_000
const LISTED_DAYS = 30
export const TAG_DAYS_MAX = 400
/** Tags times days of one answer. */
const POINTS_MAX = 4_000

const Counts = z.object({
  accepted: z.int(),
  delivered: z.int(),
  bounced: z.int(),
  deferred: z.int(),
  expired: z.int(),
  suppressed: z.int(),
  cancelled: z.int(),
  returned: z.int(),
  complained: z.int(),
  unsubscribed: z.int(),
  opened: z.int(),
  clicked: z.int(),
  suppressedForBounce: z.int().describe('Of suppressed: because of a hard bounce.'),
  suppressedForComplaint: z.int().describe('Of suppressed: because of a complaint.'),
  bouncedForAddress: z
    .int()
    .describe('Of bounced and returned: those that say that mail to the address is no use.'),
  opens: z.int().describe('Every opening, not only the first of a recipient; not by machines.'),
  clicks: z.int().describe('Every click, likewise.'),
})

export const TagInUse = z
  .object({
    tag: z.string(),
    firstDay: z.iso.date().describe('The first day of these 30 on which something happened.'),
    lastDay: z.iso.date(),
    counts: Counts.describe(
      'In the last 30 days. accepted: recipients; opened and clicked: by people, once each.',
    ),
  })
  .meta({ id: 'TagInUse' })

export const TagStatistics = z
  .object({
    since: z.iso.date(),
    until: z.iso.date().describe('The last day.'),
    data: z.array(
      z.object({
        tag: z.string(),
        totals: Counts,
        days: z
          .array(z.object({ day: z.iso.date(), counts: Counts }))
          .describe('Every day, also empty ones.'),
      }),
    ),
  })
  .meta({ id: 'TagStatistics' })

type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'read'>

export interface TagStatisticsService {
  list(
    caller: Caller,
    query: {
      readonly begins?: string | undefined
      readonly limit: number
      readonly cursor?: string | undefined
    },
  ): Promise<{ data: z.output<typeof TagInUse>[]; nextCursor: string | null }>
  /** Days, UTC; both are part of it. */
  get(
    caller: Caller,
    query: {
      readonly tags: readonly string[]
      readonly since?: string | undefined
      readonly until?: string | undefined
    },
  ): Promise<z.output<typeof TagStatistics>>
}

/** What happened to mail by its tags. Counted with the rest, see the slice's door. */
export function createTagStatistics(deps: { readonly nowMs: () => number }): TagStatisticsService {
  return {
    async list(caller, { begins, limit, cursor }) {
      const since = startOf(deps.nowMs() - LISTED_DAYS * DAY_MS)
      const after = cursor === undefined ? null : Buffer.from(cursor, 'base64url').toString('utf8')
      const rows = await caller.read((db) =>
        selectTags(db, caller.workspaceId, { since, after, begins: begins ?? null }, limit + 1),
      )
      const shown = rows.slice(0, limit)
      const last = shown.at(-1)
      return {
        data: shown.map((row) => ({
          tag: row.tag,
          firstDay: dayOf(row.first_at),
          lastDay: dayOf(row.last_at),
          counts: countsOf(row),
        })),
        nextCursor:
          rows.length > limit && last !== undefined ? Buffer.from(last.tag).toString('base64url') : null,
      }
    },

    async get(caller, query) {
      const tags = [...new Set(query.tags)]
      const until = query.until === undefined ? startOf(deps.nowMs()) : new Date(`${query.until}T00:00:00Z`)
      const since =
        query.since === undefined
          ? new Date(until.getTime() - (LISTED_DAYS - 1) * DAY_MS)
          : new Date(`${query.since}T00:00:00Z`)
      const count = Math.round((until.getTime() - since.getTime()) / DAY_MS) + 1
      if (count < 1) throw invalidField('since', 'is after until')
      if (count > TAG_DAYS_MAX) throw invalidField('since', `is more than ${TAG_DAYS_MAX} days before until`)
      if (count * tags.length > POINTS_MAX)
        throw invalidField('tags', `${tags.length} tags of ${count} days are more than ${POINTS_MAX} points`)
      const range = { since, until: new Date(until.getTime() + DAY_MS) }
      const rows = await caller.read((db) => selectTagDays(db, caller.workspaceId, tags, range))
      const found = new Map(rows.map((row) => [`${dayOf(row.at)} ${row.tag}`, countsOf(row)]))
      const days = Array.from({ length: count }, (_, at) => dayOf(new Date(since.getTime() + at * DAY_MS)))
      return {
        since: dayOf(since),
        until: dayOf(until),
        data: tags.map((tag) => {
          const own = days.map((day) => ({ day, counts: found.get(`${day} ${tag}`) ?? NOTHING }))
          return { tag, totals: own.map(({ counts }) => counts).reduce(added, NOTHING), days: own }
        }),
      }
    },
  }
}

const NOTHING = countsFrom(() => 0)

function countsFrom(of: (name: (typeof TAG_COUNTS)[number]) => number): TagCounts {
  return {
    accepted: of('accepted'),
    delivered: of('delivered'),
    bounced: of('bounced'),
    deferred: of('deferred'),
    expired: of('expired'),
    suppressed: of('suppressed'),
    cancelled: of('cancelled'),
    returned: of('returned'),
    complained: of('complained'),
    unsubscribed: of('unsubscribed'),
    opened: of('opened'),
    clicked: of('clicked'),
    suppressedForBounce: of('suppressedForBounce'),
    suppressedForComplaint: of('suppressedForComplaint'),
    bouncedForAddress: of('bouncedForAddress'),
    opens: of('opens'),
    clicks: of('clicks'),
  }
}

const countsOf = (row: TagCounts): TagCounts => countsFrom((name) => row[name])
const added = (one: TagCounts, other: TagCounts): TagCounts => countsFrom((name) => one[name] + other[name])
const startOf = (ms: number): Date => new Date(Math.floor(ms / DAY_MS) * DAY_MS)
const dayOf = (at: Date): string => at.toISOString().slice(0, 10)
