import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface AlertRow {
  readonly id: string
  readonly kind: string
  readonly severity: string
  readonly person_id: string | null
  readonly about: string
  readonly detail: Record<string, unknown>
  readonly occurrences: number
  readonly created_at: Date
  readonly last_at: Date
  readonly acknowledged_at: Date | null
  readonly acknowledged_by: string | null
}

const COLUMNS =
  'id, kind, severity, person_id, about, detail, occurrences, created_at, last_at, acknowledged_at, acknowledged_by'

/** Newest first. */
export function selectAlerts(
  db: TenantDatabase,
  workspaceId: string,
  filter: { readonly before: string | null; readonly open: boolean },
  rowsMax: number,
): Promise<AlertRow[]> {
  return db.query<AlertRow>(
    `select ${COLUMNS} from security_alert
     where workspace_id = $1 and ($2::uuid is null or id < $2) and (not $3 or acknowledged_at is null)
     order by id desc
     limit $4`,
    [workspaceId, filter.before, filter.open, rowsMax],
  )
}

export async function selectAlert(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<AlertRow | undefined> {
  const rows = await db.query<AlertRow>(
    `select ${COLUMNS} from security_alert where workspace_id = $1 and id = $2`,
    [workspaceId, id],
  )
  return rows[0]
}

/** Those of no workspace, newest first, at most 101. */
export function selectInstallationAlerts(
  db: TenantDatabase,
  before: string | null,
  rowsMax: number,
): Promise<AlertRow[]> {
  return db.query<AlertRow>(`select ${COLUMNS} from engine.installation_alerts($1, $2)`, [before, rowsMax])
}

/** False where there is no such alarm in the transaction's workspace, or of the installation. */
export async function acknowledgeAlert(
  db: TenantDatabase,
  id: string,
  ofInstallation: boolean,
  actor: string,
): Promise<boolean> {
  const rows = await db.query<{ known: boolean }>('select engine.acknowledge_alert($1, $2, $3) as known', [
    id,
    ofInstallation,
    actor,
  ])
  return rows[0]?.known === true
}
