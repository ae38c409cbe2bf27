import type { Lane } from '../../kernel/lane.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { BOUNDS_MS, COUNTS, type Counts, type Range } from './statistic.ts'

/** What an answer is split by; the empty text of a row: not split by it. */
export interface SplitBy {
  readonly lane: boolean
  readonly provider: boolean
  readonly source: boolean
}

export interface StatisticFilter {
  readonly lane: Lane | undefined
  readonly provider: string | undefined
}

export interface StatisticRow {
  readonly at: Date
  readonly lane: Lane | null
  readonly provider: string | null
  readonly source: string | null
  readonly counts: Counts
  readonly firstAttempt: readonly number[]
  readonly delivery: readonly number[]
}

type Fetched = Counts &
  Pick<StatisticRow, 'at' | 'lane' | 'provider' | 'source'> & {
    readonly first_attempt: readonly number[]
    readonly delivery: readonly number[]
  }

// Sums by place: arrays cannot be added up, and to take them apart into rows costs ten times as much.
const sumOfBuckets = (column: string): string =>
  `array[${Array.from({ length: BOUNDS_MS.length + 1 }, (_, place) => `coalesce(sum(${column}[${place + 1}]), 0)::double precision`).join(', ')}]`

const SUMS = [
  ...COUNTS.map((name) => `sum(${name})::double precision as ${name}`),
  `${sumOfBuckets('first_attempt')} as first_attempt`,
  `${sumOfBuckets('delivery')} as delivery`,
].join(', ')

/** The buckets of a range, summed by what was asked for. Reads one index range. */
async function select(
  db: TenantDatabase,
  from: { readonly rows: string; readonly workspaceId: string | null },
  range: Range,
  by: SplitBy,
  filter: StatisticFilter,
): Promise<StatisticRow[]> {
  const split = (name: 'lane' | 'provider' | 'source'): string => (by[name] ? `${name}::text` : 'null::text')
  const values: unknown[] = [range.step, new Date(range.sinceMs), new Date(range.untilMs)]
  const conditions = ['step = $1', 'at >= $2', 'at < $3']
  const add = (condition: (parameter: string) => string, value: unknown): void => {
    if (value === undefined || value === null) return
    values.push(value)
    conditions.push(condition(`$${values.length}`))
  }
  add((p) => `workspace_id = ${p}`, from.workspaceId)
  add((p) => `lane = ${p}`, filter.lane)
  add((p) => `provider = ${p}`, filter.provider)
  const rows = await db.query<Fetched>(
    `select at, ${split('lane')} as lane, ${split('provider')} as provider, ${split('source')} as source, ${SUMS}
     from ${from.rows}
     where ${conditions.join(' and ')}
     group by 1, 2, 3, 4
     order by 1, 2, 3, 4`,
    values,
  )
  return rows.map(({ at, lane, provider, source, first_attempt, delivery, ...counts }) => ({
    at,
    lane,
    provider,
    source,
    counts,
    firstAttempt: first_attempt,
    delivery,
  }))
}

export function selectStatistics(
  db: TenantDatabase,
  workspaceId: string,
  range: Range,
  by: SplitBy,
  filter: StatisticFilter,
): Promise<StatisticRow[]> {
  return select(db, { rows: 'statistic', workspaceId }, range, by, filter)
}

export function selectInstallationStatistics(
  db: TenantDatabase,
  range: Range,
  by: SplitBy,
  filter: StatisticFilter,
): Promise<StatisticRow[]> {
  return select(
    db,
    { rows: 'engine.installation_statistics($1, $2, $3)', workspaceId: null },
    range,
    by,
    filter,
  )
}

export interface Through {
  readonly throughAt: Date | null
  readonly isCatchingUp: boolean
}

/** Until when a workspace is counted. One without a cursor is new: nothing is counted yet. */
export async function selectThrough(db: TenantDatabase, workspaceId: string): Promise<Through> {
  const [row] = await db.query<{ through_at: Date | null; catching_up: boolean }>(
    'select through_at, catching_up from statistic_cursor where workspace_id = $1',
    [workspaceId],
  )
  return { throughAt: row?.through_at ?? null, isCatchingUp: row?.catching_up ?? true }
}

export async function selectInstallationThrough(db: TenantDatabase): Promise<Through> {
  const [row] = await db.query<{ through_at: Date | null; behind: number }>(
    'select through_at, behind from engine.statistics_through()',
  )
  return { throughAt: row?.through_at ?? null, isCatchingUp: (row?.behind ?? 0) > 0 }
}

/** Makes those workspaces due that are new or were quiet and have accepted mail since. */
export async function wakeStatistics(pool: Queryable, since: Date, messagesMax: number): Promise<number> {
  const { rows } = await pool.query<{ woken: number }>('select engine.wake_statistics($1, $2) as woken', [
    since,
    messagesMax,
  ])
  return rows[0]?.woken ?? 0
}

/** One turn: counts some rows of one workspace that is due. Null: none is due. */
export async function rollStatistics(
  pool: Queryable,
  rowsMax: number,
  relay: string | null,
): Promise<number | null> {
  const { rows } = await pool.query<{ counted: number | null }>(
    'select engine.roll_statistics($1, $2) as counted',
    [rowsMax, relay],
  )
  return rows[0]?.counted ?? null
}

export async function trimStatistics(pool: Queryable, rowsMax: number): Promise<number> {
  const { rows } = await pool.query<{ gone: number }>('select engine.trim_statistics($1) as gone', [rowsMax])
  return rows[0]?.gone ?? 0
}
