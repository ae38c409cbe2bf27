import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface SmtpCredentialRecord {
  readonly id: string
  readonly name: string
  readonly username: string
  readonly created_at: Date
  readonly revoked_at: Date | null
  readonly last_used_at: Date | null
  /** An epoch was bumped over it. */
  readonly killed: boolean
}

const COLUMNS = `id, name, username, created_at, revoked_at, last_used_at,
  issued_epoch <= engine.epoch_floor(workspace_id, null, 'smtp_credential') as killed`

export async function insertSmtpCredential(
  db: TenantDatabase,
  credential: {
    readonly id: string
    readonly workspaceId: string
    readonly name: string
    readonly username: string
    readonly hash: Buffer
    readonly binding: Buffer
  },
): Promise<SmtpCredentialRecord> {
  const [row] = await db.query<SmtpCredentialRecord>(
    `insert into smtp_credential (workspace_id, id, name, username, secret_hash, binding)
     values ($1, $2, $3, $4, $5, $6)
     returning ${COLUMNS}`,
    [
      credential.workspaceId,
      credential.id,
      credential.name,
      credential.username,
      credential.hash,
      credential.binding,
    ],
  )
  if (row === undefined) throw new Error('the SMTP credential was not stored')
  return row
}

export function selectSmtpCredentials(
  db: TenantDatabase,
  workspaceId: string,
  before: string | null,
  rowsMax: number,
): Promise<SmtpCredentialRecord[]> {
  return db.query<SmtpCredentialRecord>(
    `select ${COLUMNS}
     from smtp_credential
     where workspace_id = $1 and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [workspaceId, before, rowsMax],
  )
}

/** False where there is no such credential. */
export async function markSmtpCredentialRevoked(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<boolean> {
  const rows = await db.query(
    `update smtp_credential
     set revoked_at = coalesce(revoked_at, now())
     where workspace_id = $1 and id = $2
     returning 1`,
    [workspaceId, id],
  )
  return rows.length > 0
}
