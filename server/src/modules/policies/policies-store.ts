import { z } from 'zod'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { DEFAULT_POLICY, PolicyValues } from './policy.ts'

const COLUMNS = `second_factor as "secondFactor", session_hours as "sessionHours", allowed_cidrs::text[] as "allowedCidrs",
  sign_in_domains as "signInDomains", sso_required as "ssoRequired"`

export async function selectPolicy(db: TenantDatabase, workspaceId: string): Promise<PolicyValues> {
  const [row] = await db.query(`select ${COLUMNS} from workspace_policy where workspace_id = $1`, [
    workspaceId,
  ])
  return row === undefined ? DEFAULT_POLICY : PolicyValues.parse(row)
}

/** As selectPolicy, and nobody else changes it until the transaction ends. Makes the row where it is missing. */
export async function lockPolicy(db: TenantDatabase, workspaceId: string): Promise<PolicyValues> {
  await db.query('insert into workspace_policy (workspace_id) values ($1) on conflict do nothing', [
    workspaceId,
  ])
  const [row] = await db.query(`select ${COLUMNS} from workspace_policy where workspace_id = $1 for update`, [
    workspaceId,
  ])
  return PolicyValues.parse(row)
}

/** Answers it as it is stored: networks in their shortest form. */
export async function replacePolicy(
  db: TenantDatabase,
  workspaceId: string,
  policy: PolicyValues,
): Promise<PolicyValues> {
  const [row] = await db.query(
    `update workspace_policy
     set second_factor = $2, session_hours = $3, allowed_cidrs = $4::cidr[], sign_in_domains = $5, sso_required = $6,
         changed_at = clock_timestamp()
     where workspace_id = $1
     returning ${COLUMNS}`,
    [
      workspaceId,
      policy.secondFactor,
      policy.sessionHours,
      policy.allowedCidrs,
      policy.signInDomains,
      policy.ssoRequired,
    ],
  )
  return PolicyValues.parse(row)
}

const Pending = z.object({
  wanted: PolicyValues,
  requested_by: z.string(),
  expires_at: z.date(),
})
export type PendingPolicy = z.output<typeof Pending>

/** The change that waits for a second owner, while it may still be confirmed. */
export async function selectPending(
  db: TenantDatabase,
  workspaceId: string,
): Promise<PendingPolicy | undefined> {
  const [row] = await db.query(
    'select wanted, requested_by, expires_at from policy_change where workspace_id = $1 and expires_at > clock_timestamp()',
    [workspaceId],
  )
  return row === undefined ? undefined : Pending.parse(row)
}

/** One at a time: a newer wish takes the place of an older one. */
export async function putPending(
  db: TenantDatabase,
  workspaceId: string,
  wanted: PolicyValues,
  actor: string,
): Promise<void> {
  await deletePending(db, workspaceId)
  await db.query('insert into policy_change (workspace_id, wanted, requested_by) values ($1, $2, $3)', [
    workspaceId,
    JSON.stringify(wanted),
    actor,
  ])
}

export async function deletePending(db: TenantDatabase, workspaceId: string): Promise<void> {
  await db.query('delete from policy_change where workspace_id = $1', [workspaceId])
}

export interface OpenSession {
  readonly id: string
  readonly member_id: string
  readonly role: string
  readonly factor: 'none' | 'totp' | 'passkey' | 'recovery' | 'sso'
  readonly age_seconds: number
  readonly sealed_device: Buffer | null
}

/** Sessions that open the workspace now, in the order of members. */
export function selectOpenSessions(
  db: TenantDatabase,
  workspaceId: string,
  rowsMax: number,
): Promise<OpenSession[]> {
  return db.query<OpenSession & Record<string, unknown>>(
    'select id, member_id, role, factor, age_seconds, sealed_device from engine.open_sessions($1, $2)',
    [workspaceId, rowsMax],
  )
}

/** Whether the workspace's provider is connected and has been tried since its last change. */
export async function hasTestedProvider(db: TenantDatabase, workspaceId: string): Promise<boolean> {
  const rows = await db.query(
    'select 1 from sso_connection where workspace_id = $1 and tested_at is not null',
    [workspaceId],
  )
  return rows.length > 0
}

export async function workspaceName(db: TenantDatabase, workspaceId: string): Promise<string> {
  const [row] = await db.query<{ name: string }>('select name from workspace where id = $1', [workspaceId])
  return row?.name ?? ''
}
