import type { z } from 'zod'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import {
  bindCredential,
  hashSecret,
  randomBase62,
  requireHeldScopes,
  resolveBounds,
} from '../../security/access/index.ts'
import type {
  CredentialPepper,
  ResolvedBounds,
  SealedSenders,
  WantedBounds,
} from '../../security/access/index.ts'
import type { SmtpCredential, SmtpCredentialWithSecret } from './smtp-credential.ts'
import {
  endSmtpCredential,
  insertSmtpCredential,
  markSmtpCredentialRevoked,
  selectSmtpCredential,
  selectSmtpCredentials,
} from './smtp-credentials-store.ts'
import type { SmtpCredentialRecord } from './smtp-credentials-store.ts'

type View = z.output<typeof SmtpCredential>
type Minted = z.output<typeof SmtpCredentialWithSecret>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'principal' | 'read' | 'act'>

export interface SmtpCredentials {
  /** Throws `missing_scope` where the new one could do more than whoever asks, and `invalid_request`. */
  create(caller: Caller, wanted: WantedBounds & { readonly name: string }): Promise<Minted>
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  /**
   * User name and password with the bounds of another one, which ends after the overlap. Throws `not_found`, `conflict` where that one does
   * not live or was rotated before, and `missing_scope` as `create`.
   */
  rotate(caller: Caller, id: string, overlapHours: number): Promise<Minted>
  revoke(caller: Caller, id: string): Promise<void>
}

/** 20 characters make a user name that is found by nobody who was not told it; 43 hold 256 bits. */
const USERNAME_CHARS = 20
const PASSWORD_CHARS = 43

/** What every one of them may do. */
const SENDS = ['messages:send']

/** SMTP credentials: see the slice's door for what holds. */
export function createSmtpCredentials(deps: {
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly senders: SealedSenders
  readonly newId: () => string
}): SmtpCredentials {
  /** Everything that the keyring is asked for, before the transaction; what it answers stores the row and shows it. */
  async function mint(
    workspaceId: string,
    id: string,
    wanted: { readonly name: string; readonly rotatedFrom: string | null },
    bounds: ResolvedBounds,
  ): Promise<(db: TenantDatabase) => Promise<Minted>> {
    const password = randomBase62(PASSWORD_CHARS)
    const username = `smtp_${randomBase62(USERNAME_CHARS)}`
    const row = { id, workspaceId, ...wanted, ...bounds, username }
    const bound = { ...row, kind: 'smtp_credential', scopes: [] } as const
    const peppered = await bindCredential(deps.pepper, bound, hashSecret(password))
    return async (db) => {
      const stored = await insertSmtpCredential(db, { ...row, ...peppered })
      // After it is written, so that the clock of this host says nothing; the transaction goes back.
      if (stored.expired)
        throw invalidField('expiresAt', 'is in the past', 'Give a time to come, or leave it out.')
      return { ...view(stored, bounds.patterns), password }
    }
  }

  return {
    async create(caller, wanted) {
      requireHeldScopes(SENDS, caller.principal)
      const id = deps.newId()
      const bounds = await resolveBounds(deps.senders, caller, placeOf(caller.workspaceId, id), wanted)
      const { name } = wanted
      const store = await mint(caller.workspaceId, id, { name, rotatedFrom: null }, bounds)
      return caller.act(async (db, about) => {
        const made = await store(db)
        about(made.id, {
          name,
          networks: [...bounds.allowedCidrs],
          senders: bounds.allowedSenders.length,
        })
        return made
      })
    },

    async list(caller, { limit, cursor }) {
      const before = idOfCursor(cursor)
      const rows = await caller.read((db) => selectSmtpCredentials(db, caller.workspaceId, before, limit + 1))
      const reason = 'smtpCredentials.list'
      const sendersOf = await deps.senders.open(caller.workspaceId, 'smtp_credential', rows, reason)
      return page(
        rows,
        limit,
        (row) => view(row, sendersOf(row.id)),
        (row) => idCursor(row.id),
      )
    },

    async rotate(caller, id, overlapHours) {
      requireHeldScopes(SENDS, caller.principal)
      const { workspaceId } = caller
      const old = await caller.read((db) => selectSmtpCredential(db, workspaceId, id))
      if (old === undefined) throw missing('smtpCredential', id)
      const reason = 'smtpCredentials.rotate'
      const allowedSenders = await deps.senders.openForSuccessor(workspaceId, 'smtp_credential', old, reason)
      const newId = deps.newId()
      const bounds = await resolveBounds(deps.senders, caller, placeOf(workspaceId, newId), {
        allowedCidrs: old.allowed_cidrs,
        allowedSenders,
        expiresAt: old.expires_at,
      })
      const store = await mint(workspaceId, newId, { name: old.name, rotatedFrom: id }, bounds)
      return caller.act(async (db, about) => {
        const endsAt = await endSmtpCredential(db, workspaceId, id, overlapHours)
        if (endsAt === null) throw notRotated()
        const made = await store(db)
        about(encodeId('smtpCredential', id), { id, successor: made.id, endsAt: endsAt.toISOString() })
        return made
      })
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

const placeOf = (workspaceId: string, rowId: string) =>
  ({ workspaceId, table: 'smtp_credential', rowId }) as const

function notRotated(): Fault {
  return new Fault('conflict', {
    detail:
      'This credential was revoked, has ended or was rotated before. Rotate its successor, or make a new one: POST /v1/smtp-credentials.',
  })
}

function view(row: SmtpCredentialRecord, senders: readonly string[]): View {
  return {
    id: encodeId('smtpCredential', row.id),
    name: row.name,
    username: row.username,
    allowedCidrs: row.allowed_cidrs,
    allowedSenders: [...senders],
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    endsAt: row.ends_at?.toISOString() ?? null,
    rotatedFrom: row.replaces === null ? null : encodeId('smtpCredential', row.replaces),
    revokedAt: row.revoked_at?.toISOString() ?? null,
    killed: row.killed,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    lastUsedFrom: row.network === null ? null : { network: row.network, program: row.agent },
  }
}
