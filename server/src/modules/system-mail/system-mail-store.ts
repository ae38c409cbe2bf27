import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

/** True where this call made the row; several processes may ask at the same time. */
export async function insertInstallation(db: TenantDatabase, id: string): Promise<boolean> {
  const rows = await db.query(
    `insert into workspace (id, name) values ($1, 'Bulkhead') on conflict (id) do nothing returning 1`,
    [id],
  )
  return rows.length > 0
}

export async function findDomainId(
  db: TenantDatabase,
  workspaceId: string,
  name: string,
): Promise<string | undefined> {
  const rows = await db.query<{ id: string }>(
    'select id from sending_domain where workspace_id = $1 and name = $2',
    [workspaceId, name],
  )
  return rows[0]?.id
}

/** How many letters wait to be delivered, and since when the oldest is due. */
export async function selectWaiting(
  db: TenantDatabase,
  workspaceId: string,
): Promise<{ readonly waiting: number; readonly oldest: Date | null }> {
  const [row] = await db.query<{ waiting: number; oldest: Date | null }>(
    `select coalesce(sum(recipients), 0)::integer as waiting, min(oldest_due) as oldest from engine.queue_summary($1)`,
    [workspaceId],
  )
  return row ?? { waiting: 0, oldest: null }
}
