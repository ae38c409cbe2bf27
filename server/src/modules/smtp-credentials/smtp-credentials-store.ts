import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface SmtpCredentialRecord {
  readonly id: string
  readonly name: string
  readonly username: string
  readonly allowed_cidrs: string[]
  readonly allowed_senders: string[]
  readonly sealed_senders: Buffer | null
  readonly created_at: Date
  readonly expires_at: Date | null
  readonly ends_at: Date | null
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

const COLUMNS = `c.id, c.name, c.username, c.allowed_cidrs, c.allowed_senders, c.sealed_senders, c.created_at, c.expires_at, c.ends_at, c.replaces,
  c.revoked_at, c.last_used_at,
  c.issued_epoch <= engine.epoch_floor(c.workspace_id, null, 'smtp_credential') as killed,
  coalesce(least(c.expires_at, c.ends_at) <= clock_timestamp(), false) as expired`

export async function insertSmtpCredential(
  db: TenantDatabase,
  credential: {
    readonly id: string
    readonly workspaceId: string
    readonly name: string
    readonly username: string
    readonly hash: Buffer
    readonly binding: Buffer
    readonly expiresAt: Date | null
    readonly allowedCidrs: readonly string[]
    readonly allowedSenders: readonly string[]
    readonly sealedSenders: Buffer | null
    readonly rotatedFrom: string | null
  },
): Promise<SmtpCredentialRecord> {
  const [row] = await db.query<SmtpCredentialRecord>(
    `insert into smtp_credential as c (workspace_id, id, name, username, secret_hash, binding, expires_at, allowed_cidrs, allowed_senders,
                                       sealed_senders, replaces)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     returning ${COLUMNS}, null as network, null as agent`,
    [
      credential.workspaceId,
      credential.id,
      credential.name,
      credential.username,
      credential.hash,
      credential.binding,
      credential.expiresAt,
      credential.allowedCidrs,
      credential.allowedSenders,
      credential.sealedSenders,
      credential.rotatedFrom,
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
    `select ${COLUMNS}, l.network, l.agent
     from smtp_credential c
     left join lateral (
       select u.network::text as network, u.agent from credential_use u
       where u.workspace_id = c.workspace_id and u.kind = 'smtp_credential' and u.credential_id = c.id
       order by u.last_used_at desc limit 1
     ) l on true
     where c.workspace_id = $1 and ($2::uuid is null or c.id < $2)
     order by c.id desc
     limit $3`,
    [workspaceId, before, rowsMax],
  )
}

export async function selectSmtpCredential(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<SmtpCredentialRecord | undefined> {
  const [row] = await db.query<SmtpCredentialRecord>(
    `select ${COLUMNS}, null as network, null as agent from smtp_credential c where c.workspace_id = $1 and c.id = $2`,
    [workspaceId, id],
  )
  return row
}

/** As endApiKey of the other slice: sets the end of one that lives and was not rotated before, and answers it. */
export async function endSmtpCredential(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  hours: number,
): Promise<Date | null> {
  // Held first, in a statement of its own: the next one then sees the successor that somebody made meanwhile.
  await db.query('select 1 from smtp_credential where workspace_id = $1 and id = $2 for update', [
    workspaceId,
    id,
  ])
  const [row] = await db.query<{ over_at: Date }>(
    `update smtp_credential c
     set ends_at = least(c.expires_at, c.ends_at, clock_timestamp() + make_interval(hours => $3)),
         revoked_at = case when $3 = 0 then clock_timestamp() end
     where c.workspace_id = $1 and c.id = $2 and c.revoked_at is null
       and coalesce(least(c.expires_at, c.ends_at) > clock_timestamp(), true)
       and c.issued_epoch > engine.epoch_floor(c.workspace_id, null, 'smtp_credential')
       and not exists (select 1 from smtp_credential n where n.workspace_id = $1 and n.replaces = c.id)
     returning c.ends_at as over_at`,
    [workspaceId, id, hours],
  )
  return row?.over_at ?? null
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
