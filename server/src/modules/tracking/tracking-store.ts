import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { Fetcher } from './fetch-rules.ts'

/** `off` and `on` where a message says nothing; `never`: a message cannot say otherwise. */
export const TRACKING_MODES = ['off', 'on', 'never'] as const
export type TrackingMode = (typeof TRACKING_MODES)[number]

export interface TrackingSettings {
  readonly opens: TrackingMode
  readonly clicks: TrackingMode
  /** Whether `on` counts for the lane critical too. */
  readonly critical: boolean
}

/** As acceptance needs it. */
export interface WorkspaceTracking extends TrackingSettings {
  /** The link domain in use; null: the installation's own address. */
  readonly host: string | null
}

export async function findTracking(pool: Queryable, workspaceId: string): Promise<WorkspaceTracking> {
  const { rows } = await pool.query<WorkspaceTracking>({
    name: 'engine.tracking_of',
    text: 'select opens, clicks, critical, host from engine.tracking_of($1)',
    values: [workspaceId],
  })
  const [row] = rows
  if (row === undefined) throw new Error('no answer about tracking')
  return row
}

export async function selectSettings(
  db: TenantDatabase,
  workspaceId: string,
): Promise<TrackingSettings | undefined> {
  const [row] = await db.query<TrackingSettings>(
    'select opens, clicks, critical from tracking_settings where workspace_id = $1',
    [workspaceId],
  )
  return row
}

export async function storeSettings(
  db: TenantDatabase,
  workspaceId: string,
  settings: TrackingSettings,
): Promise<void> {
  await db.query(
    `insert into tracking_settings (workspace_id, opens, clicks, critical)
     values ($1, $2, $3, $4)
     on conflict (workspace_id) do update
     set opens = excluded.opens, clicks = excluded.clicks, critical = excluded.critical, updated_at = now()`,
    [workspaceId, settings.opens, settings.clicks, settings.critical],
  )
}

export async function isLinkDomain(pool: Queryable, name: string): Promise<boolean> {
  const { rows } = await pool.query<{ is: boolean }>({
    name: 'engine.is_link_domain',
    text: 'select engine.is_link_domain($1) as is',
    values: [name],
  })
  return rows[0]?.is === true
}

export interface LinkFactsRow {
  readonly delivered_at: Date | null
  /** By a person or a proxy. */
  readonly opened: boolean
}

/** One row for each message, in their order; `number` 0 is the whole message. */
export async function findLinkFacts(
  pool: Queryable,
  subjects: readonly { readonly messageId: string; readonly number: number }[],
): Promise<LinkFactsRow[]> {
  const { rows } = await pool.query<LinkFactsRow>(
    'select delivered_at, opened from engine.link_facts($1, $2) order by place',
    [subjects.map((item) => item.messageId), subjects.map((item) => item.number)],
  )
  return rows
}

export interface NotedFetch {
  readonly eventId: string
  readonly workspaceId: string
  readonly messageId: string
  readonly number: number
  readonly kind: 'open' | 'click'
  readonly link: number
  readonly by: Fetcher
  readonly fetched: number
  readonly detail: Readonly<Record<string, unknown>>
}

/** Counts, and makes events of the first; answers how many events. */
export async function noteLinks(pool: Queryable, fetches: readonly NotedFetch[]): Promise<number> {
  const { rows } = await pool.query<{ events: number }>(
    'select engine.note_links($1, $2, $3, $4, $5, $6, $7, $8, $9) as events',
    [
      fetches.map((item) => item.eventId),
      fetches.map((item) => item.workspaceId),
      fetches.map((item) => item.messageId),
      fetches.map((item) => item.number),
      fetches.map((item) => item.kind),
      fetches.map((item) => item.link),
      fetches.map((item) => item.by),
      fetches.map((item) => item.fetched),
      fetches.map((item) => JSON.stringify(item.detail)),
    ],
  )
  return rows[0]?.events ?? 0
}

export interface CountRow {
  readonly kind: 'open' | 'click'
  readonly number: number
  readonly link: number
  /** By a person, a proxy, a scanner, unknown. */
  readonly fetched: readonly string[]
  readonly first_at: Date
  readonly last_at: Date
}

const COUNTS_MAX = 1_000

/** Null where the workspace has no such message. */
export async function selectCounts(
  db: TenantDatabase,
  workspaceId: string,
  messageId: string,
): Promise<CountRow[] | null> {
  const found = await db.query('select 1 from message where workspace_id = $1 and id = $2', [
    workspaceId,
    messageId,
  ])
  if (found.length === 0) return null
  return db.query<CountRow>(
    `select kind, number, link, fetched::text[] as fetched, first_at, last_at
     from link_count
     where workspace_id = $1 and message_id = $2
     order by kind desc, number, link
     limit $3`,
    [workspaceId, messageId, COUNTS_MAX],
  )
}
