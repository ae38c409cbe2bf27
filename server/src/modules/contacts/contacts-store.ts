import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface ContactRow {
  readonly id: string
  readonly address_index: Buffer
  readonly sealed: Buffer
  readonly opted_out_at: Date | null
  readonly opted_out_by: string | null
  readonly version: number
  readonly created_at: Date
  readonly updated_at: Date
}

const COLUMNS = 'id, address_index, sealed, opted_out_at, opted_out_by, version, created_at, updated_at'
const OF_CONTACT = COLUMNS.split(', ')
  .map((column) => `c.${column}`)
  .join(', ')

export async function selectContact(
  db: TenantDatabase,
  workspaceId: string,
  which: { readonly id: string } | { readonly index: Buffer },
): Promise<ContactRow | undefined> {
  const [column, value] =
    'id' in which ? (['id', which.id] as const) : (['address_index', which.index] as const)
  const rows = await db.query<ContactRow>(
    `select ${COLUMNS} from contact where workspace_id = $1 and ${column} = $2`,
    [workspaceId, value],
  )
  return rows[0]
}

/** Those of these ids that are there. */
export function selectContactsById(
  db: TenantDatabase,
  workspaceId: string,
  ids: readonly string[],
): Promise<ContactRow[]> {
  return db.query<ContactRow>(
    `select ${COLUMNS} from contact where workspace_id = $1 and id = any($2::uuid[])`,
    [workspaceId, ids],
  )
}

/** Ids of those that are there. */
export async function selectContactIds(
  db: TenantDatabase,
  workspaceId: string,
  ids: readonly string[],
  indexes: readonly Buffer[],
): Promise<{ readonly id: string; readonly address_index: Buffer }[]> {
  return db.query(
    `select id, address_index from contact where workspace_id = $1 and id = any($2::uuid[])
     union
     select id, address_index from contact where workspace_id = $1 and address_index = any($3::bytea[])`,
    [workspaceId, ids, indexes],
  )
}

export interface ContactFilter {
  readonly unsubscribed: boolean | null
  readonly before: string | null
}

/** Newest first. */
export function selectContacts(
  db: TenantDatabase,
  workspaceId: string,
  filter: ContactFilter,
  rowsMax: number,
): Promise<ContactRow[]> {
  return db.query<ContactRow>(
    `select ${COLUMNS}
     from contact
     where workspace_id = $1
       and ($2::uuid is null or id < $2)
       and ($3::boolean is null or (opted_out_at is not null) = $3)
     order by id desc
     limit $4`,
    [workspaceId, filter.before, filter.unsubscribed, rowsMax],
  )
}

/** Of a list, newest contact first. */
export function selectMembers(
  db: TenantDatabase,
  workspaceId: string,
  listId: string,
  filter: ContactFilter,
  rowsMax: number,
): Promise<ContactRow[]> {
  // The bound stands on both tables: without it the join may begin at the first contact of the workspace.
  return db.query<ContactRow>(
    `select ${OF_CONTACT}
     from contact_list_member m
     join contact c on c.workspace_id = m.workspace_id and c.id = m.contact_id
     where m.workspace_id = $1 and c.workspace_id = $1
       and m.list_id = $2
       and ($3::uuid is null or m.contact_id < $3 and c.id < $3)
       and ($4::boolean is null or (c.opted_out_at is not null) = $4)
     order by m.contact_id desc
     limit $5`,
    [workspaceId, listId, filter.before, filter.unsubscribed, rowsMax],
  )
}

/** False where the address is taken. */
export async function insertContact(
  db: TenantDatabase,
  workspaceId: string,
  row: {
    readonly id: string
    readonly index: Buffer
    readonly sealed: Buffer
    readonly optedOutAt: Date | null
    readonly optedOutBy: string | null
  },
): Promise<ContactRow | undefined> {
  const rows = await db.query<ContactRow>(
    `insert into contact (workspace_id, id, address_index, sealed, opted_out_at, opted_out_by)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (workspace_id, address_index) do nothing
     returning ${COLUMNS}`,
    [workspaceId, row.id, row.index, row.sealed, row.optedOutAt, row.optedOutBy],
  )
  return rows[0]
}

/** Undefined where the contact is gone, or was changed since `version`. Throws a unique violation where the new address is taken. */
export async function updateContactRow(
  db: TenantDatabase,
  workspaceId: string,
  row: {
    readonly id: string
    readonly version: number
    readonly index: Buffer
    readonly sealed: Buffer
    /** Undefined: as it is. */
    readonly optedOut: { readonly by: string | null } | null | undefined
  },
): Promise<ContactRow | undefined> {
  const rows = await db.query<ContactRow>(
    `update contact
     set address_index = $4,
         sealed = $5,
         opted_out_at = case when not $6 then opted_out_at when $7 then coalesce(opted_out_at, now()) end,
         opted_out_by = case when not $6 then opted_out_by when $7 then coalesce(opted_out_by, $8) end,
         version = version + 1,
         updated_at = now()
     where workspace_id = $1 and id = $2 and version = $3
     returning ${COLUMNS}`,
    [
      workspaceId,
      row.id,
      row.version,
      row.index,
      row.sealed,
      row.optedOut !== undefined,
      row.optedOut !== undefined && row.optedOut !== null,
      row.optedOut?.by ?? null,
    ],
  )
  return rows[0]
}

export async function deleteContactRow(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<ContactRow | undefined> {
  const rows = await db.query<ContactRow>(
    `delete from contact where workspace_id = $1 and id = $2 returning ${COLUMNS}`,
    [workspaceId, id],
  )
  return rows[0]
}

/** All of a workspace, and those of them that are unsubscribed: one walk over its part of the table. */
export async function countContacts(
  db: TenantDatabase,
  workspaceId: string,
): Promise<{ readonly contacts: number; readonly unsubscribed: number }> {
  const rows = await db.query<{ contacts: string; unsubscribed: string }>(
    `select count(*) as contacts, count(opted_out_at) as unsubscribed from contact where workspace_id = $1`,
    [workspaceId],
  )
  return { contacts: Number(rows[0]?.contacts ?? 0), unsubscribed: Number(rows[0]?.unsubscribed ?? 0) }
}
