import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { ReportKind } from './report.ts'

/** A report that is to be written: recipients of one message with one action. */
export interface ClaimedReport {
  readonly report_id: string
  readonly message_id: string
  readonly workspace_id: string
  readonly kind: ReportKind
  readonly numbers: readonly number[]
  /** JSON: what was noted of each of `numbers`. */
  readonly details: string
  /** Sealed; null where the recipient is not stored any more. */
  readonly addresses: readonly (Buffer | null)[]
  readonly sealed: Buffer
  readonly from_domain: string
  readonly sensitive: boolean
  readonly accepted_at: Date
  readonly attempts: number
}

/** The next reports. Each is this process's for `holdSeconds`; `ids` are for those that have none yet. */
export async function claimReports(
  pool: Queryable,
  reportsMax: number,
  holdSeconds: number,
  ids: readonly string[],
): Promise<ClaimedReport[]> {
  const { rows } = await pool.query<ClaimedReport>('select * from engine.claim_dsn($1, $2, $3)', [
    reportsMax,
    holdSeconds,
    ids,
  ])
  return rows
}

/** `sent` and `dropped` end a report, `due` puts it off by `pauseSeconds`. */
export async function settleReport(
  pool: Queryable,
  reportId: string,
  state: 'sent' | 'dropped' | 'due',
  pauseSeconds = 0,
): Promise<void> {
  await pool.query('select engine.settle_dsn($1, $2, $3)', [reportId, state, pauseSeconds])
}

/** The sealed content of a message, undefined where it is not stored any more. */
export async function selectBody(
  db: TenantDatabase,
  workspaceId: string,
  messageId: string,
): Promise<Buffer | undefined> {
  const rows = await db.query<{ sealed: Buffer }>(
    'select sealed from body where workspace_id = $1 and message_id = $2',
    [workspaceId, messageId],
  )
  return rows[0]?.sealed
}

/** Notes who waits longer than four hours, and takes away what nobody needs any more. Answers whether there may be more. */
export async function lookAtRequests(pool: Queryable, rowsMax: number): Promise<boolean> {
  const { rows } = await pool.query<{ more: boolean }>(
    'select engine.note_delays($1) >= $1 or engine.trim_dsn($1) >= $1 as more',
    [rowsMax],
  )
  return rows[0]?.more === true
}
