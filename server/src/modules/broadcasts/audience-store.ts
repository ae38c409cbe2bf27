import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { BroadcastState, LastState } from './broadcast.ts'

export interface Run {
  readonly workspaceId: string
  readonly broadcastId: string
  /** As whom its mail is sent. */
  readonly sentBy: string
}

/** Takes up the broadcast that waits longest. */
export async function claimBroadcast(
  pool: Queryable,
  runner: string,
  holdSeconds: number,
): Promise<Run | undefined> {
  const { rows } = await pool.query<{ workspace_id: string; broadcast_id: string; sent_by: string }>(
    'select workspace_id, broadcast_id, sent_by from engine.claim_broadcast($1, $2)',
    [runner, holdSeconds],
  )
  const [row] = rows
  return row === undefined
    ? undefined
    : { workspaceId: row.workspace_id, broadcastId: row.broadcast_id, sentBy: row.sent_by }
}

/** Keeps it for longer; false where another has it by now. */
export async function renewRun(
  db: TenantDatabase,
  run: Run,
  runner: string,
  holdSeconds: number,
): Promise<boolean> {
  const rows = await db.query(
    `update broadcast_run set next_at = clock_timestamp() + make_interval(secs => $4)
     where workspace_id = $1 and broadcast_id = $2 and runner = $3
     returning 1`,
    [run.workspaceId, run.broadcastId, runner, holdSeconds],
  )
  return rows.length > 0
}

/** Gives it back: it is due after a pause. */
export async function releaseRun(
  db: TenantDatabase,
  run: Run,
  runner: string,
  pause: { readonly seconds: number; readonly waitsFor: string | null },
): Promise<void> {
  await db.query(
    `update broadcast_run
     set runner = null, waits_for = $5, next_at = clock_timestamp() + make_interval(secs => $4)
     where workspace_id = $1 and broadcast_id = $2 and runner = $3`,
    [run.workspaceId, run.broadcastId, runner, pause.seconds, pause.waitsFor],
  )
}

export async function deleteRun(db: TenantDatabase, run: Run): Promise<void> {
  await db.query('delete from broadcast_run where workspace_id = $1 and broadcast_id = $2', [
    run.workspaceId,
    run.broadcastId,
  ])
}

export interface RunState {
  readonly state: BroadcastState
  readonly is_deleted: boolean
  /** It began so long ago that nobody waits for it. */
  readonly is_late: boolean
  /** Whoever had it sent may send nothing any more: a key that was revoked, somebody who is no member now. */
  readonly is_disowned: boolean
}

export async function selectRunState(
  db: TenantDatabase,
  run: Run,
  daysMax: number,
): Promise<RunState | undefined> {
  const rows = await db.query<RunState>(
    `select state, deleted_at is not null as is_deleted,
            coalesce(queued_at < now() - make_interval(days => $3), false) as is_late,
            case when $4 like 'api_key:%' then not exists (
                   select from api_key k
                   where k.workspace_id = $1 and k.id = substr($4, 9)::uuid and k.revoked_at is null
                     and k.issued_epoch > engine.epoch_floor(k.workspace_id, null, 'api_key'))
                 when $4 like 'member:%' then not exists (
                   select from member m
                   where m.workspace_id = $1 and m.person_id = substr($4, 8)::uuid and m.revoked_at is null)
                 else false end as is_disowned
     from broadcast
     where workspace_id = $1 and id = $2`,
    [run.workspaceId, run.broadcastId, daysMax, run.sentBy],
  )
  return rows[0]
}

/** Its time has come. */
export async function beginBroadcast(db: TenantDatabase, run: Run): Promise<void> {
  await db.query(
    `update broadcast set state = 'queued', queued_at = now()
     where workspace_id = $1 and id = $2 and state = 'scheduled' and scheduled_at <= now()`,
    [run.workspaceId, run.broadcastId],
  )
}

/** Only what still goes on fails. */
export async function failBroadcast(db: TenantDatabase, run: Run, problem: string): Promise<void> {
  await db.query(
    `update broadcast set state = 'failed', problem = $3, queued_at = coalesce(queued_at, now())
     where workspace_id = $1 and id = $2 and state in ('scheduled', 'queued', 'sending')`,
    [run.workspaceId, run.broadcastId, problem.slice(0, 500)],
  )
}

/**
 * The next part of the audience: who was on the list when the broadcast began, each with the state that is known already. A bound stands on
 * each table that is joined (anchors: 2.4 s of CPU for 100,000, where one statement for all took five times as much). Throws where another
 * froze this part.
 */
