import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface ClaimedNotice {
  readonly id: string
  readonly alert_id: string
  readonly kind: string
  readonly severity: string
  readonly detail: Record<string, unknown>
  readonly happened_at: Date
  readonly is_digest: boolean
  readonly person_id: string | null
  /** Null only where somebody wrote to the database past the product. */
  readonly sealed_email: Buffer | null
  readonly workspace_id: string | null
  readonly workspace_name: string | null
  readonly change_kind: string | null
  readonly change_label: string | null
  readonly change_row: string | null
  readonly change_actor: string | null
  readonly change_process: string | null
  readonly change_inert_until: Date | null
  readonly sealed_subject: Buffer | null
  readonly attempts: number
}

/** Takes letters that are due for `leaseSeconds`; several processes may ask. Above `hourly` of a person they are put off to one of the hour. */
export async function claimNotices(
  pool: Queryable,
  limit: number,
  leaseSeconds: number,
  hourly: number,
): Promise<ClaimedNotice[]> {
  const found = await pool.query<ClaimedNotice & Record<string, unknown>>(
    `select id, alert_id, kind, severity, detail, happened_at, is_digest, person_id, sealed_email, workspace_id, workspace_name,
            change_kind, change_label, change_row, change_actor, change_process, change_inert_until, sealed_subject, attempts
     from engine.claim_notices($1, $2, $3)`,
    [limit, leaseSeconds, hourly],
  )
  return found.rows
}

export async function settleNotices(
  pool: Queryable,
  ids: readonly string[],
  end:
    | { readonly state: 'sent' | 'failed'; readonly error: string | null }
    | { readonly state: 'pending'; readonly error: string; readonly pauseSeconds: number },
): Promise<void> {
  await pool.query('select engine.settle_notices($1::uuid[], $2, $3, null, $4)', [
    ids,
    end.state,
    end.state === 'pending' ? end.pauseSeconds : 0,
    end.error,
  ])
}

export async function reconcileProfiles(
  pool: Queryable,
  after: string,
  limit: number,
): Promise<{ readonly last: string | null; readonly looked: number; readonly alarms: number }> {
  const found = await pool.query<{ last: string | null; looked: number; alarms: number }>(
    'select last, looked, alarms from engine.reconcile_profiles($1, $2)',
    [after, limit],
  )
  return found.rows[0] ?? { last: null, looked: 0, alarms: 0 }
}

export async function releaseNew(pool: Queryable, limit: number): Promise<number> {
  const found = await pool.query<{ n: number }>('select engine.release_new($1) as n', [limit])
  return found.rows[0]?.n ?? 0
}

export interface ChangeRow {
  readonly id: string
  readonly kind: string
  readonly subject: 'sender' | 'sending_domain' | 'webhook_endpoint' | 'member'
  readonly row_id: string
  readonly at: Date
  readonly actor: string | null
  readonly process: string
  readonly inert_until: Date | null
  readonly state: 'open' | 'approved' | 'rejected'
  readonly decided_by: string | null
  readonly decided_at: Date | null
  readonly is_unexplained: boolean
  readonly label: string | null
  readonly sealed_subject: Buffer | null
  readonly held: string
  readonly notices: Record<string, number>
}

export function selectChanges(
  db: TenantDatabase,
  workspaceId: string,
  before: string | null,
  rowsMax: number,
): Promise<ChangeRow[]> {
  return db.query<ChangeRow & Record<string, unknown>>(
    `select id, kind, subject, row_id, at, actor, process, inert_until, state, decided_by, decided_at, is_unexplained, label,
            sealed_subject, held, notices
     from engine.list_changes($1, $2, $3)`,
    [workspaceId, before, rowsMax],
  )
}

export type Decision = 'done' | 'unknown' | 'decided' | 'over' | 'not_owner' | 'same_person' | 'not_before'

export async function decideChange(
  db: TenantDatabase,
  workspaceId: string,
  changeId: string,
  personId: string,
  approve: boolean,
): Promise<{
  readonly outcome: Decision
  readonly kind: string | null
  readonly subject: ChangeRow['subject'] | null
  readonly row_id: string | null
}> {
  const [row] = await db.query<{
    outcome: Decision
    kind: string | null
    subject: ChangeRow['subject'] | null
    row_id: string | null
  }>('select outcome, kind, subject, row_id from engine.decide_change($1, $2, $3, $4)', [
    workspaceId,
    changeId,
    personId,
    approve,
  ])
  if (row === undefined) throw new Error('a decision was not answered')
  return row
}
