import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface TopicRecord {
  readonly id: string
  readonly number: number
  readonly name: string
  readonly description: string
  readonly is_default: boolean
  readonly created_at: Date
  readonly updated_at: Date
  readonly left_count: number
}

const COUNTED_MAX = 100_000
const SELECT = `select t.id, t.number, t.name, t.description, t.is_default, t.created_at, t.updated_at,
    (select count(*) from (select from topic_suppression s
       where s.workspace_id = t.workspace_id and s.topic_id = t.id limit ${COUNTED_MAX}) n)::integer as left_count
  from topic t`

/** Numbers are given one after the other: two that are made at once wait for each other. */
export async function lockTopics(
  db: TenantDatabase,
  workspaceId: string,
): Promise<{ next: number; living: number }> {
  await db.query("select pg_advisory_xact_lock(hashtextextended('topic ' || $1, 0))", [workspaceId])
  const rows = await db.query<{ next: number; living: string }>(
    `select coalesce(max(number), 0) + 1 as next, count(*) filter (where deleted_at is null) as living
     from topic where workspace_id = $1`,
    [workspaceId],
  )
  return { next: rows[0]?.next ?? 1, living: Number(rows[0]?.living ?? 0) }
}

/** False where a living topic of the workspace has the name. */
export async function insertTopic(
  db: TenantDatabase,
  topic: {
    readonly workspaceId: string
    readonly id: string
    readonly number: number
    readonly name: string
    readonly description: string
    readonly isDefault: boolean
    readonly actor: string
  },
): Promise<boolean> {
  const rows = await db.query<{ id: string }>(
    `insert into topic (workspace_id, id, number, name, description, is_default, created_by)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (workspace_id, lower(name)) where deleted_at is null do nothing
     returning id`,
    [topic.workspaceId, topic.id, topic.number, topic.name, topic.description, topic.isDefault, topic.actor],
  )
  return rows.length > 0
}

/** So that another one can be the default. */
export async function clearDefault(db: TenantDatabase, workspaceId: string): Promise<void> {
  await db.query(
    'update topic set is_default = false, updated_at = now() where workspace_id = $1 and is_default and deleted_at is null',
    [workspaceId],
  )
}

export async function hasName(
  db: TenantDatabase,
  workspaceId: string,
  name: string,
  butId: string,
): Promise<boolean> {
  const rows = await db.query<{ id: string }>(
    'select id from topic where workspace_id = $1 and lower(name) = lower($2) and deleted_at is null and id <> $3',
    [workspaceId, name, butId],
  )
  return rows.length > 0
}

/** By its id or its number. */
export async function selectTopic(
  db: TenantDatabase,
  workspaceId: string,
  which: { readonly id: string } | { readonly number: number },
): Promise<TopicRecord | undefined> {
  const [column, value] = 'id' in which ? ['id', which.id] : ['number', which.number]
  const rows = await db.query<TopicRecord>(
    `${SELECT} where t.workspace_id = $1 and t.${column} = $2 and t.deleted_at is null`,
    [workspaceId, value],
  )
  return rows[0]
}

export function selectTopics(
  db: TenantDatabase,
  workspaceId: string,
  after: string | null,
  rowsMax: number,
): Promise<TopicRecord[]> {
  return db.query<TopicRecord>(
    `${SELECT}
     where t.workspace_id = $1 and t.deleted_at is null and ($2::uuid is null or t.id > $2)
     order by t.id
     limit $3`,
    [workspaceId, after, rowsMax],
  )
}

export async function updateTopicRow(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  change: { readonly name: string; readonly description: string; readonly isDefault: boolean },
): Promise<void> {
  await db.query(
    `update topic set name = $3, description = $4, is_default = $5, updated_at = now()
     where workspace_id = $1 and id = $2 and deleted_at is null`,
    [workspaceId, id, change.name, change.description, change.isDefault],
  )
}

export async function deleteTopicRow(db: TenantDatabase, workspaceId: string, id: string): Promise<boolean> {
  const rows = await db.query<{ id: string }>(
    `update topic set deleted_at = now(), is_default = false where workspace_id = $1 and id = $2 and deleted_at is null
     returning id`,
    [workspaceId, id],
  )
  return rows.length > 0
}

/** Every living topic, and since when an address has left it. */
export function selectTopicsOf(
  db: TenantDatabase,
  workspaceId: string,
  index: Buffer,
  rowsMax: number,
): Promise<
  {
    readonly id: string
    readonly number: number
    readonly name: string
    readonly description: string
    readonly is_default: boolean
    readonly left_at: Date | null
  }[]
> {
  return db.query(
    `select t.id, t.number, t.name, t.description, t.is_default, s.created_at as left_at
     from topic t
     left join topic_suppression s on s.workspace_id = t.workspace_id and s.topic_id = t.id and s.address_index = $2
     where t.workspace_id = $1 and t.deleted_at is null
     order by t.id
     limit $3`,
    [workspaceId, index, rowsMax],
  )
}
