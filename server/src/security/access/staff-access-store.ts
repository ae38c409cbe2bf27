import type { Queryable } from '../../platform/postgres/index.ts'

/** The member behind a peppered key, where there is one who was not revoked. */
export async function findStaff(pool: Queryable, hash: Buffer): Promise<{ id: string } | undefined> {
  return (await pool.query<{ id: string }>('select id from engine.find_staff($1)', [hash])).rows[0]
}
