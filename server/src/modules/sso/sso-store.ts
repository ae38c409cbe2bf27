import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { Role } from '../../security/access/index.ts'

export interface ConnectionRecord {
  readonly id: string
  readonly issuer: string
  readonly client_id: string
  readonly sealed_secret: Buffer
  readonly domains: string[]
  readonly default_role: Role | null
  readonly changed_at: Date
  readonly tested_at: Date | null
}

const COLUMNS = 'id, issuer, client_id, sealed_secret, domains, default_role, changed_at, tested_at'

export async function selectConnection(
  db: TenantDatabase,
  workspaceId: string,
): Promise<ConnectionRecord | undefined> {
  const [row] = await db.query<ConnectionRecord>(
    `select ${COLUMNS} from sso_connection where workspace_id = $1`,
    [workspaceId],
  )
  return row
}

/** Another issuer or client is another connection: who was who at the old one says nothing here. */
export async function putConnection(
  db: TenantDatabase,
  workspaceId: string,
  next: {
    readonly id: string
    readonly issuer: string
    readonly clientId: string
    readonly sealedSecret: Buffer
    readonly domains: readonly string[]
    readonly defaultRole: Role | null
    readonly isSameProvider: boolean
  },
): Promise<void> {
  if (!next.isSameProvider) await deleteConnection(db, workspaceId)
  await db.query(
    `insert into sso_connection (id, workspace_id, issuer, client_id, sealed_secret, domains, default_role)
     values ($2, $1, $3, $4, $5, $6, $7)
     on conflict (workspace_id) do update
     set sealed_secret = excluded.sealed_secret, domains = excluded.domains, default_role = excluded.default_role,
         changed_at = clock_timestamp(), tested_at = null`,
    [workspaceId, next.id, next.issuer, next.clientId, next.sealedSecret, next.domains, next.defaultRole],
  )
}

/** Who has the provider speaks for every member: all owners hear of it, in the transaction of the act. */
export async function tellConnected(db: TenantDatabase, workspaceId: string, id: string): Promise<void> {
  await db.query(`select engine.raise_alert('sso.connected', 'high', $1, null, $2, interval '0', '{}')`, [
    workspaceId,
    id,
  ])
}

/** Ends the sessions that it has vouched for, too. */
export async function deleteConnection(db: TenantDatabase, workspaceId: string): Promise<boolean> {
  const rows = await db.query('delete from sso_connection where workspace_id = $1 returning 1', [workspaceId])
  await db.query('select engine.end_sso_sessions($1)', [workspaceId])
  return rows.length > 0
}

export async function isSsoRequired(db: TenantDatabase, workspaceId: string): Promise<boolean> {
  const rows = await db.query('select 1 from workspace_policy where workspace_id = $1 and sso_required', [
    workspaceId,
  ])
  return rows.length > 0
}

/** Of the given domains those that the workspace has verified for sending. */
export async function verifiedDomains(
  db: TenantDatabase,
  workspaceId: string,
  domains: readonly string[],
): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `select name from sending_domain where workspace_id = $1 and name = any ($2) and state = 'verified'`,
    [workspaceId, domains],
  )
  return rows.map(({ name }) => name)
}

/** False where too many log-ins are on their way. */
export async function beginSso(
  pool: Queryable,
  begun: {
    readonly stateHash: Buffer
    readonly workspaceId: string | null
    readonly domain: string | null
    readonly testOf: string | null
    readonly fresh: boolean
    readonly challenge: string
    readonly nonce: string
  },
): Promise<boolean> {
  const done = await pool.query<{ begun: boolean }>(
    'select engine.begin_sso($1, $2, $3, $4, $5, $6, $7) as begun',
    [
      begun.stateHash,
      begun.workspaceId,
      begun.domain,
      begun.testOf,
      begun.fresh,
      begun.challenge,
      begun.nonce,
    ],
  )
  return done.rows[0]?.begun === true
}

