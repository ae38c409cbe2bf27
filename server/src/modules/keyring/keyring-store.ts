import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

/** Whether there is such a workspace, asked in its own transaction. */
export async function selectWorkspaceExists(db: TenantDatabase, workspaceId: string): Promise<boolean> {
  const rows = await db.query('select id from workspace where id = $1', [workspaceId])
  return rows.length > 0
}
