import type { Queryable } from '../../platform/postgres/index.ts'

/** A signal as the database takes it. */
export interface SignalRow {
  readonly kind: string
  readonly outcome: string
  readonly client: Buffer
  readonly network: Buffer
  readonly agent: Buffer
  readonly identifier: Buffer | null
  readonly personId: string | null
  readonly knownDevice: boolean
}

export async function insertSignal(pool: Queryable, row: SignalRow): Promise<void> {
  await pool.query('select engine.observe($1, $2, $3, $4, $5, $6, $7, $8)', [
    row.kind,
    row.outcome,
    row.client,
    row.network,
    row.agent,
    row.identifier,
    row.personId,
    row.knownDevice,
  ])
}

export interface EvaluatedRow {
  readonly clients: number
  readonly alerts: number
  readonly flagged: number
}

/** Judges what was seen since the last time, `clients` of it at most; zeros where another process is at it. */
export async function evaluate(pool: Queryable, clients: number): Promise<EvaluatedRow> {
  const { rows } = await pool.query<EvaluatedRow>(
    'select clients, alerts, flagged from engine.evaluate_detection($1)',
    [clients],
  )
  return rows[0] ?? { clients: 0, alerts: 0, flagged: 0 }
}

/** Removes what has served its time; answers how many rows. */
export async function trim(pool: Queryable, limit: number): Promise<number> {
  const { rows } = await pool.query<{ n: number }>('select engine.trim_detection($1) as n', [limit])
  return rows[0]?.n ?? 0
}

export interface RaisedRow {
  readonly kind: string
  readonly severity: string
  readonly workspaceId: string | null
  readonly personId: string | null
  readonly about: string
  readonly quietSeconds: number
  readonly detail: Readonly<Record<string, unknown>>
}

/** The id of a new alarm; null where it goes on already. */
export async function insertAlert(pool: Queryable, alert: RaisedRow): Promise<string | null> {
  const { rows } = await pool.query<{ id: string | null }>(
    'select engine.raise_alert($1, $2, $3, $4, $5, make_interval(secs => $6), $7) as id',
    [
      alert.kind,
      alert.severity,
      alert.workspaceId,
      alert.personId,
      alert.about,
      alert.quietSeconds,
      JSON.stringify(alert.detail),
    ],
  )
  return rows[0]?.id ?? null
}

/** Marks people for step-up; answers those who were not marked yet. */
export async function flagPeople(
  pool: Queryable,
  people: readonly string[],
  reason: string,
): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    'select flag_people as id from engine.flag_people($1, $2)',
    [[...people], reason],
  )
  return rows.map((row) => row.id)
}
