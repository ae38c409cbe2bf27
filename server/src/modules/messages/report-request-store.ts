import type { Pool } from '../../platform/postgres/index.ts'

/** Notes, before a message is accepted, whom to tell of what becomes of it. */
export async function insertReportRequest(
  pool: Pool,
  request: {
    readonly messageId: string
    readonly workspaceId: string
    readonly failure: readonly number[]
    readonly success: readonly number[]
    readonly delay: readonly number[]
    readonly delayDue: Date
    readonly sealed: Buffer
  },
): Promise<void> {
  await pool.query('select engine.request_dsn($1, $2, $3, $4, $5, $6, $7)', [
    request.messageId,
    request.workspaceId,
    request.failure,
    request.success,
    request.delay,
    request.delayDue,
    request.sealed,
  ])
}
