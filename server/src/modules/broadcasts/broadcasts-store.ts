import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { BroadcastState } from './broadcast.ts'

export interface BroadcastRow {
  readonly id: string
  readonly list_id: string
  readonly topic_id: string | null
  readonly dialect: string
  readonly state: BroadcastState
  readonly sealed_head: Buffer
  readonly version: number
  readonly created_at: Date
  readonly updated_at: Date
  readonly scheduled_at: Date | null
  readonly queued_at: Date | null
  readonly frozen_to: string | null
  readonly finished_at: Date | null
  readonly problem: string | null
  readonly total: number
  readonly sent: number
  readonly skipped: number
  readonly suppressed: number
  readonly failed: number
  readonly cancelled: number
  readonly waits_for: string | null
}

export type WholeBroadcastRow = BroadcastRow & { readonly sealed_body: Buffer }

const OF_BROADCAST = [
  'id',
  'list_id',
  'topic_id',
  'dialect',
  'state',
  'sealed_head',
  'version',
  'created_at',
  'updated_at',
  'scheduled_at',
  'queued_at',
  'frozen_to',
  'finished_at',
  'problem',
  'total',
  'sent',
  'skipped',
  'suppressed',
  'failed',
  'cancelled',
]
  .map((column) => `b.${column}`)
  .join(', ')

const FROM = `broadcast b
     left join broadcast_run r on r.workspace_id = b.workspace_id and r.broadcast_id = b.id`

