import { Fault } from '../../kernel/faults.ts'
import type { Redacted } from '../../kernel/redacted.ts'
import { hashSecret, isOneTimeToken, mintOneTimeToken } from '../../security/access/index.ts'
import type { CredentialPepper } from '../../security/access/index.ts'
import type { TokenKind, TokenRow, TokenStore } from './token-store.ts'

/** What a token is about. */
export interface TokenFacts {
  readonly kind: TokenKind
  /** Null for an address that nobody has yet. */
  readonly personId: string | null
  /** The change of address or the recovery. */
  readonly subject?: string
  readonly emailIndex?: Buffer
  /** Seals the address for the token's row. */
  readonly sealEmail?: (rowId: string) => Promise<Buffer>
  readonly hours: number
}

export interface OneTimeTokens {
  issue(facts: TokenFacts): Promise<{ readonly token: Redacted<string>; readonly expiresAt: Date }>
  /** The row of a token that still works and is of that kind; null for every other text. Using it up is the store's, in the act. */
  find(token: string, kind: TokenKind): Promise<TokenRow | null>
}

/** No secret and no other binding has this form. */
const LABEL = 'bulkhead one-time token binding 1'

/**
 * Tokens of links in mail: 256 bits, kept peppered and bound to what they are about, so that whoever writes to the database neither makes
 * one nor turns his own into somebody else's.
 */
export function createOneTimeTokens(deps: {
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly store: TokenStore
  readonly newId: () => string
}): OneTimeTokens {
  return {
    async issue(facts) {
      const minted = mintOneTimeToken()
      const id = deps.newId()
      const expiresAt = new Date(Date.now() + facts.hours * 3_600_000)
      const row = {
        id,
        kind: facts.kind,
        person_id: facts.personId,
        subject: facts.subject ?? null,
        email_index: facts.emailIndex ?? null,
        expires_at: expiresAt,
      }
      const [hash, binding, sealedEmail] = await Promise.all([
        deps.pepper.of(minted.hash),
        deps.pepper.of(bindingOf(row, minted.hash)),
        facts.sealEmail?.(id) ?? null,
      ])
      await deps.store.issue({ ...row, sealed_email: sealedEmail, binding }, hash)
      return { token: minted.key, expiresAt }
    },

    async find(token, kind) {
      if (!isOneTimeToken(token)) return null
      const digest = hashSecret(token)
      const row = await deps.store.find(await deps.pepper.of(digest))
      if (row === null || row.kind !== kind) return null
      const expected = await deps.pepper.of(bindingOf(row, digest))
      return expected.equals(row.binding) ? row : null
    },
  }
}

/** The one answer for a link that was used, has ended, is mistyped or never was. */
export function deadLink(): Fault {
  return new Fault('invalid_request', {
    detail:
      'This link does not work: it was used already, is too old, or was not copied whole. Ask for a new one.',
    fields: [{ field: 'token', problem: 'does not work any more', fix: 'Ask for a new link.' }],
  })
}

function bindingOf(row: Omit<TokenRow, 'binding' | 'sealed_email'>, digest: Buffer): Buffer {
  return hashSecret(
    JSON.stringify([
      LABEL,
      row.id,
      row.kind,
      row.person_id,
      row.subject,
      row.email_index?.toString('hex') ?? null,
      String(Number(row.expires_at)),
      digest.toString('hex'),
    ]),
  )
}
