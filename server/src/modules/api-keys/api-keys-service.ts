import type { z } from 'zod'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { bindCredential, mintApiKey } from '../../security/access/index.ts'
import type { CredentialPepper } from '../../security/access/index.ts'
import { scopesBeyond } from './api-key.ts'
import type { ApiKey, ApiKeyWithSecret } from './api-key.ts'
import { insertApiKey, markApiKeyRevoked, selectApiKeys } from './api-keys-store.ts'
import type { ApiKeyRecord } from './api-keys-store.ts'

type ApiKeyView = z.output<typeof ApiKey>
export type MintedApiKey = z.output<typeof ApiKeyWithSecret>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'principal' | 'read' | 'act'>

interface NewApiKey {
  readonly name: string
  readonly scopes: readonly string[]
  readonly expiresAt: Date | null
}

/** A key that is not stored yet; `hash` is peppered, and `binding` binds it to all the others. */
type FreshKey = NewApiKey &
  ReturnType<typeof mintApiKey> & {
    readonly id: string
    readonly workspaceId: string
    readonly binding: Buffer
  }

export interface ApiKeys {
  /** Throws `missing_scope` where the new key could do more than the caller's. */
  create(caller: Caller, wanted: NewApiKey): Promise<MintedApiKey>
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: ApiKeyView[]; nextCursor: string | null }>
  revoke(caller: Caller, id: string): Promise<void>
  /** Makes a key, peppers and binds it, before the transaction that stores it: the keyring is not asked inside of one. */
  mint(workspaceId: string, wanted: NewApiKey): Promise<FreshKey>
  /** Stores a minted key in a transaction of the caller's; for a workspace's first key. */
  storeIn(db: TenantDatabase, fresh: FreshKey): Promise<MintedApiKey>
}

/** API keys: see the slice's door for what holds. */
export function createApiKeys(deps: {
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly newId: () => string
}): ApiKeys {
  async function mint(workspaceId: string, wanted: NewApiKey): Promise<FreshKey> {
    const minted = mintApiKey()
    const row = { ...wanted, id: deps.newId(), workspaceId }
    return {
      ...row,
      ...minted,
      ...(await bindCredential(deps.pepper, { ...row, kind: 'api_key' }, minted.hash)),
    }
  }

  return {
    mint,
    storeIn,

    async create(caller, wanted) {
      const beyond = scopesBeyond(wanted.scopes, caller.principal.scopes)
      if (beyond.length > 0) {
        throw new Fault('missing_scope', {
          detail: `A key gives at most the scopes it has; yours lacks: ${beyond.join(', ')}.`,
          fields: [{ field: 'scopes', problem: `asks for more than your key has: ${beyond.join(', ')}` }],
        })
      }
      const fresh = await mint(caller.workspaceId, wanted)
      return caller.act(async (db, about) => {
        const made = await storeIn(db, fresh)
        about(made.id, { name: made.name, scopes: made.scopes })
        return made
      })
    },

    async list(caller, { limit, cursor }) {
      const before = idOfCursor(cursor)
      const rows = await caller.read((db) => selectApiKeys(db, caller.workspaceId, before, limit + 1))
      return page(rows, limit, view, (row) => idCursor(row.id))
    },

    revoke: (caller, id) =>
      caller.act(async (db, about) => {
        if (!(await markApiKeyRevoked(db, caller.workspaceId, id))) throw missing('apiKey', id)
        // The UUID is what a restore needs to revoke it again: engine.replay_acts.
        about(encodeId('apiKey', id), { id })
      }),
  }
}

async function storeIn(db: TenantDatabase, fresh: FreshKey): Promise<MintedApiKey> {
  const row = await insertApiKey(db, fresh)
  // After it is written, so that the clock of this host says nothing; the transaction goes back.
  if (row.expired) throw invalidField('expiresAt', 'is in the past', 'Give a time to come, or leave it out.')
  return { ...view(row), key: fresh.key.reveal() }
}

function view(row: ApiKeyRecord): ApiKeyView {
  return {
    id: encodeId('apiKey', row.id),
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
    killed: row.killed,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
  }
}
