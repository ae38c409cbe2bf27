import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface CatalogRow {
  readonly schema_name: string
  readonly table_name: string
  readonly column_name: string
  readonly type_name: string
  readonly table_comment: string
  readonly column_comment: string
  readonly row_estimate: string
  readonly readers: readonly string[]
}

/** Every column of the installation as the catalog describes it. */
export function selectCatalog(db: TenantDatabase): Promise<CatalogRow[]> {
  return db.query<CatalogRow>(
    `select schema_name, table_name, column_name, type_name, table_comment, column_comment, row_estimate, readers
     from engine.data_inventory()`,
  )
}

/** Workspaces with rows from before 0009_sealed.sql that can still be read, by id behind `after`. */
export async function selectUnsealedWorkspaces(
  db: TenantDatabase,
  after: string | null,
  rowsMax: number,
): Promise<string[]> {
  const rows = await db.query<{ workspace_id: string }>(
    'select workspace_id from engine.unsealed_workspaces($1, $2)',
    [after, rowsMax],
  )
  return rows.map((row) => row.workspace_id)
}
