import { z } from 'zod'
import type { Queryable } from '../../platform/postgres/index.ts'

export const TOKEN_KINDS = [
  'sign_up',
  'reset',
  'email',
  'undo_email',
  'recovery',
  'cancel_recovery',
  'finish_recovery',
] as const
export type TokenKind = (typeof TOKEN_KINDS)[number]

const TokenRow = z.object({
  id: z.string(),
  kind: z.enum(TOKEN_KINDS),
  binding: z.instanceof(Buffer),
  person_id: z.string().nullable(),
  subject: z.string().nullable(),
  email_index: z.instanceof(Buffer).nullable(),
  sealed_email: z.instanceof(Buffer).nullable(),
  expires_at: z.date(),
})
export type TokenRow = z.output<typeof TokenRow>

export interface TokenStore {
  issue(row: TokenRow, hash: Buffer): Promise<void>
  /** Null where it was used or has ended. */
  find(hash: Buffer): Promise<TokenRow | null>
}

/** Tokens, through functions of the engine. */
export function createTokenStore(pool: Queryable): TokenStore {
  return {
    async issue(row, hash) {
      await pool.query('select engine.issue_token($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
        row.id,
        row.kind,
        hash,
        row.binding,
        row.person_id,
        row.subject,
        row.email_index,
        row.sealed_email,
        row.expires_at,
      ])
    },

    async find(hash) {
      const found = await pool.query('select * from engine.find_token($1)', [hash])
      const [row] = found.rows
      return row === undefined ? null : TokenRow.parse(row)
    },
  }
}
