import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { LinkDomainState } from './link-domain.ts'

export interface LinkDomainRow {
  readonly id: string
  readonly name: string
  readonly state: LinkDomainState
  readonly created_at: Date
  readonly verified_at: Date | null
  readonly checked_at: Date | null
  readonly failing_since: Date | null
  readonly found: readonly string[]
  readonly advice: string | null
  /** Whether it lies in a domain from which the workspace may send. */
  readonly is_owned: boolean
}

const COLUMNS = `d.id, d.name, d.state, d.created_at, d.verified_at, d.checked_at, d.failing_since, d.found, d.advice,
  exists (select 1 from sending_domain s
          where s.workspace_id = d.workspace_id and s.state = 'verified' and (d.name = s.name or right(d.name, length(s.name) + 1) = '.' || s.name)) as is_owned`

/** Whether a name lies in a sending domain of the workspace, verified or not yet: it is used only once both are. */
export async function ownsName(db: TenantDatabase, workspaceId: string, name: string): Promise<boolean> {
  const rows = await db.query(
    `select 1 from sending_domain
     where workspace_id = $1 and ($2 = name or right($2, length(name) + 1) = '.' || name)
     limit 1`,
    [workspaceId, name],
  )
  return rows.length > 0
}

/** False where the workspace has it already. */
export async function insertLinkDomain(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  name: string,
): Promise<boolean> {
  const rows = await db.query(
    `insert into link_domain (workspace_id, id, name, next_check_at)
     values ($1, $2, $3, now() + interval '1 minute')
     on conflict (workspace_id, name) do nothing
     returning 1`,
    [workspaceId, id, name],
  )
  return rows.length > 0
}

export async function selectLinkDomain(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<LinkDomainRow | undefined> {
  const [row] = await db.query<LinkDomainRow>(
    `select ${COLUMNS} from link_domain d where d.workspace_id = $1 and d.id = $2`,
    [workspaceId, id],
  )
  return row
}

export function selectLinkDomains(
  db: TenantDatabase,
  workspaceId: string,
  before: string | null,
  rowsMax: number,
): Promise<LinkDomainRow[]> {
  return db.query<LinkDomainRow>(
    `select ${COLUMNS}
     from link_domain d
     where d.workspace_id = $1 and ($2::uuid is null or d.id < $2)
     order by d.id desc
     limit $3`,
    [workspaceId, before, rowsMax],
  )
}

/** Writes the outcome of a check. False where it was deleted meanwhile. */
export async function storeLinkCheck(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
  outcome: {
    readonly state: LinkDomainState
    readonly failingSince: Date | null
    readonly found: readonly string[]
    readonly advice: string | null
    readonly nextCheckInMs: number
  },
): Promise<boolean> {
  const rows = await db.query(
    `update link_domain
     set state = $3, failing_since = $4, found = $5, advice = $6, checked_at = now(),
         verified_at = case when $3 = 'verified' then coalesce(verified_at, now()) else verified_at end,
         next_check_at = now() + make_interval(secs => $7::double precision / 1000)
     where workspace_id = $1 and id = $2
     returning 1`,
    [
      workspaceId,
      id,
      outcome.state,
      outcome.failingSince,
      [...outcome.found],
      outcome.advice,
      outcome.nextCheckInMs,
    ],
  )
  return rows.length > 0
}

export async function deleteLinkDomain(
  db: TenantDatabase,
  workspaceId: string,
  id: string,
): Promise<string | undefined> {
  const [row] = await db.query<{ name: string }>(
    'delete from link_domain where workspace_id = $1 and id = $2 returning name',
    [workspaceId, id],
  )
  return row?.name
}

/** Takes link domains whose check is due, of all workspaces, for `holdSeconds`. */
export async function claimDueLinkDomains(
  pool: Queryable,
  limit: number,
  holdSeconds: number,
): Promise<{ readonly id: string; readonly workspace_id: string }[]> {
  const { rows } = await pool.query<{ id: string; workspace_id: string }>(
    'select id, workspace_id from engine.due_link_domains($1, $2)',
    [limit, holdSeconds],
  )
  return rows
}
