import type { z } from 'zod'
import type { DoorName } from '../../kernel/doors.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import type { OperationContext, Principal } from '../../platform/http/operation.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import {
  bindCredential,
  bindingDigest,
  isBoundToItsRow,
  mintApiKey,
  mintDoorKey,
  requireHeldScopes,
  resolveBounds,
} from '../../security/access/index.ts'
import type {
  Bound,
  CredentialPepper,
  ResolvedBounds,
  SealedSenders,
  WantedBounds,
} from '../../security/access/index.ts'
import type { ApiKey, ApiKeyWithSecret } from './api-key.ts'
import {
  endApiKey,
  insertApiKey,
  markApiKeyRevoked,
  selectApiKey,
  selectApiKeys,
  selectBinding,
  updateApiKeyRow,
} from './api-keys-store.ts'
import type { ApiKeyRecord, OnLeakPolicy } from './api-keys-store.ts'

type ApiKeyView = z.output<typeof ApiKey>
export type MintedApiKey = z.output<typeof ApiKeyWithSecret>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'principal' | 'read' | 'act'>

interface WantedApiKey extends WantedBounds {
  readonly name: string
  readonly scopes: readonly string[]
  readonly onLeak: OnLeakPolicy
  /** Default: that of the key that asks; null: our own API. */
  readonly door?: DoorName | null | undefined
  readonly doorScopes?: readonly string[] | undefined
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
    readonly door: DoorName | null
    readonly doorScopes: readonly string[]
    readonly binding: Buffer
  }

export interface ApiKeys {
  /** Throws `missing_scope` where the new key could do more than whoever asks, and `invalid_request`. */
  create(caller: Caller, wanted: WantedApiKey): Promise<MintedApiKey>
  list(
    caller: Caller,
    query: {
      readonly door?: DoorName | undefined
      readonly live: 'true' | 'false'
      readonly limit: number
      readonly cursor?: string | undefined
    },
  ): Promise<{ data: ApiKeyView[]; nextCursor: string | null }>
  get(caller: Caller, id: string): Promise<ApiKeyView>
  /**
   * Another name; of a key of a door other scopes too. Throws `not_found`, `conflict` where the key lives no more or its scopes cannot be changed,
   * and `missing_scope` where it would reach further than whoever asks.
   */
  update(
    caller: Caller,
    id: string,
    change: {
      readonly name?: string | undefined
      readonly scopes?: readonly string[] | undefined
      readonly doorScopes?: readonly string[] | undefined
    },
  ): Promise<ApiKeyView>
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
    more: Pick<FreshKey, 'onLeak' | 'rotatedFrom' | 'door' | 'doorScopes'>,
  ): Promise<FreshKey> {
    const minted = more.door === null ? mintApiKey() : mintDoorKey(more.door, row.id)
    const bound = await bindCredential(
      deps.pepper,
      { ...row, ...bounds, ...more, kind: 'api_key' },
      minted.hash,
    )
    return { ...row, ...bounds, ...more, ...minted, ...bound }
  }

  async function get(caller: Caller, id: string): Promise<ApiKeyView> {
    const row = await caller.read((db) => selectApiKey(db, caller.workspaceId, id))
    if (row === undefined) throw missing('apiKey', id)
    const sendersOf = await deps.senders.open(caller.workspaceId, 'api_key', [row], 'apiKeys.get')
    return view(row, sendersOf(row.id))
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
        { onLeak: 'by_scope', rotatedFrom: null, door: null, doorScopes: [] },
      )
    },

    async create(caller, wanted) {
      requireHeldScopes(wanted.scopes, caller.principal)
      const { workspaceId } = caller
      const id = deps.newId()
      const bounds = await resolveBounds(deps.senders, caller, placeOf(workspaceId, id), wanted)
      const { name, scopes, onLeak } = wanted
      const { door, doorScopes } = resolveDoor(caller.principal, wanted)
      const made = await fresh({ id, workspaceId, name, scopes }, bounds, {
        onLeak,
        rotatedFrom: null,
        door,
        doorScopes,
      })
      return caller.act(async (db, about) => {
        const shown = await storeIn(db, made)
        about(shown.id, {
          name,
          scopes: [...scopes],
          networks: [...bounds.allowedCidrs],
          senders: bounds.allowedSenders.length,
          ...(door === null ? {} : { door, doorScopes: [...doorScopes] }),
        })
        return shown
      })
    },

    async list(caller, { limit, cursor, door = null, live }) {
      const filter = { before: idOfCursor(cursor), door, isLive: live === 'true' }
      const rows = await caller.read((db) => selectApiKeys(db, caller.workspaceId, filter, limit + 1))
      const sendersOf = await deps.senders.open(caller.workspaceId, 'api_key', rows, 'apiKeys.list')
      return page(
        rows,
        limit,
        (row) => view(row, sendersOf(row.id)),
        (row) => idCursor(row.id),
      )
    },

    get,

    async update(caller, id, change) {
      const { workspaceId } = caller
      const old = await caller.read((db) => selectApiKey(db, workspaceId, id))
      if (old === undefined || !isWithin(caller.principal, old)) throw missing('apiKey', id)
      const wanted = scopesAfter(caller.principal, old, change)
      const stored = await caller.read((db) => selectBinding(db, workspaceId, id))
      if (stored === undefined) throw notAlive()
      const binding = isSame(wanted, old) ? null : await rebound(old, stored, wanted)
      const name = change.name ?? old.name
      await caller.act(async (db, about) => {
        if (!(await updateApiKeyRow(db, workspaceId, id, { ...wanted, name, binding })))
          throw new Fault('conflict', {
            detail: 'The key was changed or ended at the same moment. Read it again.',
          })
        about(encodeId('apiKey', id), {
          name,
          ...(binding === null
            ? {}
            : { ...wanted, before: { scopes: old.scopes, doorScopes: old.door_scopes } }),
        })
      })
      return get(caller, id)

      async function rebound(
        row: ApiKeyRecord,
        { hash, binding: before }: { readonly hash: Buffer; readonly binding: Buffer | null },
        now: Reach,
      ) {
        if (row.door === null)
          throw new Fault('conflict', {
            detail: 'The scopes of a key stay as they are. Make another key, and revoke this one.',
          })
        const bound = (reach: Reach): Bound => ({
          kind: 'api_key',
          id,
          workspaceId,
          expiresAt: row.expires_at,
          allowedCidrs: row.allowed_cidrs,
          allowedSenders: row.allowed_senders,
          door: row.door,
          ...reach,
        })
        const is = { scopes: row.scopes, doorScopes: row.door_scopes }
        // A row that somebody else than Bulkhead wrote is not made genuine by a change.
        if (before === null || !(await isBoundToItsRow(deps.pepper, bound(is), { hash, binding: before })))
          throw notAlive()
        return { before, now: await deps.pepper.of(bindingDigest(bound(now), hash)) }
      }
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
        door: old.door,
        doorScopes: old.door_scopes,
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

/** What a key may do, by our names and by its vendor's. */
interface Reach {
  readonly scopes: readonly string[]
  readonly doorScopes: readonly string[]
}

/** A key of a door sees to keys of that door only. */
function isWithin(principal: Principal, { door }: Pick<ApiKeyRecord, 'door'>): boolean {
  const own = principal.kind === 'api_key' ? (principal.door ?? null) : null
  return own === null || own === door
}

/** Less is for everybody who may change keys; more is at most what the asker has, who then has no bounds that the key lacks. */
function scopesAfter(
  principal: Principal,
  old: ApiKeyRecord,
  change: { readonly [Part in keyof Reach]?: Reach[Part] | undefined },
): Reach {
  const scopes = [...new Set(change.scopes ?? old.scopes)]
  const doorScopes = [...new Set(change.doorScopes ?? old.door_scopes)]
  if (old.door === null && doorScopes.length > 0)
    throw invalidField('doorScopes', 'are of a door, and this key is of none', 'Leave them out.')
  const isMore =
    scopes.some((scope) => !old.scopes.includes(scope)) ||
    (old.door_scopes.length > 0 &&
      (doorScopes.length === 0 || doorScopes.some((scope) => !old.door_scopes.includes(scope))))
  if (!isMore) return { scopes, doorScopes }
  requireHeldScopes(scopes, principal)
  resolveDoor(principal, { door: old.door, doorScopes })
  if (principal.kind === 'api_key') {
    const { allowedCidrs, allowedSenders, expiresAt } = principal.bounds
    if (allowedCidrs.length + allowedSenders.length > 0 || expiresAt !== null)
      throw new Fault('missing_scope', {
        detail:
          'A key that is bound to networks, senders or an end gives another one nothing more. Make a new key.',
      })
  }
  return { scopes, doorScopes }
}

function isSame({ scopes, doorScopes }: Reach, old: ApiKeyRecord): boolean {
  return haveSame(scopes, old.scopes) && haveSame(doorScopes, old.door_scopes)
}

function haveSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((item) => other.includes(item))
}

