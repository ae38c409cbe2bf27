import type { z } from 'zod'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { bindCredential, mintApiKey, requireHeldScopes, resolveBounds } from '../../security/access/index.ts'
import type {
  CredentialPepper,
  ResolvedBounds,
  SealedSenders,
  WantedBounds,
} from '../../security/access/index.ts'
import type { ApiKey, ApiKeyWithSecret } from './api-key.ts'
import { endApiKey, insertApiKey, markApiKeyRevoked, selectApiKey, selectApiKeys } from './api-keys-store.ts'
import type { ApiKeyRecord, OnLeakPolicy } from './api-keys-store.ts'

type ApiKeyView = z.output<typeof ApiKey>
export type MintedApiKey = z.output<typeof ApiKeyWithSecret>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'principal' | 'read' | 'act'>

interface WantedApiKey extends WantedBounds {
  readonly name: string
  readonly scopes: readonly string[]
  readonly onLeak: OnLeakPolicy
}

/** What a key is made from; bounds that are left out are none. */
export interface NewApiKey {
  readonly name: string
  readonly scopes: readonly string[]
  readonly expiresAt: Date | null
  readonly allowedCidrs?: readonly string[]
  /** Readable, as parseSenderPattern answers them. */
  readonly senders?: readonly string[]
}

/** A key that is not stored yet; `hash` is peppered, and `binding` binds it to all the others. */
type FreshKey = ResolvedBounds &
  ReturnType<typeof mintApiKey> & {
    readonly id: string
    readonly workspaceId: string
    readonly name: string
    readonly scopes: readonly string[]
    readonly onLeak: OnLeakPolicy
    readonly rotatedFrom: string | null
    readonly binding: Buffer
  }

export interface ApiKeys {
  /** Throws `missing_scope` where the new key could do more than whoever asks, and `invalid_request`. */
  create(caller: Caller, wanted: WantedApiKey): Promise<MintedApiKey>
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: ApiKeyView[]; nextCursor: string | null }>
  /**
   * A key with the bounds of another one, which ends after the overlap. Throws `not_found`, `conflict` where that one does not live or was
   * rotated before, and `missing_scope` as `create`.
   */
  rotate(caller: Caller, id: string, overlapHours: number): Promise<MintedApiKey>
  revoke(caller: Caller, id: string): Promise<void>
  /** Makes a key, peppers and binds it, before the transaction that stores it: the keyring is not asked inside of one. */
  mint(workspaceId: string, wanted: NewApiKey): Promise<FreshKey>
  /** Stores a minted key in a transaction of the caller's; for a workspace's first key, and for those of workloads. */
  storeIn(db: TenantDatabase, fresh: FreshKey): Promise<MintedApiKey>
}