export async function freezePart(db: TenantDatabase, run: Run, rowsMax: number): Promise<void> {
  const { workspaceId, broadcastId } = run
  const [broadcast] = await db.query<{ list_id: string; topic_id: string | null; frozen_to: string | null }>(
    `select b.list_id, b.topic_id, b.frozen_to
     from broadcast b
     join contact_list l on l.workspace_id = b.workspace_id and l.id = b.list_id and l.deleted_at is null
     where b.workspace_id = $1 and b.id = $2 and b.state = 'queued'
     for update of b`,
    [workspaceId, broadcastId],
  )
  if (broadcast === undefined) {
    await failBroadcast(db, run, 'The list was deleted before its contacts were taken over.')
    return
  }
  await db.query(
    `with page as materialized (
       select m.contact_id
       from contact_list_member m
       join broadcast b on b.workspace_id = m.workspace_id and b.id = $2
       where m.workspace_id = $1 and m.list_id = $3 and m.added_at <= b.queued_at
         and ($4::uuid is null or m.contact_id > $4)
       order by m.contact_id
       limit $6
     ), edge as (
       select contact_id from page order by contact_id desc limit 1
     ), put as (
       insert into broadcast_recipient (workspace_id, broadcast_id, contact_id, state, reason)
       select $1, $2, c.id,
              case when c.opted_out_at is not null or 'unsubscribe' = any(coalesce(s.reasons, array[s.reason])) then 'skipped'
                   when s.workspace_id is not null then 'suppressed'
                   when t.workspace_id is not null then 'skipped'
                   else 'pending' end,
              case when c.opted_out_at is not null or 'unsubscribe' = any(coalesce(s.reasons, array[s.reason])) then 'unsubscribed'
                   when s.workspace_id is not null then s.reason
                   when t.workspace_id is not null then 'topic' end
       from page p
       join contact c on c.workspace_id = $1 and c.id = p.contact_id
         and c.id <= (select contact_id from edge) and ($4::uuid is null or c.id > $4)
       left join suppression s on s.workspace_id = $1 and s.address_index = c.address_index
         and (s.expires_at is null or s.expires_at > now())
       left join topic_suppression t on t.workspace_id = $1 and t.topic_id = $5 and t.address_index = c.address_index
       returning state
     ), counted as (
       select count(*)::integer as total,
              (count(*) filter (where state = 'skipped'))::integer as skipped,
              (count(*) filter (where state = 'suppressed'))::integer as suppressed
       from put
     )
     update broadcast b
     set frozen_to = coalesce((select contact_id from edge), b.frozen_to),
         total = b.total + n.total, skipped = b.skipped + n.skipped, suppressed = b.suppressed + n.suppressed,
         state = case when (select count(*) from page) < $6 then 'sending' else b.state end,
         frozen_at = case when (select count(*) from page) < $6 then now() end
     from counted n
     where b.workspace_id = $1 and b.id = $2`,
    [workspaceId, broadcastId, broadcast.list_id, broadcast.frozen_to, broadcast.topic_id, rowsMax],
  )
}

/** A member whose turn it is. */
export interface Turn {
  readonly contact_id: string
  readonly message_id: string
  /** Null where the contact is deleted. */
  readonly sealed: Buffer | null
  readonly unsubscribed: boolean
  /** The reason of a suppression that came since. */
  readonly stopped_by: string | null
  /** It was this member's turn before, and whoever had it did not come to write down how it ended. */
  readonly tried: boolean
}

/**
 * The next members, each with the id that its message has, whoever writes it. `after`: a member behind which to look, so that the index is
 * not read over all those who had their turn, until vacuum took them out of it.
 */
export function takeTurns(
  db: TenantDatabase,
  run: Run,
  messageIds: readonly string[],
  after: string | null,
): Promise<Turn[]> {
  return db.query<Turn>(
    `with next as (
       select contact_id, message_id, row_number() over (order by contact_id) as turn
       from (
         select contact_id, message_id
         from broadcast_recipient
         where workspace_id = $1 and broadcast_id = $2 and state = 'pending'
           and ($4::uuid is null or contact_id > $4)
         order by contact_id
         limit cardinality($3::uuid[])
       ) p
     ), taken as (
       update broadcast_recipient r
       set message_id = coalesce(r.message_id, f.id)
       from next n
       join unnest($3::uuid[]) with ordinality as f(id, turn) on f.turn = n.turn
       where r.workspace_id = $1 and r.broadcast_id = $2 and r.contact_id = n.contact_id and r.state = 'pending'
       returning r.contact_id, r.message_id, n.message_id is not null as tried
     )
     select t.contact_id, t.message_id, t.tried, c.sealed,
            c.opted_out_at is not null or coalesce('unsubscribe' = any(coalesce(s.reasons, array[s.reason])), false) as unsubscribed,
            s.reason as stopped_by
     from taken t
     left join contact c on c.workspace_id = $1 and c.id = t.contact_id
     left join suppression s on s.workspace_id = $1 and s.address_index = c.address_index
       and (s.expires_at is null or s.expires_at > now())
     order by t.contact_id`,
    [run.workspaceId, run.broadcastId, messageIds, after],
  )
}

