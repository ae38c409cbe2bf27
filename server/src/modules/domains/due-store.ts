import type { Queryable } from '../../platform/postgres/index.ts'

/** Takes domains whose check is due, of all workspaces, for `holdSeconds`. */
export async function claimDueDomains(
  pool: Queryable,
  limit: number,
  holdSeconds: number,
): Promise<{ readonly id: string; readonly workspace_id: string }[]> {
  const found = await pool.query<{ id: string; workspace_id: string }>(
    'select id, workspace_id from engine.due_domains($1, $2)',
    [limit, holdSeconds],
  )
  return found.rows
}