/** A key of a door makes keys of that door only, with nothing by the vendor's names that it lacks itself. */
function resolveDoor(
  principal: Principal,
  wanted: Pick<WantedApiKey, 'door' | 'doorScopes'>,
): { readonly door: DoorName | null; readonly doorScopes: readonly string[] } {
  const held = principal.kind === 'api_key' ? principal : null
  const own = held?.door ?? null
  const door = wanted.door === undefined ? own : wanted.door
  if (own !== null && door !== own) {
    throw new Fault('missing_scope', { detail: `A key of the door ${own} makes keys of that door only.` })
  }
  const ownScopes = held?.doorScopes ?? []
  const doorScopes = [...new Set(wanted.doorScopes ?? ownScopes)]
  if (door === null && doorScopes.length > 0)
    throw invalidField(
      'doorScopes',
      'are of a door, and no door is named',
      'Name the door, or leave them out.',
    )
  const beyond = ownScopes.length === 0 ? [] : doorScopes.filter((scope) => !ownScopes.includes(scope))
  if (beyond.length > 0 || (ownScopes.length > 0 && doorScopes.length === 0)) {
    throw new Fault('missing_scope', {
      detail: `A key gives at most what it may do itself; this one lacks: ${beyond.join(', ') || 'everything else'}.`,
      fields: [{ field: 'doorScopes', problem: 'asks for more than the key that asks has' }],
    })
  }
  return { door, doorScopes }
}

async function storeIn(db: TenantDatabase, fresh: FreshKey): Promise<MintedApiKey> {
  const row = await insertApiKey(db, fresh)
  // After it is written, so that the clock of this host says nothing; the transaction goes back.
  if (row.expired) throw invalidField('expiresAt', 'is in the past', 'Give a time to come, or leave it out.')
  return { ...view(row, fresh.patterns), key: fresh.key.reveal() }
}

function notAlive(): Fault {
  return new Fault('conflict', { detail: 'This key cannot be used any more, so there is nothing to change.' })
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
    door: row.door,
    doorScopes: row.door_scopes,
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
