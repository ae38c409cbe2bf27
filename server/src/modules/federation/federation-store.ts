import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { Claims } from './federation-rule.ts'

/** What a rule's row says beside what people are shown. */
export interface RuleRow {
  readonly id: string
  readonly workspace_id: string
  readonly name: string
  readonly issuer: string
  readonly audience: string
  readonly subject: string
  readonly claims: Claims
  readonly scopes: string[]
  readonly lifetime_seconds: number
  readonly allowed_cidrs: string[]
  readonly allowed_senders: string[]
  readonly sealed_senders: Buffer | null
}

export interface RuleRecord extends RuleRow {
  readonly created_at: Date
  readonly created_by: string
  readonly last_used_at: Date | null
  readonly revoked_at: Date | null
}

const COLUMNS = `id, workspace_id, name, issuer, audience, subject, claims, scopes, lifetime_seconds, allowed_cidrs, allowed_senders,
  sealed_senders, created_at, created_by, last_used_at, revoked_at`

export async function insertRule(
  db: TenantDatabase,
  rule: RuleRow & { readonly binding: Buffer; readonly created_by: string },
): Promise<RuleRecord> {
  const [row] = await db.query<RuleRecord>(
    `insert into federation_rule (workspace_id, id, name, issuer, audience, subject, claims, scopes, lifetime_seconds, allowed_cidrs,
                                  allowed_senders, sealed_senders, binding, created_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     returning ${COLUMNS}`,
    [
      rule.workspace_id,
      rule.id,
      rule.name,
      rule.issuer,
      rule.audience,
      rule.subject,
      JSON.stringify(rule.claims),
      rule.scopes,
      rule.lifetime_seconds,
      rule.allowed_cidrs,
      rule.allowed_senders,
      rule.sealed_senders,
      rule.binding,
      rule.created_by,
    ],
  )
  if (row === undefined) throw new Error('the rule was not stored')
  return row
}

export function selectRules(
  db: TenantDatabase,
  workspaceId: string,
  before: string | null,
  rowsMax: number,
): Promise<RuleRecord[]> {
  return db.query<RuleRecord>(
    `select ${COLUMNS}
     from federation_rule
     where workspace_id = $1 and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [workspaceId, before, rowsMax],
  )
}

/** False where there is no such rule; one that was revoked before keeps its first time. */
export async function markRuleRevoked(db: TenantDatabase, workspaceId: string, id: string): Promise<boolean> {
  const rows = await db.query(
    `update federation_rule
     set revoked_at = coalesce(revoked_at, clock_timestamp())
     where workspace_id = $1 and id = $2
     returning 1`,
    [workspaceId, id],
  )
  return rows.length > 0
}

/** A rule that was not revoked, of whichever workspace, with the time by the clock of the database. */
export async function findRule(
  pool: Queryable,
  id: string,
): Promise<(RuleRow & { readonly binding: Buffer; readonly now: Date }) | undefined> {
  const found = await pool.query<RuleRow & { readonly binding: Buffer; readonly now: Date }>(
    'select *, clock_timestamp() as now from engine.find_federation_rule($1)',
    [id],
  )
  return found.rows[0]
}

/** Marks a token as exchanged, in the transaction that stores its key; false where it was before, or where the rule has ended. */
export async function useToken(
  db: TenantDatabase,
  ruleId: string,
  useHash: Buffer,
  overAt: Date,
): Promise<boolean> {
  const [row] = await db.query<{ used: boolean }>('select engine.use_federation_token($1, $2, $3) as used', [
    ruleId,
    useHash,
    overAt,
  ])
  return row?.used === true
}
