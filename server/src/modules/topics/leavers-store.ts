import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { LEAVING_WAYS } from './topic.ts'

export interface LeaverRecord {
  readonly id: string
  readonly address: Buffer
  readonly via: (typeof LEAVING_WAYS)[number]
  readonly message_id: string | null
  readonly created_at: Date
  readonly topic_id: string
  readonly topic_number: number
  readonly topic_name: string
}

/** Answers how many had not left it before. */
export async function insertLeavers(
  db: TenantDatabase,
  workspaceId: string,
  topicId: string,
  leavers: readonly { readonly id: string; readonly index: Buffer; readonly address: Buffer }[],
): Promise<number> {
  const rows = await db.query<{ id: string }>(
    `insert into topic_suppression (workspace_id, topic_id, address_index, id, address, via)
     select $1, $2, x.index, x.id, x.address, 'added'
     from unnest($3::uuid[], $4::bytea[], $5::bytea[]) as x(id, index, address)
     order by x.index
     on conflict (workspace_id, topic_id, address_index) do nothing
     returning id`,
    [
      workspaceId,
      topicId,
      leavers.map((leaver) => leaver.id),
      leavers.map((leaver) => leaver.index),
      leavers.map((leaver) => leaver.address),
    ],
  )
  return rows.length
}

/** Newest first. Of topics that are no more nobody has left anything. */
export function selectLeavers(
  db: TenantDatabase,
  workspaceId: string,
  filter: {
    readonly topicId: string | null
    readonly index: Buffer | null
    readonly since: Date | null
    readonly before: string | null
  },
  rowsMax: number,
): Promise<LeaverRecord[]> {
  return db.query<LeaverRecord>(
    `select s.id, s.address, s.via, s.message_id, s.created_at, s.topic_id, t.number as topic_number, t.name as topic_name
     from topic_suppression s
     join topic t on t.workspace_id = s.workspace_id and t.id = s.topic_id and t.deleted_at is null
     where s.workspace_id = $1
       and ($2::uuid is null or s.topic_id = $2)
       and ($3::bytea is null or s.address_index = $3)
       and ($4::timestamptz is null or s.created_at >= $4)
       and ($5::uuid is null or s.id < $5)
     order by s.id desc
     limit $6`,
    [workspaceId, filter.topicId, filter.index, filter.since, filter.before, rowsMax],
  )
}

/** Which of these have left it, by their indexes. */
export async function selectLeft(
  db: TenantDatabase,
  workspaceId: string,
  topicId: string,
  indexes: readonly Buffer[],
): Promise<Buffer[]> {
  const rows = await db.query<{ address_index: Buffer }>(
    'select address_index from topic_suppression where workspace_id = $1 and topic_id = $2 and address_index = any($3::bytea[])',
    [workspaceId, topicId, indexes],
  )
  return rows.map((row) => row.address_index)
}

export async function deleteLeaver(
  db: TenantDatabase,
  workspaceId: string,
  topicId: string,
  index: Buffer,
): Promise<boolean> {
  const rows = await db.query<{ id: string }>(
    'delete from topic_suppression where workspace_id = $1 and topic_id = $2 and address_index = $3 returning id',
    [workspaceId, topicId, index],
  )
  return rows.length > 0
}
