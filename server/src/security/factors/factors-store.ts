import { z } from 'zod'
import type { Queryable } from '../../platform/postgres/index.ts'

export const CHALLENGE_PURPOSES = ['register', 'log_in', 'step_up'] as const
export type ChallengePurpose = (typeof CHALLENGE_PURPOSES)[number]
export type GuessKind = 'totp' | 'recovery' | 'enrolment'

const count = z.coerce.number().int().nonnegative()

const PasskeyRow = z.object({
  id: z.string(),
  person_id: z.string(),
  credential_id: z.instanceof(Buffer),
  public_key: z.instanceof(Buffer),
  binding: z.instanceof(Buffer),
  sealed_name: z.instanceof(Buffer),
  sign_count: count,
  transports: z.array(z.string()),
  created_at: z.date(),
  last_used_at: z.date().nullable(),
})
export type PasskeyRow = z.output<typeof PasskeyRow>

const ChallengeRow = z.object({
  purpose: z.enum(CHALLENGE_PURPOSES),
  person_id: z.string().nullable(),
  bound_to: z.string(),
  expires_at: z.date(),
  binding: z.instanceof(Buffer),
  alive: z.boolean(),
})
export type ChallengeRow = z.output<typeof ChallengeRow>

const TotpRow = z.object({ id: z.string(), sealed_seed: z.instanceof(Buffer), last_step: count })
export type TotpRow = z.output<typeof TotpRow>

const StateRow = z.object({
  totp_id: z.string().nullable(),
  totp_created_at: z.date().nullable(),
  totp_last_used_at: z.date().nullable(),
  recovery_codes: count,
  sealed_email: z.instanceof(Buffer),
})

const AddedAs = z.enum(['added_first', 'added', 'replaced', 'not_first', 'known', 'too_many', 'gone'])
const Removal = z.enum(['removed', 'required', 'missing'])

export type FactorsStore = ReturnType<typeof createFactorsStore>

/** Second factors of people, through functions of the engine: each change is one call, with its audit record and its alarm. */
export function createFactorsStore(pool: Queryable) {
  async function rows(sql: string, values: readonly unknown[]): Promise<unknown[]> {
    return (await pool.query(sql, [...values])).rows
  }
  async function value<T>(schema: z.ZodType<T>, call: string, values: readonly unknown[]): Promise<T> {
    const [row] = await rows(`select engine.${call} as value`, values)
    return z.object({ value: schema }).parse(row).value
  }

  return {
    async state(personId: string) {
      const [row] = await rows('select * from engine.factor_state($1)', [personId])
      return row === undefined ? undefined : StateRow.parse(row)
    },

    async passkeys(personId: string): Promise<PasskeyRow[]> {
      return z.array(PasskeyRow).parse(await rows('select * from engine.list_passkeys($1)', [personId]))
    },

    async passkey(credentialId: Buffer): Promise<PasskeyRow | undefined> {
      const [row] = await rows('select * from engine.find_passkey($1)', [credentialId])
      return row === undefined ? undefined : PasskeyRow.parse(row)
    },

    async putChallenge(challenge: {
      readonly hash: Buffer
      readonly purpose: ChallengePurpose
      readonly personId: string | null
      readonly boundTo: string
      readonly expiresAt: Date
      readonly binding: Buffer
    }): Promise<void> {
      await rows('select engine.put_challenge($1, $2, $3, $4, $5, $6)', [
        challenge.hash,
        challenge.purpose,
        challenge.personId,
        challenge.boundTo,
        challenge.expiresAt,
        challenge.binding,
      ])
    },

    /** Burns it. */
    async takeChallenge(hash: Buffer): Promise<ChallengeRow | undefined> {
      const [row] = await rows('select * from engine.take_challenge($1)', [hash])
      return row === undefined ? undefined : ChallengeRow.parse(row)
    },

    addPasskey: (passkey: {
      readonly personId: string
      readonly id: string
      readonly credentialId: Buffer
      readonly publicKey: Buffer
      readonly binding: Buffer
      readonly sealedName: Buffer
      readonly signCount: number
      readonly transports: readonly string[]
      readonly onlyAsFirst: boolean
    }) =>
      value(AddedAs, 'add_passkey($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
        passkey.personId,
        passkey.id,
        passkey.credentialId,
        passkey.publicKey,
        passkey.binding,
        passkey.sealedName,
        passkey.signCount,
        passkey.transports,
        passkey.onlyAsFirst,
      ]),

    /** False where the counter did not go up. */
    usePasskey: (id: string, signCount: number) => value(z.boolean(), 'use_passkey($1, $2)', [id, signCount]),

    async reportForged(id: string): Promise<void> {
      await rows('select engine.report_forged_passkey($1)', [id])
    },

    beginTotp: (totp: {
      readonly personId: string
      readonly id: string
      readonly sealedSeed: Buffer
      readonly onlyAsFirst: boolean
    }) =>
      value(z.enum(['begun', 'not_first', 'gone']), 'begin_totp($1, $2, $3, $4)', [
        totp.personId,
        totp.id,
        totp.sealedSeed,
        totp.onlyAsFirst,
      ]),

    async totp(personId: string, confirmed: boolean): Promise<TotpRow | undefined> {
      const [row] = await rows('select * from engine.find_totp($1, $2)', [personId, confirmed])
      return row === undefined ? undefined : TotpRow.parse(row)
    },

    confirmTotp: (personId: string, id: string, step: number, onlyAsFirst: boolean) =>
      value(AddedAs, 'confirm_totp($1, $2, $3, $4)', [personId, id, step, onlyAsFirst]),

    /** False where another use of the code came first. */
    useTotp: (personId: string, id: string, step: number) =>
      value(z.boolean(), 'use_totp($1, $2, $3)', [personId, id, step]),

    setRecoveryCodes: (personId: string, hashes: readonly Buffer[]) =>
      value(z.boolean(), 'set_recovery_codes($1, $2)', [personId, hashes]),

    /** How many are left; null where it is none. */
    useRecoveryCode: (personId: string, hash: Buffer) =>
      value(count.nullable(), 'use_recovery_code($1, $2)', [personId, hash]),

    remove: (personId: string, id: string, sessionId: string) =>
      value(Removal, 'remove_factor($1, $2, $3)', [personId, id, sessionId]),

    /** 0, the seconds until there is another guess, or -1. */
    takeGuess: (personId: string, kind: GuessKind) =>
      value(z.number().int(), 'take_guess($1, $2)', [personId, kind]),
  }
}
