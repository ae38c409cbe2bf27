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
  readonly sealed_note: Buffer | null
}

const COLUMNS =
  'id, kind, severity, person_id, about, detail, occurrences, created_at, last_at, acknowledged_at, acknowledged_by, sealed_note'

export interface AlertFilter {
  readonly before: string | null
  readonly open: boolean
  readonly severity: string | null
}

/** Newest first. */
export function selectAlerts(
  db: TenantDatabase,
  workspaceId: string,
  filter: AlertFilter,
  rowsMax: number,
): Promise<AlertRow[]> {
  return db.query<AlertRow>(
    `select ${COLUMNS} from security_alert
     where workspace_id = $1 and ($2::uuid is null or id < $2) and (not $3 or acknowledged_at is null)
       and ($4::text is null or severity = $4)
     order by id desc
     limit $5`,
    [workspaceId, filter.before, filter.open, filter.severity, rowsMax],
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
  filter: AlertFilter,
  rowsMax: number,
): Promise<AlertRow[]> {
  return db.query<AlertRow>(`select ${COLUMNS} from engine.installation_alerts($1, $2, $3, $4)`, [
    filter.before,
    rowsMax,
    filter.open,
    filter.severity,
  ])
}

/** False where there is no such alarm in the transaction's workspace, or of the installation. */
export async function acknowledgeAlert(
  db: TenantDatabase,
  id: string,
  ofInstallation: boolean,
  actor: string,
  sealedNote: Buffer | null,
): Promise<boolean> {
  const rows = await db.query<{ known: boolean }>(
    'select engine.acknowledge_alert($1, $2, $3, $4) as known',
    [id, ofInstallation, actor, sealedNote],
  )
  return rows[0]?.known === true
}
