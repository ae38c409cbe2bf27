import { missing } from '../../platform/http/listing.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { Queryable } from '../../platform/postgres/index.ts'

export interface ListRow {
  readonly id: string
  readonly name: string
  readonly description: string | null
  readonly members: number
  readonly created_at: Date
  readonly updated_at: Date
}

const COLUMNS = 'id, name, description, members, created_at, updated_at'

export async function insertList(
  db: TenantDatabase,
  workspaceId: string,
  row: { readonly id: string; readonly name: string; readonly description: string | null },
): Promise<ListRow> {
  const rows = await db.query<ListRow>(
    `insert into contact_list (workspace_id, id, name, description) values ($1, $2, $3, $4) returning ${COLUMNS}`,
    [workspaceId, row.id, row.name, row.description],
  )
  const [made] = rows
  if (made === undefined) throw new Error('an insert answered no row')
  return made
}

export async function countLists(db: TenantDatabase, workspaceId: string): Promise<number> {
  const rows = await db.query<{ lists: number }>(
    'select count(*)::integer as lists from contact_list where workspace_id = $1 and deleted_at is null',
    [workspaceId],
  )
  return rows[0]?.lists ?? 0
}

export async function selectList(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<ListRow | undefined> {
  const rows = await db.query<ListRow>(
    `select ${COLUMNS} from contact_list where workspace_id = $1 and id = $2 and deleted_at is null`,
    [workspaceId, id],
  )
  return rows[0]
}

/** Newest first. */
export function selectLists(
  db: TenantDatabase,
  workspaceId: string,
  before: string | null,
  rowsMax: number,
): Promise<ListRow[]> {
  return db.query<ListRow>(
    `select ${COLUMNS}
     from contact_list
     where workspace_id = $1 and deleted_at is null
       and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [workspaceId, before, rowsMax],
  )
}

/** The lists that a contact is on, newest first. */
export function selectListsOf(
  db: TenantDatabase,
  workspaceId: string,
  contactId: string,
  before: string | null,
  rowsMax: number,
): Promise<ListRow[]> {
  return db.query<ListRow>(
    `select l.id, l.name, l.description, l.members, l.created_at, l.updated_at
     from contact_list_member m
     join contact_list l on l.workspace_id = m.workspace_id and l.id = m.list_id
     where m.workspace_id = $1 and m.contact_id = $2 and l.deleted_at is null
       and ($3::uuid is null or m.list_id < $3)
     order by m.list_id desc
     limit $4`,
    [workspaceId, contactId, before, rowsMax],
  )
}

export async function updateListRow(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  change: { readonly name: string | undefined; readonly description: string | null | undefined },
): Promise<ListRow | undefined> {
  const rows = await db.query<ListRow>(
    `update contact_list
     set name = coalesce($3, name),
         description = case when $4 then $5 else description end,
         updated_at = now()
     where workspace_id = $1 and id = $2 and deleted_at is null
     returning ${COLUMNS}`,
    [workspaceId, id, change.name ?? null, change.description !== undefined, change.description ?? null],
  )
  return rows[0]
}

/** Its members go in the background: there may be millions. */
export async function markListDeleted(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<ListRow | undefined> {
  const rows = await db.query<ListRow>(
    `update contact_list set deleted_at = now()
     where workspace_id = $1 and id = $2 and deleted_at is null
     returning ${COLUMNS}`,
    [workspaceId, id],
  )
  return rows[0]
}

/** Throws `not_found` where one of the lists is not there. */
export async function requireLists(
  db: TenantDatabase,
  workspaceId: string,
  ids: readonly string[],
): Promise<void> {
  const rows = await db.query<{ id: string }>(
    'select id from contact_list where workspace_id = $1 and id = any($2::uuid[]) and deleted_at is null',
    [workspaceId, ids],
  )
  const found = new Set(rows.map((row) => row.id))
  const unknown = ids.find((id) => !found.has(id))
  if (unknown !== undefined) throw missing('list', unknown)
}

/** Puts contacts that are there on lists that are there; how many were not on them. */
export async function addToLists(
  db: TenantDatabase,
  workspaceId: string,
  listIds: readonly string[],
  contactIds: readonly string[],
): Promise<number> {
  const rows = await db.query<{ added: number }>(
    `with put as (
       insert into contact_list_member (workspace_id, list_id, contact_id)
       select $1, l, c from unnest($2::uuid[]) l, unnest($3::uuid[]) c order by l, c
       on conflict do nothing
       returning 1)
     select count(*)::integer as added from put`,
    [workspaceId, listIds, contactIds],
  )
  return rows[0]?.added ?? 0
}

export async function removeFromList(
  db: TenantDatabase,
  workspaceId: string,
  listId: string,
  contactIds: readonly string[],
): Promise<number> {
  const rows = await db.query<{ removed: number }>(
    `with gone as (
       delete from contact_list_member
       where workspace_id = $1 and list_id = $2 and contact_id = any($3::uuid[])
       returning 1)
     select count(*)::integer as removed from gone`,
    [workspaceId, listId, contactIds],
  )
  return rows[0]?.removed ?? 0
}

/** Takes members off lists that were deleted, then the lists; answers how many rows went. */
export async function endLists(pool: Queryable, rowsMax: number): Promise<number> {
  const { rows } = await pool.query<{ ended: string }>('select engine.end_contact_lists($1) as ended', [
    rowsMax,
  ])
  return Number(rows[0]?.ended ?? 0)
}
