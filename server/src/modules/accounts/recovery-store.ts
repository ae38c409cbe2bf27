import { z } from 'zod'
import type { Queryable } from '../../platform/postgres/index.ts'

const RecoveryRow = z.object({
  id: z.string(),
  person_id: z.string(),
  state: z.enum(['waiting', 'done', 'cancelled', 'expired']),
  proof: z.string(),
  created_at: z.date(),
  ready_at: z.date(),
  expires_at: z.date(),
  operator_approved: z.boolean(),
  ready: z.boolean(),
  needs: z.array(
    z.object({
      workspace: z.string(),
      name: z.string(),
      way: z.enum(['people', 'dns']),
      needed: z.number(),
      given: z.number(),
      domains: z.array(z.string()),
    }),
  ),
})
export type RecoveryRow = z.output<typeof RecoveryRow>

const Listener = z.object({
  workspace_id: z.string(),
  name: z.string(),
  person_id: z.string(),
  sealed_email: z.instanceof(Buffer),
})
export type Listener = z.output<typeof Listener>

export type RecoveryStore = ReturnType<typeof createRecoveryStore>

/** Recoveries, through functions of the engine, which decide what is enough. */
export function createRecoveryStore(pool: Queryable) {
  async function value<T>(statement: string, values: readonly unknown[], schema: z.ZodType<T>): Promise<T> {
    const [row] = (await pool.query<{ value: unknown }>(statement, values)).rows
    return schema.parse(row?.value ?? null)
  }
  const id = z.string().nullable()

  async function of(recoveryId: string): Promise<RecoveryRow | null> {
    const [row] = (await pool.query('select * from engine.recovery_of($1)', [recoveryId])).rows
    return row === undefined ? null : RecoveryRow.parse(row)
  }

  return {
    of,

    /** The id of the one that begins or is under way; null where the token is used up. */
    start: (token: string, recoveryId: string, proof: string) =>
      value('select engine.start_recovery($1, $2, $3) as value', [token, recoveryId, proof], id),

    /** Of one workspace, or with null of the installation. */
    async list(workspaceId: string | null): Promise<RecoveryRow[]> {
      const found = await pool.query<{ id: string }>('select id from engine.list_recoveries($1) as id', [
        workspaceId,
      ])
      const rows = await Promise.all(found.rows.map((row) => of(row.id)))
      return rows.filter((row) => row !== null)
    },

    prove: (recoveryId: string, workspaceId: string) =>
      value('select engine.prove_recovery($1, $2) as value', [recoveryId, workspaceId], z.boolean()),

    approveAsOperator: (recoveryId: string) =>
      value(
        'select engine.operator_approve_recovery($1) as value',
        [recoveryId],
        z.enum(['done', 'unknown', 'refused']),
      ),

    cancelByToken: (token: string) =>
      value('select engine.cancel_recovery($1, null, null, null, null) as value', [token], id),

    cancelByPerson: (personId: string) =>
      value('select engine.cancel_recovery(null, $1, null, null, null) as value', [personId], id),

    async look(limit: number, everySeconds: number): Promise<{ id: string; tell: boolean }[]> {
      const found = await pool.query<{ id: string; tell: boolean }>(
        'select id, tell from engine.look_at_recoveries($1, $2)',
        [limit, everySeconds],
      )
      return found.rows
    },

    async noticed(recoveryId: string): Promise<void> {
      await pool.query('select engine.noticed_recovery($1)', [recoveryId])
    },

    async audience(recoveryId: string): Promise<Listener[]> {
      const found = await pool.query('select * from engine.recovery_audience($1)', [recoveryId])
      return z.array(Listener).parse(found.rows)
    },

    /** The person whose factors are gone now; null where something is missing. */
    complete: (token: string, notice: { readonly id: string; readonly client: Buffer }) =>
      value('select engine.complete_recovery($1, $2, $3) as value', [token, notice.id, notice.client], id),
  }
}
