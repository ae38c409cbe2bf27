import type { Queryable } from '../../platform/postgres/index.ts'

export type LeakOutcome = 'revoked' | 'tightened' | 'already'

/** Answers to a leak in one transaction: the end of the key or its tightening, the audit records and the alert. Null where there is no such key. */
export async function reportLeaked(pool: Queryable, id: string, source: string): Promise<LeakOutcome | null> {
  const found = await pool.query<{ outcome: LeakOutcome | null }>(
    'select engine.report_leaked($1, $2) as outcome',
    [id, source],
  )
  return found.rows[0]?.outcome ?? null
}
