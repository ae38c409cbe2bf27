import { z } from 'zod'
import type { Queryable } from '../../platform/postgres/index.ts'

const Row = z.object({
  id: z.string(),
  level: z.enum(['enrolment', 'full']),
  factor: z.enum(['none', 'totp', 'passkey', 'recovery', 'sso']),
  created_at: z.date(),
  last_seen_at: z.date(),
  expires_at: z.date(),
  sealed_device: z.instanceof(Buffer).nullable(),
})
export type SessionListRow = z.output<typeof Row>

/** A person's own sessions that live, the last used first; at most 200. */
export async function selectSessions(pool: Queryable, personId: string): Promise<SessionListRow[]> {
  const found = await pool.query('select * from engine.list_sessions($1)', [personId])
  return found.rows.map((row) => Row.parse(row))
}
