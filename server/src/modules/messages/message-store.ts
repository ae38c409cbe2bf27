import type { Lane, RecipientState } from '../../kernel/lane.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { RecipientKind } from './message.ts'

export interface MessageRow {
  id: string
  lane: Lane
  source: string
  sensitive: boolean
  tags: string[]
  size_bytes: number
  recipient_count: number
  send_at: Date | null
  expires_at: Date
  created_at: Date
  summary: Buffer
  /** How many recipients are in which state. */
  states: Partial<Record<RecipientState, number>>
}

export interface RecipientRow {
  number: number
  kind: RecipientKind
  address: Buffer
  state: RecipientState
  attempts: number
  next_attempt_at: Date | null
}

export interface TimelineRow {
  id: string
  type: string
  at: Date
  number: number | null
  detail: Record<string, unknown>
}

export interface MessageFilter {
  readonly before: string | undefined
  readonly idFrom: string | undefined
  readonly idUntil: string | undefined
  readonly lane: Lane | undefined
  /** All of them. */
  readonly tags: readonly string[] | undefined
  readonly fromDomain: string | undefined
  readonly state: RecipientState | undefined
  readonly addressIndex: Buffer | undefined
  readonly limit: number
}

// The state of a waiting recipient follows from its queue row; the state of an ended one is its outcome.
const WAITING_STATE = `case when q.held then 'held' when q.due > now() and q.attempts = 0 and q.lease is null then 'scheduled' else 'pending' end`

const COLUMNS = `m.id, m.lane, m.source, m.sensitive, m.tags, m.size_bytes, m.recipient_count, m.send_at, m.expires_at,
  m.created_at, m.summary,
  (select coalesce(jsonb_object_agg(s.state, s.n), '{}') from (
     select x.state, count(*) as n from (
       select o.state::text as state from outcome o where o.message_id = m.id
       union all
       select ${WAITING_STATE} from queue q where q.lane = m.lane and q.message_id = m.id
     ) x group by x.state
   ) s) as states`

/** Newest first. Ids sort by time, so a time range is a range of ids and prunes partitions. */
export async function listMessages(
  db: TenantDatabase,
  workspaceId: string,
  filter: MessageFilter,
): Promise<MessageRow[]> {
  const { lane, tags, fromDomain, state, addressIndex } = filter
  const isPlain = [lane, tags, fromDomain, state, addressIndex].every((value) => value === undefined)
  return isPlain ? listNewest(db, workspaceId, filter) : listFound(db, workspaceId, filter)
}

function listNewest(
  db: TenantDatabase,
  workspaceId: string,
  { before, idFrom, idUntil, limit }: MessageFilter,
): Promise<MessageRow[]> {
  return db.query<MessageRow>(
    `select ${COLUMNS} from message m
     where m.workspace_id = $1 and m.id < least($2::uuid, $4::uuid) and m.id >= $3::uuid
     order by m.id desc
     limit $5`,
    [workspaceId, before ?? LAST_ID, idFrom ?? FIRST_ID, idUntil ?? LAST_ID, limit],
  )
}

const FIRST_ID = '00000000-0000-0000-0000-000000000000'
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** engine.find_messages (0043) finds them, because plans under row-level security could not. */
async function listFound(
  db: TenantDatabase,
  workspaceId: string,
  filter: MessageFilter,
): Promise<MessageRow[]> {
  const found = await db.query<{ id: string }>(
    'select id from engine.find_messages($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as id',
    [
      workspaceId,
      filter.before,
      filter.idFrom,
      filter.idUntil,
      filter.lane,
      filter.tags,
      filter.state,
      filter.addressIndex,
      filter.limit,
      filter.fromDomain,
    ],
  )
  if (found.length === 0) return []
  return db.query<MessageRow>(
    `select ${COLUMNS} from message m where m.workspace_id = $1 and m.id = any($2) order by m.id desc`,
    [workspaceId, found.map((row) => row.id)],
  )
}

