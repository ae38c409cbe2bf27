import type { Queryable } from '../../platform/postgres/index.ts'

/** Works off the stop that is due next; answers how many rows, undefined where none is due. */
export async function workStops(pool: Queryable, rowsMax: number): Promise<number | undefined> {
  const { rows } = await pool.query<{ n: number | null }>('select engine.work_stops($1) as n', [rowsMax])
  return rows[0]?.n ?? undefined
}

/** Takes away what nobody needs any more. */
export async function trimBatches(pool: Queryable, rowsMax: number): Promise<number> {
  const { rows } = await pool.query<{ n: number }>('select engine.trim_batches($1) as n', [rowsMax])
  return rows[0]?.n ?? 0
}
