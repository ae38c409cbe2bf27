import type { Lane } from '../../kernel/lane.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import type { ActKind } from './preview-token.ts'
import type { StoredFilter } from './queue-filter.ts'

export type Origin = 'workspace' | 'operator' | 'staff'

/** A part of what a batch of a count found. */
export interface CountedGroup {
  readonly workspace: string
  readonly site: string | null
  readonly provider: string | null
  readonly state: string
  /** Whether the act would touch it. */
  readonly applies: boolean
  readonly recipients: number
  readonly oldest: string
  /** UUIDv7 of the oldest message. */
  readonly first: string
  /** Where it leaves from: the pool that its workspace was given for the lane, or `default`. */
  readonly pool: string
  /** The act that holds it; null: nobody, or what holds new senders. */
  readonly holder: {
    readonly act: string
    readonly kind: ActKind
    readonly origin: Origin
    readonly reason: string
    readonly until: string | null
  } | null
}

/** A recipient that an act would touch. */
export interface ExampleRow {
  readonly message: string
  readonly workspace: string
  readonly number: number
  readonly state: string
  readonly due: string
  readonly attempts: number
  readonly site: string | null
}

/** Where a batch ended; opaque to the caller. */
export type Place = Readonly<Record<string, unknown>>

export interface CountedBatch {
  readonly groups: readonly CountedGroup[]
  readonly examples: readonly ExampleRow[]
  readonly scanned: number
  readonly after: Place | null
}

export interface CountQuestion {
  readonly kind: ActKind | 'look'
  readonly origin: Origin
  readonly workspaceId: string | null
  readonly filter: StoredFilter
}

/** Counts what a filter names among the next rows of a lane, in one bounded statement. */
export async function countBatch(
  db: TenantDatabase,
  question: CountQuestion,
  lane: Lane,
  after: Place | null,
  rowsMax: number,
): Promise<CountedBatch> {
  const [row] = await db.query<{ counted: CountedBatch }>(
    'select engine.count_queue($1, $2, $3, $4, $5, $6, $7) as counted',
    [
      question.kind,
      question.origin,
      question.workspaceId,
      JSON.stringify(question.filter),
      lane,
      after === null ? null : JSON.stringify(after),
      rowsMax,
    ],
  )
  if (row === undefined) throw new Error('engine.count_queue answered nothing')
  return row.counted
}

export interface NewAct {
  readonly id: string
  readonly kind: ActKind
  readonly origin: Origin
  readonly workspaceId: string | null
  readonly actor: string
  readonly reason: string
  readonly filter: StoredFilter
  readonly shown: number
  readonly until: Date | null
  readonly graceSeconds: number
  readonly spreadSeconds: number
}

/** Begins an act and writes its audit record. BH403, BH409 with words of the database. */
export async function insertAct(db: TenantDatabase, act: NewAct): Promise<void> {
  await db.query('select engine.make_queue_act($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)', [
    act.id,
    act.kind,
    act.origin,
    act.workspaceId,
    act.actor,
    act.reason,
    JSON.stringify(act.filter),
    act.shown,
    act.until,
    act.graceSeconds,
    act.spreadSeconds,
  ])
}

/** Ends or takes back an act; answers the act that does so, which is itself or a new one. BH403, BH404, BH409. */
export async function undoAct(
  db: TenantDatabase,
  undo: {
    readonly id: string
    readonly actId: string
    readonly origin: Origin
    readonly workspaceId: string | null
    readonly actor: string
    readonly reason: string
  },
): Promise<string> {
  const [row] = await db.query<{ id: string }>('select engine.undo_queue_act($1, $2, $3, $4, $5, $6) as id', [
    undo.id,
    undo.actId,
    undo.origin,
    undo.workspaceId,
    undo.actor,
    undo.reason,
  ])
  if (row === undefined) throw new Error('engine.undo_queue_act answered nothing')
  return row.id
}

/** Stops an act that is at work. BH403, BH404, BH409. */
export async function cancelAct(
  db: TenantDatabase,
  cancel: {
    readonly actId: string
    readonly origin: Origin
    readonly workspaceId: string | null
    readonly actor: string
  },
): Promise<void> {
  await db.query('select engine.cancel_queue_act($1, $2, $3, $4)', [
    cancel.actId,
    cancel.origin,
    cancel.workspaceId,
    cancel.actor,
  ])
}

/** A site as senders have found it. */
export interface KnownSite {
  readonly site: string
  readonly provider: string | null
  readonly mx_hosts: string[]
}

/** The sites of these names, and one of each of these providers. */
export function selectKnownSites(
  db: TenantDatabase,
  sites: readonly string[],
  providers: readonly string[],
): Promise<KnownSite[]> {
  return db.query<KnownSite>('select site, provider, mx_hosts from engine.known_sites($1, $2)', [
    sites,
    providers,
  ])
}

export interface ActRow {
  readonly id: string
  readonly kind: string
  readonly origin: string
  readonly workspace_id: string | null
  readonly actor: string
  readonly reason: string
  readonly filter: unknown
  readonly undoes: string | null
  readonly undone_by: string | null
  readonly state: string
  readonly outcome: string | null
  readonly made_at: Date
  readonly until: Date | null
  readonly grace_until: Date | null
  readonly spread_seconds: number
  readonly shown: number
  readonly scanned: number
  readonly taken: number
  readonly also: number
  readonly given_back: number
  readonly ended: number
  readonly gone: number
  readonly step_began: Date | null
  readonly worked_at: Date | null
  readonly ended_at: Date | null
  readonly waits_for: string | null
  readonly cancelled_at: Date | null
  readonly awaited: number
  readonly seconded: number
  readonly undoable: boolean
  readonly sites: string[] | null
}

export function selectActs(
  db: TenantDatabase,
  query: {
    readonly origin: Origin
    readonly workspaceId: string | null
    readonly id: string | null
    readonly before: string | null
    readonly isOpen: boolean
    readonly rowsMax: number
  },
): Promise<ActRow[]> {
  return db.query<ActRow>(
    `select (r.act).id, (r.act).kind, (r.act).origin, (r.act).workspace_id, (r.act).actor, (r.act).reason, (r.act).filter,
            (r.act).undoes, (r.act).undone_by, (r.act).state, (r.act).outcome, (r.act).made_at, (r.act).until, (r.act).grace_until,
            (r.act).spread_seconds, (r.act).shown, (r.act).scanned, (r.act).taken, (r.act).also, (r.act).given_back, (r.act).ended,
            (r.act).gone, (r.act).step_began, (r.act).worked_at, (r.act).ended_at, (r.act).waits_for, (r.act).cancelled_at,
            r.awaited, r.seconded, r.undoable, r.sites
     from engine.read_queue_acts($1, $2, $3, $4, $5, $6) r`,
    [query.origin, query.workspaceId, query.id, query.before, query.isOpen, query.rowsMax],
  )
}

export interface WorkedBatch {
  readonly act_id: string
  readonly rows: number
  readonly step: string
}

/** One batch of the act that is due next, in one transaction; undefined where none is. */
export async function workBatch(
  pool: Queryable,
  walk: number,
  rows: number,
): Promise<WorkedBatch | undefined> {
  return (
    await pool.query<{ act_id: string; rows: number; step: string }>(
      'select act_id, rows, step from engine.work_queue_acts($1, $2)',
      [walk, rows],
    )
  ).rows[0]
}
