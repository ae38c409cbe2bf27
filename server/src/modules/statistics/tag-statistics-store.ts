import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

/** What is counted of a tag. */
export const TAG_COUNTS = [
  'accepted',
  'delivered',
  'bounced',
  'deferred',
  'expired',
  'suppressed',
  'cancelled',
  'returned',
  'complained',
  'unsubscribed',
  'opened',
  'clicked',
  'suppressedForBounce',
  'suppressedForComplaint',
  'bouncedForAddress',
  'opens',
  'clicks',
] as const
export type TagCounts = Readonly<Record<(typeof TAG_COUNTS)[number], number>>

const COLUMNS: Partial<Record<(typeof TAG_COUNTS)[number], string>> = {
  suppressedForBounce: 'suppressed_bounce',
  suppressedForComplaint: 'suppressed_complaint',
  bouncedForAddress: 'bounced_hard',
}

const SUMS = TAG_COUNTS.map((name) => `sum(s.${COLUMNS[name] ?? name})::double precision as "${name}"`).join(
  ', ',
)
/** What Bulkhead gives itself: see modules/messages/tag.ts. */
const HIDDEN = '^(template:tpl|topic:top|subaccount:sba)_[0-9a-z]{26}$'

/** Tags in use since a time, by name. Reads in the order of the key: as much as is shown, and at most 2,000 tags a day beside it. */
export async function selectTags(
  db: TenantDatabase,
  workspaceId: string,
  filter: { readonly since: Date; readonly after: string | null; readonly begins: string | null },
  rowsMax: number,
): Promise<(TagCounts & { readonly tag: string; readonly first_at: Date; readonly last_at: Date })[]> {
  return db.query(
    `select s.tag, ${SUMS}, min(s.at) as first_at, max(s.at) as last_at
     from tag_statistic s
     where s.workspace_id = $1 and s.at >= $2 and ($3::text is null or s.tag > $3) and ($4::text is null or starts_with(s.tag, $4))
       and s.tag !~ '${HIDDEN}'
     group by s.tag
     order by s.tag
     limit $5`,
    [workspaceId, filter.since, filter.after, filter.begins, rowsMax],
  )
}

/** Of these tags by day. */
export async function selectTagDays(
  db: TenantDatabase,
  workspaceId: string,
  tags: readonly string[],
  range: { readonly since: Date; readonly until: Date },
): Promise<(TagCounts & { readonly tag: string; readonly at: Date })[]> {
  return db.query(
    `select s.tag, s.at, ${SUMS}
     from tag_statistic s
     where s.workspace_id = $1 and s.tag = any($2::text[]) and s.at >= $3 and s.at < $4
     group by s.tag, s.at
     order by s.tag, s.at`,
    [workspaceId, tags, range.since, range.until],
  )
}
