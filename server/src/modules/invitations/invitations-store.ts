import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { Role } from '../../security/access/index.ts'

export interface InvitationRecord {
  readonly id: string
  readonly account_index: Buffer
  readonly sealed_email: Buffer
  readonly role: Role
  readonly permission_set_id: string | null
  readonly token_hash: Buffer
  readonly binding: Buffer
  readonly state: 'open' | 'accepted' | 'revoked' | 'expired'
  readonly created_by: string
  readonly created_at: Date
  readonly sent_at: Date | null
  readonly expires_at: Date
}

const COLUMNS = `id, account_index, sealed_email, role, permission_set_id, token_hash, binding, created_by, created_at, sent_at, expires_at,
  case when accepted_at is not null then 'accepted' when revoked_at is not null then 'revoked'
       when expires_at <= clock_timestamp() then 'expired' else 'open' end as state`

/** Undefined where this address has an open invitation already. One that ran out makes room. */
export async function insertInvitation(
  db: TenantDatabase,
  row: {
    readonly id: string
    readonly workspaceId: string
    readonly emailIndex: Buffer
    readonly accountIndex: Buffer
    readonly sealedEmail: Buffer
    readonly role: string
    readonly permissionSetId: string | null
    readonly tokenHash: Buffer
    readonly binding: Buffer
    readonly createdBy: string
    readonly expiresAt: Date
  },
): Promise<InvitationRecord | undefined> {
  await db.query(
    `update invitation set revoked_at = clock_timestamp()
     where workspace_id = $1 and email_index = $2 and accepted_at is null and revoked_at is null and expires_at <= clock_timestamp()`,
    [row.workspaceId, row.emailIndex],
  )
  const [made] = await db.query<InvitationRecord>(
    `insert into invitation (workspace_id, id, email_index, account_index, sealed_email, role, permission_set_id, token_hash, binding,
                             created_by, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     on conflict (workspace_id, email_index) where accepted_at is null and revoked_at is null do nothing
     returning ${COLUMNS}`,
    [
      row.workspaceId,
      row.id,
      row.emailIndex,
      row.accountIndex,
      row.sealedEmail,
      row.role,
      row.permissionSetId,
      row.tokenHash,
      row.binding,
      row.createdBy,
      row.expiresAt,
    ],
  )
  return made
}

export function selectInvitations(
  db: TenantDatabase,
  workspaceId: string,
  filter: { readonly id: string | null; readonly before: string | null; readonly rowsMax: number },
): Promise<InvitationRecord[]> {
  return db.query<InvitationRecord>(
    `select ${COLUMNS}
     from invitation
     where workspace_id = $1 and ($2::uuid is null or id = $2) and ($3::uuid is null or id < $3)
     order by id desc
     limit $4`,
    [workspaceId, filter.id, filter.before, filter.rowsMax],
  )
}

/** The open invitation, locked; undefined where there is none, or none any more. */
export async function lockOpenInvitation(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<InvitationRecord | undefined> {
  const [row] = await db.query<InvitationRecord>(
    `select ${COLUMNS}
     from invitation
     where workspace_id = $1 and id = $2 and accepted_at is null and revoked_at is null
     for update`,
    [workspaceId, id],
  )
  return row
}

export async function renewInvitation(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  next: { readonly tokenHash: Buffer; readonly binding: Buffer; readonly expiresAt: Date },
): Promise<void> {
  await db.query(
    `update invitation set token_hash = $3, binding = $4, expires_at = $5, sent_at = null
     where workspace_id = $1 and id = $2`,
    [workspaceId, id, next.tokenHash, next.binding, next.expiresAt],
  )
}

export async function markSent(db: TenantDatabase, workspaceId: string, id: string): Promise<void> {
  await db.query('update invitation set sent_at = clock_timestamp() where workspace_id = $1 and id = $2', [
    workspaceId,
    id,
  ])
}

export async function markRevoked(db: TenantDatabase, workspaceId: string, id: string): Promise<boolean> {
  const rows = await db.query(
    `update invitation set revoked_at = clock_timestamp()
     where workspace_id = $1 and id = $2 and accepted_at is null and revoked_at is null
     returning 1`,
    [workspaceId, id],
  )
  return rows.length > 0
}

/** Invitations that are open, and letters of the last hour. */
export async function countInvitations(
  db: TenantDatabase,
  workspaceId: string,
): Promise<{ open: number; lately: number }> {
  const [row] = await db.query<{ open: number; lately: number }>(
    `select count(*) filter (where accepted_at is null and revoked_at is null)::integer as open,
            count(*) filter (where greatest(created_at, sent_at) > clock_timestamp() - interval '1 hour')::integer as lately
     from invitation where workspace_id = $1`,
    [workspaceId],
  )
  return row ?? { open: 0, lately: 0 }
}

/** Domains of addresses that may be invited; empty: all. And the name of the workspace. */
export async function selectInviting(
  db: TenantDatabase,
  workspaceId: string,
): Promise<{ name: string; domains: string[] }> {
  const [row] = await db.query<{ name: string; domains: string[] }>(
    `select w.name, coalesce(y.sign_in_domains, '{}') as domains
     from workspace w left join workspace_policy y on y.workspace_id = w.id
     where w.id = $1`,
    [workspaceId],
  )
  return row ?? { name: '', domains: [] }
}

/** Whether there was ever a member, or somebody is invited as owner now. */
export async function hasPeople(db: TenantDatabase, workspaceId: string): Promise<boolean> {
  const rows = await db.query(
    `select 1 from member where workspace_id = $1
     union all
     select 1 from invitation
     where workspace_id = $1 and accepted_at is null and revoked_at is null and expires_at > clock_timestamp()
     limit 1`,
    [workspaceId],
  )
  return rows.length > 0
}

export interface FoundInvitation {
  readonly id: string
  readonly workspace_id: string
  readonly workspace: string
  readonly account_index: Buffer
  readonly sealed_email: Buffer
  readonly role: Role
  readonly permission_set_id: string | null
  readonly binding: Buffer
  readonly expires_at: Date
}

/** By the peppered digest of the token, of any workspace: through functions of the engine. */
export async function findInvitation(pool: Queryable, hash: Buffer): Promise<FoundInvitation | undefined> {
  const found = await pool.query<FoundInvitation>('select * from engine.find_invitation($1)', [hash])
  return found.rows[0]
}

export async function acceptInvitation(
  pool: Queryable,
  accepted: {
    readonly id: string
    readonly personId: string
    readonly memberId: string
    readonly role: string
    readonly permissionSetId: string | null
    /** As its reader has checked it. */
    readonly binding: Buffer
    readonly memberBinding: Buffer
  },
): Promise<'accepted' | 'gone' | 'other_address' | 'member_already'> {
  const done = await pool.query<{ outcome: 'accepted' | 'gone' | 'other_address' | 'member_already' }>(
    'select engine.accept_invitation($1, $2, $3, $4, $5, $6, $7) as outcome',
    [
      accepted.id,
      accepted.personId,
      accepted.memberId,
      accepted.role,
      accepted.permissionSetId,
      accepted.binding,
      accepted.memberBinding,
    ],
  )
  const [row] = done.rows
  if (row === undefined) throw new Error('engine.accept_invitation answered nothing')
  return row.outcome
}
