import type { z } from 'zod'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import { bindCredential, hashSecret, randomBase62 } from '../../security/access/index.ts'
import type { CredentialPepper } from '../../security/access/index.ts'
import type { SmtpCredential, SmtpCredentialWithSecret } from './smtp-credential.ts'
import {
  insertSmtpCredential,
  markSmtpCredentialRevoked,
  selectSmtpCredentials,
} from './smtp-credentials-store.ts'
import type { SmtpCredentialRecord } from './smtp-credentials-store.ts'

type View = z.output<typeof SmtpCredential>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'read' | 'act'>

export interface SmtpCredentials {
  create(
    caller: Caller,
    wanted: { readonly name: string },
  ): Promise<z.output<typeof SmtpCredentialWithSecret>>
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  revoke(caller: Caller, id: string): Promise<void>
}

/** 20 characters make a user name that is found by nobody who was not told it; 43 hold 256 bits. */
const USERNAME_CHARS = 20
const PASSWORD_CHARS = 43

/** SMTP credentials: see the slice's door for what holds. */
export function createSmtpCredentials(deps: {
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly newId: () => string
}): SmtpCredentials {
  return {
    async create(caller, { name }) {
      const password = randomBase62(PASSWORD_CHARS)
      const username = `smtp_${randomBase62(USERNAME_CHARS)}`
      const row = { id: deps.newId(), workspaceId: caller.workspaceId }
      const bound = { ...row, kind: 'smtp_credential', scopes: [], expiresAt: null } as const
      const peppered = await bindCredential(deps.pepper, bound, hashSecret(password))
      return caller.act(async (db, about) => {
        const stored = await insertSmtpCredential(db, { ...row, ...peppered, name, username })
        about(encodeId('smtpCredential', stored.id), { name })
        return { ...view(stored), password }
      })
    },

    async list(caller, { limit, cursor }) {
      const before = idOfCursor(cursor)
      const rows = await caller.read((db) => selectSmtpCredentials(db, caller.workspaceId, before, limit + 1))
      return page(rows, limit, view, (row) => idCursor(row.id))
    },

    revoke: (caller, id) =>
      caller.act(async (db, about) => {
        if (!(await markSmtpCredentialRevoked(db, caller.workspaceId, id)))
          throw missing('smtpCredential', id)
        // The UUID is what a restore needs to revoke it again: engine.replay_acts.
        about(encodeId('smtpCredential', id), { id })
      }),
  }
}

function view(row: SmtpCredentialRecord): View {
  return {
    id: encodeId('smtpCredential', row.id),
    name: row.name,
    username: row.username,
    createdAt: row.created_at.toISOString(),
    revokedAt: row.revoked_at?.toISOString() ?? null,
    killed: row.killed,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
  }
}
