import type { Lane } from '../../kernel/lane.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'

export interface SourceRow {
  readonly source: string
  /** JSON texts, in the shapes of source-views.ts. */
  readonly hosts: string
  readonly pauses: string
  readonly warm_ups: string
}

export interface RouteRow {
  readonly workspace_id: string
  readonly lane: Lane
  readonly pool: string
  readonly set_at: Date
  readonly set_by: string
  readonly known: boolean
}

/** At most 1,000. */
export function selectSources(db: TenantDatabase): Promise<SourceRow[]> {
  return db.query<SourceRow>('select source, hosts, pauses, warm_ups from engine.list_sources()')
}

/** False where the operator's pause of the source at this provider is there already. */
export async function insertPause(
  db: TenantDatabase,
  pause: {
    readonly id: string
    readonly source: string
    readonly provider: string | null
    readonly reason: string
    readonly by: string
    readonly until: Date | null
  },
): Promise<boolean> {
  const rows = await db.query<{ made: boolean }>(
    'select engine.pause_source($1, $2, $3, $4, $5, $6) as made',
    [pause.id, pause.source, pause.provider, pause.reason, pause.by, pause.until],
  )
  return rows[0]?.made === true
}

/** How many pauses ended. Without a provider: all of the source. */
export async function endPauses(
  db: TenantDatabase,
  source: string,
  provider: string | null,
  by: string,
): Promise<number> {
  const rows = await db.query<{ ended: number }>('select engine.resume_source($1, $2, $3) as ended', [
    source,
    provider,
    by,
  ])
  return rows[0]?.ended ?? 0
}

/** Without a workspace: of all of them. */
export function selectRoutes(
  db: TenantDatabase,
  workspaceId: string | null,
  limit: number,
): Promise<RouteRow[]> {
  return db.query<RouteRow>(
    'select workspace_id, lane, pool, set_at, set_by, known from engine.list_routing($1, $2)',
    [workspaceId, limit],
  )
}

export async function upsertRoutes(
  db: TenantDatabase,
  workspaceId: string,
  lanes: readonly Lane[],
  pool: string,
  by: string,
): Promise<void> {
  await db.query('select engine.set_routing($1, $2, $3, $4)', [workspaceId, [...lanes], pool, by])
}

/** How many lanes had a pool of their own. */
export async function deleteRoutes(
  db: TenantDatabase,
  workspaceId: string,
  lanes: readonly Lane[],
): Promise<number> {
  const rows = await db.query<{ cleared: number }>('select engine.clear_routing($1, $2) as cleared', [
    workspaceId,
    [...lanes],
  ])
  return rows[0]?.cleared ?? 0
}

/** Whether there is such a workspace, asked in its own transaction. */
export async function selectWorkspaceIsThere(db: TenantDatabase, workspaceId: string): Promise<boolean> {
  const rows = await db.query('select id from workspace where id = $1', [workspaceId])
  return rows.length > 0
}
