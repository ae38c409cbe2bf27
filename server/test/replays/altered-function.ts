import type { TestDatabase } from '../support/database.ts'

/**
 * Replaces one piece of a function of the engine in a test's own database: the control arm of a replay whose protection the database keeps.
 * Throws where the text is not found exactly once, because a control arm that alters nothing would prove nothing.
 */
export async function alterFunction(
  database: TestDatabase,
  name: string,
  find: string,
  replace: string,
): Promise<void> {
  const sql = database.pool('superuser')
  const { rows } = await sql.query<{ text: string }>(
    `select pg_get_functiondef(p.oid) as text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'engine' and p.proname = $1`,
    [name],
  )
  const [found] = rows
  const pieces = found?.text.split(find) ?? []
  if (rows.length !== 1 || pieces.length !== 2)
    throw new Error(
      `engine.${name} holds ${pieces.length - 1} times, not once: ${find}. Adapt the control arm.`,
    )
  await sql.query(pieces.join(replace))
}
