import { z } from 'zod'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { StoredPassword } from '../../security/passwords/index.ts'

const Bytes = z.instanceof(Buffer)

/** What somebody asks for with an address. */
export const ASKED_KINDS = ['sign_up', 'reset', 'recovery', 'email_change'] as const
/** What a person is told of, in the commit of what was done. */
export const TOLD_KINDS = [
  'password_changed',
  'password_reset',
  'recovered',
  'email_changed',
  'email_change_refused',
  'suspended',
  'signed_out',
] as const
export type AskedKind = (typeof ASKED_KINDS)[number]
export type ToldKind = (typeof TOLD_KINDS)[number]

const RequestRow = z.object({
  id: z.string(),
  kind: z.enum([...ASKED_KINDS, ...TOLD_KINDS]),
  person_id: z.string().nullable(),
  email_index: Bytes,
  sealed_email: Bytes,
  sealed_client: Bytes.nullable(),
  created_at: z.date(),
  attempts: z.number(),
})
/** Something that waits to be worked off: what was asked for by address, or what a person is told. */
export type RequestRow = z.output<typeof RequestRow>

const KnownPerson = z.object({
  id: z.string(),
  sealed_email: Bytes,
  disabled: z.boolean(),
  honey: z.boolean(),
})
export type KnownPerson = z.output<typeof KnownPerson>

const PersonRow = KnownPerson.extend({
  sealed_name: Bytes.nullable(),
  created_at: z.date(),
  password_hash: Bytes.nullable(),
  password_salt: Bytes.nullable(),
  password_params: z.string().nullable(),
  password_set_at: z.date().nullable(),
  must_reset: z.boolean(),
  memberships: z.array(
    z.object({ workspace: z.string(), name: z.string(), role: z.string(), since: z.string() }),
  ),
  email_change: z
    .object({
      id: z.string(),
      state: z.string(),
      swapAt: z.string().nullable(),
      sealedEmail: z.string().nullable(),
    })
    .nullable(),
  recovery: z.object({ id: z.string(), readyAt: z.string(), expiresAt: z.string() }).nullable(),
})
export type PersonRow = z.output<typeof PersonRow>

const DueChange = z.object({ id: z.string(), person_id: z.string(), email_index: Bytes, sealed_email: Bytes })
export type DueChange = z.output<typeof DueChange>

const ListedPerson = z.object({
  id: z.string(),
  created_at: z.date(),
  disabled_at: z.date().nullable(),
  flagged_at: z.date().nullable(),
  workspaces: z.number(),
})
export type ListedPerson = z.output<typeof ListedPerson>

export type AccountsStore = ReturnType<typeof createAccountsStore>

/** People and what they ask for, through functions of the engine. */
export function createAccountsStore(pool: Queryable) {
  async function one<T extends z.ZodType>(
    schema: T,
    statement: string,
    values: readonly unknown[],
  ): Promise<z.output<T> | null> {
    const [row] = (await pool.query(statement, values)).rows
    return row === undefined ? null : schema.parse(row)
  }
  async function value<T>(statement: string, values: readonly unknown[], schema: z.ZodType<T>): Promise<T> {
    const [row] = (await pool.query<{ value: unknown }>(statement, values)).rows
    return schema.parse(row?.value ?? null)
  }

  return {
    async ask(request: {
      readonly id: string
      readonly kind: AskedKind
      readonly personId: string | null
      readonly index: Buffer
      readonly email: Buffer
      readonly client: Buffer
    }): Promise<void> {
      await pool.query('select engine.ask_account($1, $2, $3, $4, $5, $6)', [
        request.id,
        request.kind,
        request.personId,
        request.index,
        request.email,
        request.client,
      ])
    },

    async claim(limit: number, holdSeconds: number): Promise<RequestRow[]> {
      const found = await pool.query('select * from engine.claim_requests($1, $2)', [limit, holdSeconds])
      return z.array(RequestRow).parse(found.rows)
    },

    async finish(id: string): Promise<void> {
      await pool.query('select engine.finish_request($1)', [id])
    },

    byIndex: (index: Buffer) => one(KnownPerson, 'select * from engine.person_by_index($1)', [index]),
    hasInvitation: (index: Buffer) =>
      value('select engine.has_invitation($1) as value', [index], z.boolean()),
    byId: (id: string) => one(PersonRow, 'select * from engine.person_of($1)', [id]),

    setPassword: (
      personId: string,
      stored: StoredPassword,
      how: {
        readonly token: string | null
        readonly keepSession: string | null
        /** Id of the letter, for which `client` is sealed. */
        readonly notice: string
        readonly client: Buffer
      },
    ) =>
      value(
        'select engine.set_password($1, $2, $3, $4, $5, $6, $7, $8) as value',
        [
          personId,
          stored.hash,
          stored.salt,
          stored.params,
          how.token,
          how.keepSession,
          how.notice,
          how.client,
        ],
        z.boolean(),
      ),

    async rename(personId: string, sealedName: Buffer | null): Promise<void> {
      await pool.query('select engine.rename_person($1, $2)', [personId, sealedName])
    },

    /** Names of workspaces that would have no owner; empty: the person is deleted. */
    remove: (personId: string) =>
      value('select engine.delete_person($1) as value', [personId], z.array(z.string())),

    async beginEmailChange(id: string, personId: string, index: Buffer, sealed: Buffer): Promise<void> {
      await pool.query('select engine.begin_email_change($1, $2, $3, $4)', [id, personId, index, sealed])
    },

    /** When the new address signs in; null where the change is over. */
    confirmEmailChange: (token: string) =>
      value('select engine.confirm_email_change($1) as value', [token], z.date().nullable()),

    undoEmailChange: (by: { readonly token: string | null; readonly personId: string | null }) =>
      value('select engine.undo_email_change($1, $2) as value', [by.token, by.personId], z.boolean()),

    async dueEmailChanges(limit: number): Promise<DueChange[]> {
      const found = await pool.query('select * from engine.due_email_changes($1)', [limit])
      return z.array(DueChange).parse(found.rows)
    },

    swapEmail: (id: string, sealed: Buffer) =>
      value('select engine.swap_email($1, $2) as value', [id, sealed], z.enum(['done', 'taken', 'gone'])),

    async list(after: string | null, limit: number): Promise<ListedPerson[]> {
      const found = await pool.query('select * from engine.list_people($1, $2)', [after, limit])
      return z.array(ListedPerson).parse(found.rows)
    },

    trim: (limit: number) => value('select engine.trim_accounts($1) as value', [limit], z.coerce.number()),
  }
}

/** The stored form of a password, null where there is none. */
export function passwordOf(
  row: Pick<PersonRow, 'password_hash' | 'password_salt' | 'password_params'>,
): StoredPassword | null {
  const { password_hash: hash, password_salt: salt, password_params: params } = row
  return hash === null || salt === null || params === null ? null : { hash, salt, params }
}
