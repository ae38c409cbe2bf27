import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { Role } from '../../security/access/index.ts'

export interface MemberRecord {
  readonly id: string
  readonly person_id: string
  readonly role: Role
  readonly permission_set_id: string | null
  readonly permission_set: string | null
  readonly scopes: string[] | null
  readonly created_at: Date
  readonly created_by: string
  readonly sealed_email: Buffer
  readonly sealed_name: Buffer | null
  readonly last_seen_at: Date | null
  readonly passkeys: number
  readonly has_app: boolean
  readonly sessions: number
}

/** In the order in which they came. */
export function selectMembers(
  db: TenantDatabase,
  workspaceId: string,
  filter: { readonly id: string | null; readonly after: string | null; readonly rowsMax: number },
): Promise<MemberRecord[]> {
  return db.query<MemberRecord>('select * from engine.list_members($1, $2, $3, $4)', [
    workspaceId,
    filter.id,
    filter.after,
    filter.rowsMax,
  ])
}

export interface StandingRecord {
  readonly id: string
  readonly person_id: string
  readonly role: Role
  readonly scopes: string[] | null
}

/** The acting person and the member that is acted on, locked, in one order for everybody so that two who act on each other do not wait in a ring. */
export function lockStandings(
  db: TenantDatabase,
  workspaceId: string,
  personId: string,
  memberId: string | null,
): Promise<StandingRecord[]> {
  return db.query<StandingRecord>(
    `select m.id, m.person_id, m.role, t.scopes
     from member m left join permission_set t on t.workspace_id = m.workspace_id and t.id = m.permission_set_id
     where m.workspace_id = $1 and m.revoked_at is null and (m.person_id = $2 or m.id = $3)
     order by m.id
     for update of m`,
    [workspaceId, personId, memberId],
  )
}

/** What a membership is bound to and by. */
export async function selectBinding(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<
  | (Omit<StandingRecord, 'scopes'> &
      Pick<MemberRecord, 'permission_set_id'> & { readonly binding: Buffer | null })
  | undefined
> {
  const [row] = await db.query<NonNullable<Awaited<ReturnType<typeof selectBinding>>>>(
    `select id, person_id, role, permission_set_id, binding from member where workspace_id = $1 and id = $2 and revoked_at is null`,
    [workspaceId, id],
  )
  return row
}

export async function updateRole(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  next: { readonly role: Role; readonly permissionSetId: string | null; readonly binding: Buffer },
): Promise<void> {
  await db.query(
    'update member set role = $3, permission_set_id = $4, binding = $5 where workspace_id = $1 and id = $2',
    [workspaceId, id, next.role, next.permissionSetId, next.binding],
  )
}

/** Ends a membership and the open invitations that this person made. */
export async function endMembership(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  personId: string,
): Promise<void> {
  await db.query('update member set revoked_at = clock_timestamp() where workspace_id = $1 and id = $2', [
    workspaceId,
    id,
  ])
  await revokeInvitationsOf(db, workspaceId, personId)
}

export async function revokeInvitationsOf(
  db: TenantDatabase,
  workspaceId: string,
  personId: string,
): Promise<void> {
  await db.query(
    `update invitation set revoked_at = clock_timestamp()
     where workspace_id = $1 and created_by = 'member:' || $2::uuid and accepted_at is null and revoked_at is null`,
    [workspaceId, personId],
  )
}

/** Revokes the API keys and SMTP credentials that a person made; with `revoke` false only counts them. */
export async function credentialsOf(
  db: TenantDatabase,
  workspaceId: string,
  personId: string,
  revoke: boolean,
): Promise<number> {
  let count = 0
  for (const table of ['api_key', 'smtp_credential'] as const) {
    const where = `workspace_id = $1 and created_by = 'member:' || $2::uuid and revoked_at is null`
    const rows = await db.query(
      revoke
        ? `update ${table} set revoked_at = now() where ${where} returning 1`
        : `select 1 from ${table} where ${where}`,
      [workspaceId, personId],
    )
    count += rows.length
  }
  return count
}

export interface MemberSessionRecord {
  readonly id: string
  readonly factor: 'none' | 'totp' | 'passkey' | 'recovery' | 'sso'
  readonly created_at: Date
  readonly last_seen_at: Date
  readonly expires_at: Date
  readonly sealed_device: Buffer | null
}

export function selectSessions(
  db: TenantDatabase,
  workspaceId: string,
  personId: string,
): Promise<MemberSessionRecord[]> {
  return db.query<MemberSessionRecord>('select * from engine.member_sessions($1, $2)', [
    workspaceId,
    personId,
  ])
}

export async function endSession(
  db: TenantDatabase,
  workspaceId: string,
  personId: string,
  sessionId: string,
): Promise<boolean> {
  const [row] = await db.query<{ ended: boolean }>('select engine.end_member_session($1, $2, $3) as ended', [
    workspaceId,
    personId,
    sessionId,
  ])
  return row?.ended === true
}

export interface WorkspaceOfPerson {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly permission_set: string | null
  readonly since: Date
  readonly second_factor: 'optional' | 'required' | 'passkey'
  readonly sso_required: boolean
}

export function selectWorkspacesOf(db: TenantDatabase, personId: string): Promise<WorkspaceOfPerson[]> {
  return db.query<WorkspaceOfPerson>('select * from engine.workspaces_of($1)', [personId])
}
