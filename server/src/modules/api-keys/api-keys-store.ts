import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface ApiKeyRecord {
  readonly id: string
  readonly name: string
  readonly prefix: string
  readonly scopes: string[]
  readonly created_at: Date
  readonly expires_at: Date | null
  readonly revoked_at: Date | null
  readonly last_used_at: Date | null
  /** An epoch was bumped over it. */
  readonly killed: boolean
  /** By the clock of the database, which judges for all hosts. */
  readonly expired: boolean
}

const COLUMNS = `id, name, prefix, scopes, created_at, expires_at, revoked_at, last_used_at,
  issued_epoch <= engine.epoch_floor(workspace_id, null, 'api_key') as killed,
  coalesce(expires_at <= clock_timestamp(), false) as expired`

export async function insertApiKey(
  db: TenantDatabase,
  key: {
    readonly id: string
    readonly workspaceId: string
    readonly name: string
    readonly prefix: string
    readonly hash: Buffer
    readonly scopes: readonly string[]
    readonly expiresAt: Date | null
    readonly binding: Buffer
  },
): Promise<ApiKeyRecord> {
  const [row] = await db.query<ApiKeyRecord>(
    `insert into api_key (workspace_id, id, name, prefix, secret_hash, scopes, expires_at, binding)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     returning ${COLUMNS}`,
    [key.workspaceId, key.id, key.name, key.prefix, key.hash, key.scopes, key.expiresAt, key.binding],
  )
  if (row === undefined) throw new Error('the API key was not stored')
  return row
}

export function selectApiKeys(
  db: TenantDatabase,
  workspaceId: string,
  before: string | null,
  rowsMax: number,
): Promise<ApiKeyRecord[]> {
  return db.query<ApiKeyRecord>(
    `select ${COLUMNS}
     from api_key
     where workspace_id = $1 and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [workspaceId, before, rowsMax],
  )
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