/** API keys: see the slice's door for what holds. */
export function createApiKeys(deps: {
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly senders: SealedSenders
  readonly newId: () => string
}): ApiKeys {
  async function fresh(
    row: {
      readonly id: string
      readonly workspaceId: string
      readonly name: string
      readonly scopes: readonly string[]
    },
    bounds: ResolvedBounds,
    more: { readonly onLeak: OnLeakPolicy; readonly rotatedFrom: string | null },
  ): Promise<FreshKey> {
    const minted = mintApiKey()
    const bound = await bindCredential(deps.pepper, { ...row, ...bounds, kind: 'api_key' }, minted.hash)
    return { ...row, ...bounds, ...more, ...minted, ...bound }
  }

  return {
    storeIn,

    async mint(workspaceId, { name, scopes, expiresAt, allowedCidrs = [], senders: patterns = [] }) {
      const id = deps.newId()
      const { senders, sealed } = await deps.senders.bind(placeOf(workspaceId, id), patterns)
      const allowedSenders = senders.map(({ stored }) => stored)
      return fresh(
        { id, workspaceId, name, scopes },
        { allowedCidrs, allowedSenders, sealedSenders: sealed, patterns, expiresAt },
        { onLeak: 'by_scope', rotatedFrom: null },
      )
    },

    async create(caller, wanted) {
      requireHeldScopes(wanted.scopes, caller.principal)
      const { workspaceId } = caller
      const id = deps.newId()
      const bounds = await resolveBounds(deps.senders, caller, placeOf(workspaceId, id), wanted)
      const { name, scopes, onLeak } = wanted
      const made = await fresh({ id, workspaceId, name, scopes }, bounds, { onLeak, rotatedFrom: null })
      return caller.act(async (db, about) => {
        const shown = await storeIn(db, made)
        about(shown.id, {
          name,
          scopes: [...scopes],
          networks: [...bounds.allowedCidrs],
          senders: bounds.allowedSenders.length,
        })
        return shown
      })
    },

    async list(caller, { limit, cursor }) {
      const before = idOfCursor(cursor)
      const rows = await caller.read((db) => selectApiKeys(db, caller.workspaceId, before, limit + 1))
      const sendersOf = await deps.senders.open(caller.workspaceId, 'api_key', rows, 'apiKeys.list')
      return page(
        rows,
        limit,
        (row) => view(row, sendersOf(row.id)),
        (row) => idCursor(row.id),
      )
    },

    async rotate(caller, id, overlapHours) {
      const { workspaceId } = caller
      const old = await caller.read((db) => selectApiKey(db, workspaceId, id))
      if (old === undefined) throw missing('apiKey', id)
      requireHeldScopes(old.scopes, caller.principal)
      const allowedSenders = await deps.senders.openForSuccessor(
        workspaceId,
        'api_key',
        old,
        'apiKeys.rotate',
      )
      const newId = deps.newId()
      const bounds = await resolveBounds(deps.senders, caller, placeOf(workspaceId, newId), {
        allowedCidrs: old.allowed_cidrs,
        allowedSenders,
        expiresAt: old.expires_at,
      })
      const made = await fresh({ id: newId, workspaceId, name: old.name, scopes: old.scopes }, bounds, {
        onLeak: old.on_leak,
        rotatedFrom: id,
      })
      return caller.act(async (db, about) => {
        const endsAt = await endApiKey(db, workspaceId, id, overlapHours)
        if (endsAt === null) throw notRotated()
        const shown = await storeIn(db, made)
        about(encodeId('apiKey', id), { id, successor: shown.id, endsAt: endsAt.toISOString() })
        return shown
      })
    },

    revoke: (caller, id) =>
      caller.act(async (db, about) => {
        if (!(await markApiKeyRevoked(db, caller.workspaceId, id))) throw missing('apiKey', id)
        // The UUID is what a restore needs to revoke it again: engine.replay_acts.
        about(encodeId('apiKey', id), { id })
      }),
  }
}

const placeOf = (workspaceId: string, rowId: string) => ({ workspaceId, table: 'api_key', rowId }) as const

async function storeIn(db: TenantDatabase, fresh: FreshKey): Promise<MintedApiKey> {
  const row = await insertApiKey(db, fresh)
  // After it is written, so that the clock of this host says nothing; the transaction goes back.
  if (row.expired) throw invalidField('expiresAt', 'is in the past', 'Give a time to come, or leave it out.')
  return { ...view(row, fresh.patterns), key: fresh.key.reveal() }
}

function notRotated(): Fault {
  return new Fault('conflict', {
    detail:
      'This key was revoked, has ended or was rotated before. Rotate its successor, or make a new key: POST /v1/api-keys.',
  })
}

function view(row: ApiKeyRecord, senders: readonly string[]): ApiKeyView {
  return {
    id: encodeId('apiKey', row.id),
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes,
    allowedCidrs: row.allowed_cidrs,
    allowedSenders: [...senders],
    onLeak: row.on_leak,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    endsAt: row.ends_at?.toISOString() ?? null,
    leakedAt: row.leaked_at?.toISOString() ?? null,
    rotatedFrom: row.replaces === null ? null : encodeId('apiKey', row.replaces),
    revokedAt: row.revoked_at?.toISOString() ?? null,
    killed: row.killed,
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    lastUsedFrom: row.network === null ? null : { network: row.network, program: row.agent },
  }
}
