import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface EndedRow {
  readonly workspace_id: string
  readonly noted_at: Date
  readonly mail_ended: number
  readonly webhooks_ended: number
  readonly records_erased: number
}

/** What ended with these workspaces, of those that are shredded. */
export function selectEnded(db: TenantDatabase, ids: readonly string[]): Promise<EndedRow[]> {
  return db.query<EndedRow>(
    'select workspace_id, noted_at, mail_ended, webhooks_ended, records_erased from engine.shredded_workspaces($1)',
    [[...ids]],
  )
}

/** Whether there is such a workspace, asked in its own transaction. */
export async function selectWorkspaceExists(db: TenantDatabase, workspaceId: string): Promise<boolean> {
  const rows = await db.query('select id from workspace where id = $1', [workspaceId])
  return rows.length > 0
}
