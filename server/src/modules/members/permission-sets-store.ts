import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface PermissionSetRecord {
  readonly id: string
  readonly name: string
  readonly scopes: string[]
  readonly created_at: Date
  readonly binding: Buffer | null
}

const COLUMNS = 'id, name, scopes, created_at, binding'

export async function insertPermissionSet(
  db: TenantDatabase,
  set: {
    readonly id: string
    readonly workspaceId: string
    readonly name: string
    readonly scopes: readonly string[]
    readonly binding: Buffer
  },
): Promise<PermissionSetRecord | undefined> {
  const [row] = await db.query<PermissionSetRecord>(
    `insert into permission_set (workspace_id, id, name, scopes, binding) values ($1, $2, $3, $4, $5)
     on conflict (workspace_id, name) do nothing
     returning ${COLUMNS}`,
    [set.workspaceId, set.id, set.name, set.scopes, set.binding],
  )
  return row
}

export function selectPermissionSets(
  db: TenantDatabase,
  workspaceId: string,
  filter: { readonly id: string | null; readonly before: string | null; readonly rowsMax: number },
): Promise<PermissionSetRecord[]> {
  return db.query<PermissionSetRecord>(
    `select ${COLUMNS}
     from permission_set
     where workspace_id = $1 and ($2::uuid is null or id = $2) and ($3::uuid is null or id < $3)
     order by id desc
     limit $4`,
    [workspaceId, filter.id, filter.before, filter.rowsMax],
  )
}

/** Locked until the transaction ends, so that nobody widens it between the judgement and the assignment. */
export async function lockPermissionSet(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<PermissionSetRecord | undefined> {
  const [row] = await db.query<PermissionSetRecord>(
    `select ${COLUMNS} from permission_set where workspace_id = $1 and id = $2 for update`,
    [workspaceId, id],
  )
  return row
}

export async function replacePermissionSet(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  change: { readonly name: string; readonly scopes: readonly string[]; readonly binding: Buffer | null },
): Promise<PermissionSetRecord | undefined> {
  const [row] = await db.query<PermissionSetRecord>(
    `update permission_set set name = $3, scopes = $4, binding = $5 where workspace_id = $1 and id = $2 returning ${COLUMNS}`,
    [workspaceId, id, change.name, change.scopes, change.binding],
  )
  return row
}

export async function countSets(db: TenantDatabase, workspaceId: string): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    'select count(*)::integer as count from permission_set where workspace_id = $1',
    [workspaceId],
  )
  return row?.count ?? 0
}

/** Past members and invitations let go of it; throws a foreign key violation where a present one has it. */
export async function deletePermissionSet(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<'deleted' | 'missing' | 'used'> {
  const used = await db.query(
    `select 1 from member where workspace_id = $1 and permission_set_id = $2 and revoked_at is null
     union all
     select 1 from invitation
     where workspace_id = $1 and permission_set_id = $2 and accepted_at is null and revoked_at is null
     limit 1`,
    [workspaceId, id],
  )
  if (used.length > 0) return 'used'
  await db.query(
    'update invitation set permission_set_id = null where workspace_id = $1 and permission_set_id = $2',
    [workspaceId, id],
  )
  await db.query(
    'update member set permission_set_id = null where workspace_id = $1 and permission_set_id = $2 and revoked_at is not null',
    [workspaceId, id],
  )
  const rows = await db.query('delete from permission_set where workspace_id = $1 and id = $2 returning 1', [
    workspaceId,
    id,
  ])
  return rows.length > 0 ? 'deleted' : 'missing'
}