export interface SsoState {
  readonly workspace_id: string | null
  readonly connection_id: string | null
  readonly is_test: boolean
  readonly person_id: string | null
  readonly fresh: boolean
  readonly challenge: string
  readonly nonce: string
  readonly issuer: string | null
  readonly client_id: string | null
  readonly sealed_secret: Buffer | null
  readonly domains: string[] | null
  readonly default_role: Role | null
}

/** With `take` it is used up. */
export async function readSso(
  pool: Queryable,
  stateHash: Buffer,
  take: boolean,
): Promise<SsoState | undefined> {
  const found = await pool.query<SsoState>('select * from engine.read_sso($1, $2)', [stateHash, take])
  return found.rows[0]
}

export interface OpenInvitationRecord {
  readonly id: string
  readonly workspace_id: string
  readonly account_index: Buffer
  readonly role: Role
  readonly permission_set_id: string | null
  readonly token_hash: Buffer
  readonly binding: Buffer
  readonly expires_at: Date
}

export async function openInvitation(
  pool: Queryable,
  workspaceId: string,
  accountIndex: Buffer,
): Promise<OpenInvitationRecord | undefined> {
  const found = await pool.query<OpenInvitationRecord>('select * from engine.open_invitation($1, $2)', [
    workspaceId,
    accountIndex,
  ])
  return found.rows[0]
}

/** Whom a provider speaks of. With `binding` the subject is pinned to the person; without, the person has the address. */
export async function findSsoPerson(
  pool: Queryable,
  asked: { readonly connectionId: string; readonly subjectIndex: Buffer; readonly accountIndex: Buffer },
): Promise<
  { readonly id: string; readonly sealed_email: Buffer; readonly binding: Buffer | null } | undefined
> {
  const found = await pool.query<NonNullable<Awaited<ReturnType<typeof findSsoPerson>>>>(
    'select id, sealed_email, binding from engine.sso_person($1, $2, $3)',
    [asked.connectionId, asked.subjectIndex, asked.accountIndex],
  )
  return found.rows[0]
}

export async function enterSso(
  pool: Queryable,
  entering: {
    readonly workspaceId: string
    readonly connectionId: string
    readonly subjectIndex: Buffer
    readonly accountIndex: Buffer
    readonly personId: string
    readonly sealedEmail: Buffer
    readonly sealedName: Buffer | null
    readonly memberId: string
    readonly domain: string
    readonly invitation: OpenInvitationRecord | undefined
    readonly binding: Buffer
    readonly defaultRole: Role | null
    /** Bindings of the membership, by what it becomes. */
    readonly asInvited: Buffer | null
    readonly asNewcomer: Buffer | null
  },
): Promise<{
  outcome: 'member' | 'joined' | 'gone' | 'other_subject' | 'refused' | 'not_member'
  person_id: string | null
}> {
  const { invitation } = entering
  const done = await pool.query<Awaited<ReturnType<typeof enterSso>>>(
    'select outcome, person_id from engine.enter_sso($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)',
    [
      entering.workspaceId,
      entering.connectionId,
      entering.subjectIndex,
      entering.accountIndex,
      entering.personId,
      entering.sealedEmail,
      entering.sealedName,
      entering.memberId,
      entering.domain,
      invitation?.id ?? null,
      invitation?.role ?? null,
      invitation?.permission_set_id ?? null,
      entering.binding,
      entering.defaultRole,
      entering.asInvited,
      entering.asNewcomer,
    ],
  )
  const [row] = done.rows
  if (row === undefined) throw new Error('engine.enter_sso answered nothing')
  return row
}

export async function markTested(
  pool: Queryable,
  workspaceId: string,
  connectionId: string,
  personId: string,
): Promise<boolean> {
  const done = await pool.query<{ done: boolean }>('select engine.sso_tested($1, $2, $3) as done', [
    workspaceId,
    connectionId,
    personId,
  ])
  return done.rows[0]?.done === true
}