export async function selectBroadcast(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<WholeBroadcastRow | undefined> {
  const rows = await db.query<WholeBroadcastRow>(
    `select ${OF_BROADCAST}, b.sealed_body, r.waits_for
     from ${FROM}
     where b.workspace_id = $1 and b.id = $2 and b.deleted_at is null`,
    [workspaceId, id],
  )
  return rows[0]
}

/** Newest first. */
export function selectBroadcasts(
  db: TenantDatabase,
  workspaceId: string,
  filter: { readonly state: BroadcastState | null; readonly before: string | null },
  rowsMax: number,
): Promise<BroadcastRow[]> {
  return db.query<BroadcastRow>(
    `select ${OF_BROADCAST}, r.waits_for
     from ${FROM}
     where b.workspace_id = $1 and b.deleted_at is null
       and ($2::text is null or b.state = $2)
       and ($3::uuid is null or b.id < $3)
     order by b.id desc
     limit $4`,
    [workspaceId, filter.state, filter.before, rowsMax],
  )
}

export async function countBroadcasts(db: TenantDatabase, workspaceId: string): Promise<number> {
  const rows = await db.query<{ broadcasts: number }>(
    `select count(*)::integer as broadcasts from broadcast where workspace_id = $1 and deleted_at is null`,
    [workspaceId],
  )
  return rows[0]?.broadcasts ?? 0
}

export interface WrittenBroadcast {
  readonly id: string
  readonly listId: string
  readonly topicId: string | null
  readonly dialect: string
  readonly head: Buffer
  readonly body: Buffer
}

export async function insertBroadcast(
  db: TenantDatabase,
  workspaceId: string,
  row: WrittenBroadcast & { readonly by: string },
): Promise<void> {
  await db.query(
    `insert into broadcast (workspace_id, id, list_id, topic_id, dialect, sealed_head, sealed_body, created_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [workspaceId, row.id, row.listId, row.topicId, row.dialect, row.head, row.body, row.by],
  )
}

/** False where it is no draft any more, or was changed since `version`. */
export async function updateDraft(
  db: TenantDatabase,
  workspaceId: string,
  row: WrittenBroadcast & { readonly version: number },
): Promise<boolean> {
  const rows = await db.query(
    `update broadcast
     set list_id = $4, topic_id = $5, dialect = $6, sealed_head = $7, sealed_body = $8,
         version = version + 1, updated_at = now()
     where workspace_id = $1 and id = $2 and version = $3 and state = 'draft' and deleted_at is null
     returning 1`,
    [workspaceId, row.id, row.version, row.listId, row.topicId, row.dialect, row.head, row.body],
  )
  return rows.length > 0
}

/** From the draft that was looked at; false where it is another one by now. A run is there from then on. */
export async function startBroadcast(
  db: TenantDatabase,
  workspaceId: string,
  start: {
    readonly id: string
    readonly version: number
    readonly by: string
    /** Null: at once. */
    readonly at: Date | null
  },
): Promise<boolean> {
  const rows = await db.query(
    `with started as (
       update broadcast
       set state = case when $5::timestamptz is null then 'queued' else 'scheduled' end,
           scheduled_at = $5, sent_by = $4,
           queued_at = case when $5::timestamptz is null then now() end
       where workspace_id = $1 and id = $2 and version = $3 and state = 'draft' and deleted_at is null
       returning workspace_id, id)
     insert into broadcast_run (workspace_id, broadcast_id, next_at)
     select s.workspace_id, s.id, coalesce($5::timestamptz, now()) from started s
     returning 1`,
    [workspaceId, start.id, start.version, start.by, start.at],
  )
  return rows.length > 0
}

/** Cancels where that can be; what is left of it is done by whoever takes up its run. Undefined: it cannot. */
export async function cancelBroadcast(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  states: readonly BroadcastState[],
): Promise<boolean> {
  const rows = await db.query(
    `update broadcast set state = 'cancelled', finished_at = case when state = 'scheduled' then now() end
     where workspace_id = $1 and id = $2 and state = any($3::text[]) and deleted_at is null
     returning 1`,
    [workspaceId, id, states],
  )
  if (rows.length === 0) return false
  // Whoever has it goes on until he looks; nobody has to wait for the time of one that was scheduled.
  await db.query(
    `update broadcast_run set next_at = least(next_at, now())
     where workspace_id = $1 and broadcast_id = $2 and runner is null`,
    [workspaceId, id],
  )
  return true
}

/**
 * Makes a draft again of what waits for its time; false where it does not, or somebody begins it at this moment. Its run goes with it, so
 * that sending it again makes a new one.
 */
export async function unscheduleBroadcast(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<boolean> {
  // Locked, nobody takes it up; whoever has it by now begins the broadcast.
  const waiting = await db.query(
    `select 1 from broadcast_run
     where workspace_id = $1 and broadcast_id = $2 and runner is null
     for update`,
    [workspaceId, id],
  )
  if (waiting.length === 0) return false
  const drafts = await db.query(
    `update broadcast
     set state = 'draft', scheduled_at = null, sent_by = null, version = version + 1, updated_at = now()
     where workspace_id = $1 and id = $2 and state = 'scheduled' and deleted_at is null
     returning 1`,
    [workspaceId, id],
  )
  if (drafts.length === 0) return false
  await db.query('delete from broadcast_run where workspace_id = $1 and broadcast_id = $2', [workspaceId, id])
  return true
}

/** Not shown any more; its recipients go in the background. */
export async function markDeleted(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  states: readonly BroadcastState[],
): Promise<boolean> {
  const rows = await db.query(
    `with gone as (
       update broadcast set deleted_at = now()
       where workspace_id = $1 and id = $2 and state = any($3::text[]) and deleted_at is null
       returning workspace_id, id)
     insert into broadcast_run (workspace_id, broadcast_id, next_at)
     select g.workspace_id, g.id, now() from gone g
     on conflict (workspace_id, broadcast_id) do update set next_at = broadcast_run.next_at
     returning 1`,
    [workspaceId, id, states],
  )
  return rows.length > 0
}

export interface RecipientRow {
  readonly contact_id: string
  readonly state: string
  readonly reason: string | null
  readonly message_id: string | null
  readonly at: Date
}

export function selectRecipients(
  db: TenantDatabase,
  workspaceId: string,
  broadcastId: string,
  filter: { readonly state: string | null; readonly after: string | null },
  rowsMax: number,
): Promise<RecipientRow[]> {
  return db.query<RecipientRow>(
    `select contact_id, state, reason, case when state <> 'pending' then message_id end as message_id, at
     from broadcast_recipient
     where workspace_id = $1 and broadcast_id = $2
       and ($3::text is null or state = $3)
       and ($4::uuid is null or contact_id > $4)
     order by contact_id
     limit $5`,
    [workspaceId, broadcastId, filter.state, filter.after, rowsMax],
  )
}
