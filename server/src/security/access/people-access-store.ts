import { z } from 'zod'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { CauseOfDeath, CredentialRef } from '../epochs/index.ts'
import { ROLES } from './roles.ts'

const Digest = z
  .string()
  .nullable()
  .transform((hex) => (hex === null ? null : Buffer.from(hex, 'hex')))

const Membership = z.object({
  id: z.string(),
  workspace: z.string(),
  binding: Digest,
  permissionSetId: z.string().nullable(),
  setBinding: Digest,
  role: z.enum(ROLES),
  /** Of a permission set, in place of the role's. */
  scopes: z.array(z.string()).nullable(),
  secondFactor: z.enum(['optional', 'required', 'passkey']),
  sessionHours: z.number(),
  allowedCidrs: z.array(z.string()),
  ssoRequired: z.boolean(),
})
export type Membership = z.output<typeof Membership>

const SessionRow = z.object({
  id: z.string(),
  person_id: z.string(),
  level: z.enum(['enrolment', 'full']),
  factor: z.enum(['none', 'totp', 'passkey', 'recovery', 'sso']),
  expires_at: z.date(),
  binding: z.instanceof(Buffer),
  expires_in_ms: z.number(),
  age_ms: z.number(),
  strong_age_ms: z.number().nullable(),
  alive: z.boolean(),
  memberships: z.array(Membership),
  workspace_id: z.string().nullable(),
})
export type SessionRow = z.output<typeof SessionRow>

/** Sessions, through functions of the engine. */
export function createPeopleAccessStore(pool: Queryable) {
  return {
    async find(hash: Buffer): Promise<SessionRow | undefined> {
      const found = await pool.query('select * from engine.find_session($1)', [hash])
      const [row] = found.rows
      return row === undefined ? undefined : SessionRow.parse(row)
    },

    /** False for a person who may not sign in. */
    async insert(session: {
      readonly id: string
      readonly personId: string
      readonly hash: Buffer
      readonly binding: Buffer
      readonly level: string
      readonly factor: string
      readonly expiresAt: Date
      readonly device: Buffer | null
      readonly clientKey: Buffer | null
      readonly onlyWorkspace: string | null
      readonly strong: boolean
    }): Promise<boolean> {
      const made = await pool.query<{ made: Date | null }>(
        'select engine.issue_session($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) as made',
        [
          session.id,
          session.personId,
          session.hash,
          session.binding,
          session.level,
          session.factor,
          session.expiresAt,
          session.device,
          session.clientKey,
          session.onlyWorkspace,
          session.strong,
        ],
      )
      return (made.rows[0]?.made ?? null) !== null
    },

    async touch(ids: readonly string[]): Promise<void> {
      await pool.query('select engine.touch_sessions($1::uuid[])', [ids])
    },

    async strengthen(id: string, personId: string): Promise<boolean> {
      const done = await pool.query<{ done: boolean }>('select engine.strengthen_session($1, $2) as done', [
        id,
        personId,
      ])
      return done.rows[0]?.done === true
    },

    async revoke(personId: string, id: string | null, except: string | null): Promise<number> {
      const done = await pool.query<{ count: number }>('select engine.revoke_sessions($1, $2, $3) as count', [
        personId,
        id,
        except,
      ])
      return done.rows[0]?.count ?? 0
    },

    async dead(entries: readonly CredentialRef[]): Promise<{ entry: CredentialRef; cause: CauseOfDeath }[]> {
      const found = await pool.query<{ place: number; cause: CauseOfDeath }>(
        'select place, cause from engine.dead_entries($1::uuid[], $2::uuid[], $3::inet[])',
        [
          entries.map(({ id }) => id),
          entries.map(({ workspaceId }) => workspaceId ?? null),
          entries.map(({ address }) => address ?? null),
        ],
      )
      return found.rows.flatMap(({ place, cause }) => {
        const entry = entries[place - 1]
        return entry === undefined ? [] : [{ entry, cause }]
      })
    },
  }
}