export async function findMessage(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<MessageRow | undefined> {
  const rows = await db.query<MessageRow>(
    `select ${COLUMNS} from message m where m.workspace_id = $1 and m.id = $2`,
    [workspaceId, id],
  )
  return rows[0]
}

export function listRecipients(
  db: TenantDatabase,
  workspaceId: string,
  messageId: string,
): Promise<RecipientRow[]> {
  return db.query<RecipientRow>(
    `select r.number, r.kind, r.address,
            coalesce(o.state::text, ${WAITING_STATE}) as state,
            coalesce(o.attempts, q.attempts, 0) as attempts,
            case when o.state is null then q.due end as next_attempt_at
     from recipient r
     left join outcome o on o.message_id = r.message_id and o.number = r.number
     left join queue q on q.message_id = r.message_id and q.number = r.number
     where r.workspace_id = $1 and r.message_id = $2
     order by r.number`,
    [workspaceId, messageId],
  )
}

const TIMELINE_MAX = 5_000

/** Everything that happened to a message, in order: its acceptance, events, outcomes. */
export function listTimeline(
  db: TenantDatabase,
  workspaceId: string,
  messageId: string,
): Promise<TimelineRow[]> {
  return db.query<TimelineRow>(
    `select * from (
       select m.id, 'message.accepted' as type, m.created_at as at, null::integer as number,
              jsonb_build_object('source', m.source, 'lane', m.lane) as detail
       from message m where m.workspace_id = $1 and m.id = $2
       union all
       select e.id, e.type, e.at, e.number, e.detail from event e where e.workspace_id = $1 and e.message_id = $2
       union all
       select o.event_id, 'message.' || o.state, o.at, o.number, o.detail || jsonb_build_object('attempts', o.attempts)
       from outcome o where o.workspace_id = $1 and o.message_id = $2
     ) t
     order by t.at, t.id
     limit ${TIMELINE_MAX}`,
    [workspaceId, messageId],
  )
}

export async function findBody(
  db: TenantDatabase,
  workspaceId: string,
  messageId: string,
): Promise<Buffer | undefined> {
  const rows = await db.query<{ sealed: Buffer }>(
    'select sealed from body where workspace_id = $1 and message_id = $2',
    [workspaceId, messageId],
  )
  return rows[0]?.sealed
}

export async function cancelMessage(
  db: TenantDatabase,
  workspaceId: string,
  messageId: string,
): Promise<{ cancelled: number; inFlight: number }> {
  const rows = await db.query<{ cancelled: number; in_flight: number }>(
    'select cancelled, in_flight from engine.cancel($1, $2)',
    [workspaceId, messageId],
  )
  return { cancelled: rows[0]?.cancelled ?? 0, inFlight: rows[0]?.in_flight ?? 0 }
}

/** Answers how many recipients were moved. */
export async function rescheduleMessage(
  db: TenantDatabase,
  workspaceId: string,
  messageId: string,
  sendAt: Date,
  expiresAt: Date,
): Promise<number> {
  const rows = await db.query<{ moved: number }>('select engine.reschedule($1, $2, $3, $4) as moved', [
    workspaceId,
    messageId,
    sendAt,
    expiresAt,
  ])
  return rows[0]?.moved ?? 0
}

export interface FeedRow extends TimelineRow {
  message_id: string
  xid: string
}

/**
 * What was committed after a position, in commit order. Rows of transactions that may still be running are left for the next
 * call (commit_xid below the snapshot's xmin), so that no reader passes over one that commits late.
 */
export function readFeed(
  db: TenantDatabase,
  workspaceId: string,
  position: { readonly xid: string; readonly id: string },
  limit: number,
): Promise<FeedRow[]> {
  return db.query<FeedRow>(
    `select f.id, f.message_id, f.type, f.at, f.number, f.detail, f.xid::text as xid from (
       (select m.id, m.id as message_id, 'message.accepted' as type, m.created_at as at, null::integer as number,
               jsonb_build_object('lane', m.lane, 'source', m.source) as detail, m.commit_xid as xid
        from message m
        where m.workspace_id = $1 and (m.commit_xid, m.id) > ($2::xid8, $3::uuid)
          and m.commit_xid < pg_snapshot_xmin(pg_current_snapshot())
        order by m.commit_xid, m.id
        limit $4)
       union all
       (select o.event_id, o.message_id, 'message.' || o.state, o.at, o.number, o.detail, o.commit_xid
        from outcome o
        where o.workspace_id = $1 and (o.commit_xid, o.event_id) > ($2::xid8, $3::uuid)
          and o.commit_xid < pg_snapshot_xmin(pg_current_snapshot())
        order by o.commit_xid, o.event_id
        limit $4)
       union all
       (select e.id, e.message_id, e.type, e.at, e.number, e.detail, e.commit_xid
        from event e
        where e.workspace_id = $1 and (e.commit_xid, e.id) > ($2::xid8, $3::uuid)
          and e.commit_xid < pg_snapshot_xmin(pg_current_snapshot())
        order by e.commit_xid, e.id
        limit $4)
     ) f
     order by f.xid, f.id
     limit $4`,
    [workspaceId, position.xid, position.id, limit],
  )
}

/** The position behind everything committed so far. */
export async function feedEnd(db: TenantDatabase): Promise<string> {
  const rows = await db.query<{ xid: string }>('select pg_snapshot_xmin(pg_current_snapshot())::text as xid')
  return rows[0]?.xid ?? '0'
}

export interface LedgerRow {
  state: string
  recipients: number
}

export function readLedger(db: TenantDatabase, workspaceId: string | null): Promise<LedgerRow[]> {
  return db.query<LedgerRow>('select state, recipients from engine.ledger($1)', [workspaceId])
}