export interface Accepted {
  readonly message_id: string
  /** Why its recipient is suppressed. */
  readonly suppressed_by: string | null
}

/** Those of these messages that were accepted. */
export function selectAccepted(
  db: TenantDatabase,
  workspaceId: string,
  messageIds: readonly string[],
): Promise<Accepted[]> {
  return db.query<Accepted>(
    `select m.id as message_id,
            case when o.state = 'suppressed' then coalesce(o.detail ->> 'suppression', 'suppressed') end as suppressed_by
     from message m
     left join outcome o on o.message_id = m.id and o.number = 1 and o.workspace_id = $1
     where m.workspace_id = $1 and m.id = any($2::uuid[])`,
    [workspaceId, messageIds],
  )
}

export interface Mark {
  readonly contactId: string
  readonly state: LastState
  readonly reason: string | null
  /** Whether a message was accepted. */
  readonly hasMessage: boolean
}

/** Writes down how turns ended. A member that has a last state keeps it. */
export async function markTurns(db: TenantDatabase, run: Run, marks: readonly Mark[]): Promise<void> {
  if (marks.length === 0) return
  await db.query(
    `with put as (
       update broadcast_recipient r
       set state = g.state, reason = g.reason, at = now(), message_id = case when g.has_message then r.message_id end
       from unnest($3::uuid[], $4::text[], $5::text[], $6::boolean[]) as g(contact_id, state, reason, has_message)
       where r.workspace_id = $1 and r.broadcast_id = $2 and r.contact_id = g.contact_id and r.state = 'pending'
       returning r.state
     )
     update broadcast b
     set sent = b.sent + n.sent, skipped = b.skipped + n.skipped,
         suppressed = b.suppressed + n.suppressed, failed = b.failed + n.failed, cancelled = b.cancelled + n.cancelled
     from (
       select (count(*) filter (where state = 'sent'))::integer as sent,
              (count(*) filter (where state = 'skipped'))::integer as skipped,
              (count(*) filter (where state = 'suppressed'))::integer as suppressed,
              (count(*) filter (where state = 'failed'))::integer as failed,
              (count(*) filter (where state = 'cancelled'))::integer as cancelled
       from put
     ) n
     where b.workspace_id = $1 and b.id = $2`,
    [
      run.workspaceId,
      run.broadcastId,
      marks.map((mark) => mark.contactId),
      marks.map((mark) => mark.state),
      marks.map((mark) => mark.reason),
      marks.map((mark) => mark.hasMessage),
    ],
  )
}

/** Members that nobody had a turn with, for a broadcast that ends early. */
export async function selectPending(
  db: TenantDatabase,
  run: Run,
  rowsMax: number,
): Promise<{ readonly contact_id: string; readonly message_id: string | null }[]> {
  return db.query(
    `select contact_id, message_id
     from broadcast_recipient
     where workspace_id = $1 and broadcast_id = $2 and state = 'pending'
     order by contact_id
     limit $3`,
    [run.workspaceId, run.broadcastId, rowsMax],
  )
}

/** Every member has a last state: what was being sent is sent, and nothing is left to do. */
export async function finishBroadcast(db: TenantDatabase, run: Run): Promise<void> {
  await db.query(
    `update broadcast
     set state = case state when 'sending' then 'sent' else state end, finished_at = coalesce(finished_at, now())
     where workspace_id = $1 and id = $2`,
    [run.workspaceId, run.broadcastId],
  )
  await deleteRun(db, run)
}

/** Erases a part of a broadcast that was deleted; false where nothing is left of it. */
export async function erasePart(db: TenantDatabase, run: Run, rowsMax: number): Promise<boolean> {
  const rows = await db.query<{ erased: number }>(
    `with gone as (
       delete from broadcast_recipient
       where workspace_id = $1 and broadcast_id = $2
         and contact_id in (
           select contact_id from broadcast_recipient where workspace_id = $1 and broadcast_id = $2 limit $3)
       returning 1)
     select count(*)::integer as erased from gone`,
    [run.workspaceId, run.broadcastId, rowsMax],
  )
  if ((rows[0]?.erased ?? 0) > 0) return true
  await deleteRun(db, run)
  await db.query('delete from broadcast where workspace_id = $1 and id = $2 and deleted_at is not null', [
    run.workspaceId,
    run.broadcastId,
  ])
  return false
}
