import type { DoorName } from '../../kernel/doors.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export type OnLeakPolicy = 'by_scope' | 'revoke' | 'tighten'

export interface ApiKeyRecord {
  readonly id: string
  readonly name: string
  readonly prefix: string
  readonly scopes: string[]
  readonly door: DoorName | null
  readonly door_scopes: string[]
  readonly allowed_cidrs: string[]
  readonly allowed_senders: string[]
  readonly sealed_senders: Buffer | null
  readonly on_leak: OnLeakPolicy
  readonly created_at: Date
  readonly expires_at: Date | null
  readonly ends_at: Date | null
  readonly leaked_at: Date | null
  readonly replaces: string | null
  readonly revoked_at: Date | null
  readonly last_used_at: Date | null
  readonly network: string | null
  readonly agent: string | null
  /** An epoch was bumped over it. */
  readonly killed: boolean
  /** By the clock of the database, which judges for all hosts. */
  readonly expired: boolean
}

const COLUMNS = `k.id, k.name, k.prefix, k.scopes, k.door, k.door_scopes, k.allowed_cidrs, k.allowed_senders, k.sealed_senders, k.on_leak, k.created_at, k.expires_at, k.ends_at,
  k.leaked_at, k.replaces, k.revoked_at, k.last_used_at,
  k.issued_epoch <= engine.epoch_floor(k.workspace_id, null, 'api_key') as killed,
  coalesce(least(k.expires_at, k.ends_at) <= clock_timestamp(), false) as expired`

const LIVES = `k.revoked_at is null and coalesce(least(k.expires_at, k.ends_at) > clock_timestamp(), true)
  and k.issued_epoch > engine.epoch_floor(k.workspace_id, null, 'api_key')`

/** The network of the last use. */
const LAST_USE = `left join lateral (
    select u.network::text as network, u.agent from credential_use u
    where u.workspace_id = k.workspace_id and u.kind = 'api_key' and u.credential_id = k.id
    order by u.last_used_at desc limit 1
  ) l on true`

export async function insertApiKey(
  db: TenantDatabase,
  key: {
    readonly id: string
    readonly workspaceId: string
    readonly name: string
    readonly prefix: string
    readonly hash: Buffer
    readonly scopes: readonly string[]
    readonly door: DoorName | null
    readonly doorScopes: readonly string[]
    readonly expiresAt: Date | null
    readonly binding: Buffer
    readonly allowedCidrs: readonly string[]
    readonly allowedSenders: readonly string[]
    readonly sealedSenders: Buffer | null
    readonly onLeak: OnLeakPolicy
    readonly rotatedFrom: string | null
  },
): Promise<ApiKeyRecord> {
  const [row] = await db.query<ApiKeyRecord>(
    `insert into api_key as k (workspace_id, id, name, prefix, secret_hash, scopes, expires_at, binding, allowed_cidrs, allowed_senders,
                               sealed_senders, on_leak, replaces, door, door_scopes)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
     returning ${COLUMNS}, null as network, null as agent`,
    [
      key.workspaceId,
      key.id,
      key.name,
      key.prefix,
      key.hash,
      key.scopes,
      key.expiresAt,
      key.binding,
      key.allowedCidrs,
      key.allowedSenders,
      key.sealedSenders,
      key.onLeak,
      key.rotatedFrom,
      key.door,
      key.doorScopes,
    ],
  )
  if (row === undefined) throw new Error('the API key was not stored')
  return row
}

export interface ApiKeyFilter {
  readonly before: string | null
  readonly door: DoorName | null
  /** Only keys that can be used. */
  readonly isLive: boolean
}

export function selectApiKeys(
  db: TenantDatabase,
  workspaceId: string,
  { before, door, isLive }: ApiKeyFilter,
  rowsMax: number,
): Promise<ApiKeyRecord[]> {
  return db.query<ApiKeyRecord>(
    `select ${COLUMNS}, l.network, l.agent
     from api_key k ${LAST_USE}
     where k.workspace_id = $1 and ($2::uuid is null or k.id < $2) and ($4::text is null or k.door = $4)
       and (not $5 or ${LIVES})
     order by k.id desc
     limit $3`,
    [workspaceId, before, rowsMax, door, isLive],
  )
}

export async function selectApiKey(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<ApiKeyRecord | undefined> {
  const [row] = await db.query<ApiKeyRecord>(
    `select ${COLUMNS}, l.network, l.agent from api_key k ${LAST_USE} where k.workspace_id = $1 and k.id = $2`,
    [workspaceId, id],
  )
  return row
}

/** What a key is bound by, to be bound anew; undefined where it cannot be used any more. */
export async function selectBinding(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<{ readonly hash: Buffer; readonly binding: Buffer | null } | undefined> {
  const [row] = await db.query<{ hash: Buffer; binding: Buffer | null }>(
    `select k.secret_hash as hash, k.binding from api_key k where k.workspace_id = $1 and k.id = $2 and ${LIVES}`,
    [workspaceId, id],
  )
  return row
}

export interface ApiKeyChange {
  readonly name: string
  readonly scopes: readonly string[]
  readonly doorScopes: readonly string[]
  /** Null: what it is bound by stays. */
  readonly binding: { readonly before: Buffer; readonly now: Buffer } | null
}

/** Changes a key that lives and is bound as it was read; false where it is not. */
export async function updateApiKeyRow(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  change: ApiKeyChange,
): Promise<boolean> {
  const rows =
    change.binding === null
      ? await db.query(
          `update api_key k set name = $3 where k.workspace_id = $1 and k.id = $2 and ${LIVES} returning 1`,
          [workspaceId, id, change.name],
        )
      : await db.query(
          `update api_key k set name = $3, scopes = $4, door_scopes = $5, binding = $7
           where k.workspace_id = $1 and k.id = $2 and k.binding = $6 and ${LIVES}
           returning 1`,
          [
            workspaceId,
            id,
            change.name,
            change.scopes,
            change.doorScopes,
            change.binding.before,
            change.binding.now,
          ],
        )
  return rows.length > 0
}

/**
 * Sets the end of a key that lives and was not rotated before; its time, or null where it does not live (any more). With no hours it is
 * revoked. The row is locked until the caller's transaction ends, so that a key is rotated once.
 */
export async function endApiKey(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  hours: number,
): Promise<Date | null> {
  // Held first, in a statement of its own: the next one then sees the successor that somebody made meanwhile.
  await db.query('select 1 from api_key where workspace_id = $1 and id = $2 for update', [workspaceId, id])
  const [row] = await db.query<{ over_at: Date }>(
    `update api_key k
     set ends_at = least(k.expires_at, k.ends_at, clock_timestamp() + make_interval(hours => $3)),
         revoked_at = case when $3 = 0 then clock_timestamp() end
     where k.workspace_id = $1 and k.id = $2 and k.revoked_at is null
       and coalesce(least(k.expires_at, k.ends_at) > clock_timestamp(), true)
       and k.issued_epoch > engine.epoch_floor(k.workspace_id, null, 'api_key')
       and not exists (select 1 from api_key n where n.workspace_id = $1 and n.replaces = k.id)
     returning k.ends_at as over_at`,
    [workspaceId, id, hours],
  )
  return row?.over_at ?? null
}

/** False where there is no such key; a key that was revoked before keeps its first time. */
export async function markApiKeyRevoked(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<boolean> {
  const rows = await db.query(
    `update api_key
     set revoked_at = coalesce(revoked_at, now())
     where workspace_id = $1 and id = $2
     returning 1`,
    [workspaceId, id],
  )
  return rows.length > 0
}
