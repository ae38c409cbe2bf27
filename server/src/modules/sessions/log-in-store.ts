import { z } from 'zod'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { StoredPassword } from '../../security/passwords/index.ts'
import { LOG_IN_STATES } from './log-in-states.ts'
import type { LogInEvent, LogInState } from './log-in-states.ts'

const Facts = z.object({
  person_id: z.string().nullable(),
  password_hash: z.instanceof(Buffer).nullable(),
  password_salt: z.instanceof(Buffer).nullable(),
  password_params: z.string().nullable(),
  refused: z.boolean().nullable(),
  must_reset: z.boolean().nullable(),
  flagged: z.boolean().nullable(),
})
export type LogInFacts = z.output<typeof Facts>

const SignIn = z.object({
  email_index: z.instanceof(Buffer),
  sealed_email: z.instanceof(Buffer),
  hours: z.number(),
  is_factor_optional: z.boolean(),
})
export type SignInFacts = z.output<typeof SignIn>

const Attempt = z.object({
  id: z.string(),
  person_id: z.string(),
  binding: z.instanceof(Buffer),
  state: z.enum(LOG_IN_STATES),
  code_hash: z.instanceof(Buffer).nullable(),
  device_known: z.boolean(),
})
export type AttemptRow = z.output<typeof Attempt>

const Abandoned = z.object({
  id: z.string(),
  person_id: z.string(),
  sealed_client: z.instanceof(Buffer),
  device_known: z.boolean(),
  created_at: z.date(),
  sealed_email: z.instanceof(Buffer),
  reset_demanded: z.boolean(),
})
export type AbandonedRow = z.output<typeof Abandoned>

/** Log-ins, through functions of the engine: no process reads a table of people. */
export function createLogInStore(pool: Queryable) {
  const yes = async (text: string, values: readonly unknown[]): Promise<boolean> =>
    (await pool.query<{ yes: boolean }>(text, [...values])).rows[0]?.yes === true

  return {
    /** One row always, by the same plan, whether anybody has the address or not. */
    async facts(emailIndex: Buffer): Promise<LogInFacts> {
      const found = await pool.query('select * from engine.log_in_facts($1)', [emailIndex])
      return Facts.parse(found.rows[0])
    },

    /** Puts a new hash of the same password in the place of `old`; false where another password was set meanwhile. */
    rehash: (personId: string, old: Buffer, fresh: StoredPassword): Promise<boolean> =>
      yes('select engine.rehash_password($1, $2, $3, $4, $5) as yes', [
        personId,
        old,
        fresh.hash,
        fresh.salt,
        fresh.params,
      ]),

    isDeviceKnown: (personId: string | null, mark: Buffer): Promise<boolean> =>
      yes('select engine.is_device_known($1, $2) as yes', [personId, mark]),

    rememberDevice: (personId: string, mark: Buffer): Promise<boolean> =>
      yes('select engine.remember_device($1, $2) as yes', [personId, mark]),

    async signIn(personId: string): Promise<SignInFacts | undefined> {
      const found = await pool.query('select * from engine.sign_in_facts($1)', [personId])
      const [row] = found.rows
      return row === undefined ? undefined : SignIn.parse(row)
    },

    async open(attempt: {
      readonly id: string
      readonly personId: string
      readonly hash: Buffer
      readonly binding: Buffer
      readonly codeHash: Buffer | null
      readonly deviceKnown: boolean
      readonly clientKey: Buffer
      readonly sealedClient: Buffer
      readonly abandonSeconds: number
    }): Promise<void> {
      await pool.query('select engine.open_log_in($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
        attempt.id,
        attempt.personId,
        attempt.hash,
        attempt.binding,
        attempt.codeHash,
        attempt.deviceKnown,
        attempt.clientKey,
        attempt.sealedClient,
        attempt.abandonSeconds,
      ])
    },

    async read(hash: Buffer, clientKey: Buffer): Promise<AttemptRow | undefined> {
      const found = await pool.query('select * from engine.read_log_in($1, $2)', [hash, clientKey])
      const [row] = found.rows
      return row === undefined ? undefined : Attempt.parse(row)
    },

    /** Takes one of the challenge's tries; false where none is left. */
    spendTry: (id: string): Promise<boolean> => yes('select engine.spend_log_in_try($1) as yes', [id]),

    /** Null where the event has no place in the state any more. */
    async move(id: string, event: LogInEvent): Promise<LogInState | null> {
      const moved = await pool.query<{ state: string | null }>('select engine.move_log_in($1, $2) as state', [
        id,
        event,
      ])
      return z
        .enum(LOG_IN_STATES)
        .nullable()
        .parse(moved.rows[0]?.state ?? null)
    },

    demandReset: (personId: string, reason: string): Promise<boolean> =>
      yes('select engine.demand_reset($1, $2) as yes', [personId, reason]),

    async record(personId: string, action: string, detail: Record<string, unknown>): Promise<void> {
      await pool.query('select engine.record_person($1, $2, $3)', [personId, action, JSON.stringify(detail)])
    },

    async claimAbandoned(limit: number): Promise<AbandonedRow[]> {
      const found = await pool.query('select * from engine.claim_abandoned($1)', [limit])
      return found.rows.map((row) => Abandoned.parse(row))
    },

    async settleAbandoned(id: string): Promise<void> {
      await pool.query('select engine.settle_abandoned($1)', [id])
    },

    async trim(limit: number): Promise<number> {
      const done = await pool.query<{ count: string }>('select engine.trim_log_in($1) as count', [limit])
      return Number(done.rows[0]?.count ?? 0)
    },
  }
}
export type LogInStore = ReturnType<typeof createLogInStore>
