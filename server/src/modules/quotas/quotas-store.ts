import type { Lane } from '../../kernel/lane.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { LimitLane, Period, WantedLimit } from './limit.ts'

/** Which of these have a limit. */
export async function selectLimited(pool: Queryable, workspaceIds: readonly string[]): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>({
    name: 'engine.limited_workspaces',
    text: 'select id from engine.limited_workspaces($1) as id',
    values: [workspaceIds],
  })
  return rows.map((row) => row.id)
}

/** A message that wants to be accepted. */
export interface Wanted {
  readonly workspaceId: string
  /** `api_key:<uuid>` or `smtp_credential:<uuid>`; null: the workspace alone is asked. */
  readonly credential: string | null
  readonly lane: Lane
  /** Recipients; 0 takes nothing. */
  readonly cost: number
  readonly idempotencyKey: Buffer | null
}

export interface TakenRow {
  readonly item: number
  readonly allowed: boolean
  readonly refuses: boolean
  readonly subject: string
  readonly lane: LimitLane
  readonly period: Period
  readonly amount: number
  readonly burst: number | null
  readonly used: number
  readonly reset_seconds: number
  readonly wait_seconds: number | null
}

/** One row per message and limit, in order; `item` counts from 1. Belongs into the transaction that accepts. */
export async function takeSending(db: Queryable, wanted: readonly Wanted[]): Promise<TakenRow[]> {
  const { rows } = await db.query<TakenRow>({
    name: 'engine.take_sending',
    text: `select item, allowed, refuses, subject, lane, period, amount, burst, used, reset_seconds, wait_seconds
           from engine.take_sending($1, $2, $3, $4, $5)`,
    values: [
      wanted.map((each) => each.workspaceId),
      wanted.map((each) => each.credential),
      wanted.map((each) => each.lane),
      wanted.map((each) => each.cost),
      wanted.map((each) => each.idempotencyKey),
    ],
  })
  return rows
}

export interface StateRow {
  readonly subject: string
  readonly name: string | null
  readonly lane: LimitLane
  readonly period: Period
  readonly amount: number
  readonly burst: number | null
  readonly used: number
  readonly reset_seconds: number
  readonly resets_at: Date
  readonly since: Date
  readonly set_at: Date
  readonly set_by: string
}

/** Every limit of a workspace, at most 20 for each subject. */
export function selectState(db: TenantDatabase, workspaceId: string): Promise<StateRow[]> {
  return db.query<StateRow>(
    `select subject, name, lane, period, amount, burst, used, reset_seconds, resets_at, since, set_at, set_by
     from engine.sending_state($1)`,
    [workspaceId],
  )
}

/** Makes these all the limits of a subject. */
export async function replaceLimits(
  db: TenantDatabase,
  workspaceId: string,
  subject: string,
  limits: readonly WantedLimit[],
  actor: string,
): Promise<void> {
  await db.query('select engine.set_sending_limits($1, $2, $3, $4, $5, $6, $7)', [
    workspaceId,
    subject,
    limits.map((limit) => limit.lane),
    limits.map((limit) => limit.period),
    limits.map((limit) => limit.amount),
    limits.map((limit) => limit.burst ?? null),
    actor,
  ])
}

/** Whether the credential is one of the workspace and lives. */
export async function selectHasCredential(
  db: TenantDatabase,
  workspaceId: string,
  subject: string,
): Promise<boolean> {
  const [row] = await db.query<{ there: boolean }>('select engine.has_credential($1, $2) as there', [
    workspaceId,
    subject,
  ])
  return row?.there === true
}

/** Whether there is such a workspace, asked in its own transaction. */
export async function selectWorkspaceIsThere(db: TenantDatabase, workspaceId: string): Promise<boolean> {
  const rows = await db.query('select id from workspace where id = $1', [workspaceId])
  return rows.length > 0
}

/** Raises the alarms that are due; answers how many. */
export async function warnSending(pool: Queryable, limit: number): Promise<number> {
  const { rows } = await pool.query<{ n: number }>('select engine.warn_sending($1) as n', [limit])
  return rows[0]?.n ?? 0
}

/** Removes old counters; answers how many. */
export async function trimSending(pool: Queryable, limit: number): Promise<number> {
  const { rows } = await pool.query<{ n: number }>('select engine.trim_sending($1) as n', [limit])
  return rows[0]?.n ?? 0
}
