import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { SubaccountState } from './subaccount.ts'

export interface SubaccountRecord {
  readonly id: string
  readonly name: string
  readonly title: string
  readonly sealed_note: Buffer | null
  readonly hourly_quota: number | null
  readonly state: SubaccountState
  readonly created_at: Date
  readonly updated_at: Date
  readonly hour: string
  readonly week: string
  readonly month: string
  readonly total: string
  readonly first_at: Date | null
}

// At most 9,600 rows of hours for each that is shown.
const SELECT = `select s.id, s.name, s.title, s.sealed_note, s.hourly_quota, s.state, s.created_at, s.updated_at,
    u.hour, u.week, u.month, u.total, u.first_at
  from subaccount s
  cross join lateral (
    select coalesce(sum(x.recipients) filter (where x.hour > now() - interval '1 hour'), 0) as hour,
           coalesce(sum(x.recipients) filter (where x.hour > now() - interval '7 days'), 0) as week,
           coalesce(sum(x.recipients) filter (where x.hour > now() - interval '30 days'), 0) as month,
           coalesce(sum(x.recipients), 0) as total, min(x.hour) as first_at
    from subaccount_use x
    where x.workspace_id = s.workspace_id and x.subaccount_id = s.id and x.hour <= now()
  ) u`

/** False where the workspace has one of that name. */
export async function insertSubaccount(
  db: TenantDatabase,
  made: {
    readonly workspaceId: string
    readonly id: string
    readonly name: string
    readonly title: string
    readonly note: Buffer | null
    readonly hourlyQuota: number | null
    readonly actor: string
  },
): Promise<boolean> {
  const rows = await db.query<{ id: string }>(
    `insert into subaccount (workspace_id, id, name, title, sealed_note, hourly_quota, created_by)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (workspace_id, name) do nothing
     returning id`,
    [made.workspaceId, made.id, made.name, made.title, made.note, made.hourlyQuota, made.actor],
  )
  return rows.length > 0
}

/** By its id or its name. `lock`: nobody else changes it until the transaction ends. */
export async function selectSubaccount(
  db: TenantDatabase,
  workspaceId: string,
  which: { readonly id: string } | { readonly name: string },
  lock = false,
): Promise<SubaccountRecord | undefined> {
  const [column, value] = 'id' in which ? ['id', which.id] : ['name', which.name]
  const rows = await db.query<SubaccountRecord>(
    `${SELECT} where s.workspace_id = $1 and s.${column} = $2 ${lock ? 'for update of s' : ''}`,
    [workspaceId, value],
  )
  return rows[0]
}

/** By name. `begins`: of the name; an exact beginning. */
export function selectSubaccounts(
  db: TenantDatabase,
  workspaceId: string,
  filter: { readonly begins: string | null; readonly after: string | null },
  rowsMax: number,
): Promise<SubaccountRecord[]> {
  return db.query<SubaccountRecord>(
    `${SELECT}
     where s.workspace_id = $1 and ($2::text is null or starts_with(s.name, $2)) and ($3::uuid is null or s.id > $3)
     order by s.id
     limit $4`,
    [workspaceId, filter.begins, filter.after, rowsMax],
  )
}

export async function updateSubaccountRow(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  change: {
    readonly title: string
    readonly note: Buffer | null
    readonly hourlyQuota: number | null
    readonly state: SubaccountState
  },
): Promise<void> {
  await db.query(
    `update subaccount set title = $3, sealed_note = $4, hourly_quota = $5, state = $6, updated_at = now()
     where workspace_id = $1 and id = $2`,
    [workspaceId, id, change.title, change.note, change.hourlyQuota, change.state],
  )
}

export async function deleteSubaccountRow(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<void> {
  await db.query('delete from subaccount where workspace_id = $1 and id = $2', [workspaceId, id])
}

/** Holds its mail from the commit on, or lets it go. */
export async function setSubaccountStop(
  db: TenantDatabase,
  wanted: {
    readonly workspaceId: string
    readonly id: string
    readonly tag: string
    readonly name: string
    readonly state: SubaccountState
    readonly actor: string
  },
): Promise<void> {
  await db.query("select engine.set_stop($1, $2, 'subaccount', $3, $4, $5, $6)", [
    wanted.workspaceId,
    wanted.id,
    wanted.tag,
    wanted.name,
    wanted.state,
    wanted.actor,
  ])
}
