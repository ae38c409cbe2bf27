import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface WorkspaceRecord {
  readonly id: string
  readonly name: string
  readonly created_at: Date
}

export async function insertWorkspace(
  db: TenantDatabase,
  id: string,
  name: string,
): Promise<WorkspaceRecord> {
  const [row] = await db.query<WorkspaceRecord>(
    'insert into workspace (id, name) values ($1, $2) returning id, name, created_at',
    [id, name],
  )
  if (row === undefined) throw new Error('the workspace was not stored')
  return row
}

/** The first member. */
export async function insertOwner(
  db: TenantDatabase,
  member: {
    readonly id: string
    readonly workspaceId: string
    readonly personId: string
    readonly createdBy: string
    readonly binding: Buffer
  },
): Promise<void> {
  await db.query(
    `insert into member (id, workspace_id, person_id, role, created_by, binding) values ($1, $2, $3, 'owner', $4, $5)`,
    [member.id, member.workspaceId, member.personId, member.createdBy, member.binding],
  )
}

/** Whoever adds the first member waits for whoever does the same. */
export async function lockWorkspace(db: TenantDatabase, id: string): Promise<void> {
  await db.query('select 1 from workspace where id = $1 for update', [id])
}

/** Its name where nobody is or ever was a member. */
export async function selectUnowned(db: TenantDatabase, id: string): Promise<string | null> {
  const [row] = await db.query<{ name: string }>(
    `select w.name from workspace w
     where w.id = $1 and not exists (select from member m where m.workspace_id = $1)`,
    [id],
  )
  return row?.name ?? null
}

export async function renameWorkspace(db: TenantDatabase, id: string, name: string): Promise<void> {
  await db.query('update workspace set name = $2 where id = $1', [id, name])
}

export async function selectWorkspace(db: TenantDatabase, id: string): Promise<WorkspaceRecord | undefined> {
  const rows = await db.query<WorkspaceRecord>('select id, name, created_at from workspace where id = $1', [
    id,
  ])
  return rows[0]
}

/** Oldest first, of the whole installation. */
export function selectWorkspaces(
  db: TenantDatabase,
  after: string,
  rowsMax: number,
): Promise<WorkspaceRecord[]> {
  return db.query<WorkspaceRecord>('select id, name, created_at from engine.list_workspaces($1, $2)', [
    after,
    rowsMax,
  ])
}
