import type { Queryable } from '../../platform/postgres/index.ts'

export interface StaffRow {
  readonly id: string
  readonly binding: Buffer | null
}

/** The member behind a peppered key, where there is one who was not revoked. */
export async function findStaff(pool: Queryable, hash: Buffer): Promise<StaffRow | undefined> {
  return (await pool.query<StaffRow>('select id, binding from engine.find_staff($1)', [hash])).rows[0]
}
