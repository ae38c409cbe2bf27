import type { Queryable } from '../postgres/index.ts'

export interface LiveProcess {
  readonly kind: string
  readonly host: string
  readonly pid: number
  /** What it said of itself at its last heartbeat. */
  readonly ready: boolean
  readonly heartbeatAgeMs: number
  readonly uptimeSeconds: number
  /** Of the process smtp: where mail from outside comes in, `off` where it does not. */
  readonly inbound?: string
}

interface ProcessRow {
  kind: string
  host: string
  pid: number
  ready: boolean
  age_ms: number
  uptime_seconds: number
  inbound: string | null
}

/** The processes whose heartbeat is younger than a minute, of all hosts. */
export async function readLiveProcesses(pool: Queryable): Promise<LiveProcess[]> {
  const { rows } = await pool.query<ProcessRow>(
    `select kind, host, pid, ready,
            (extract(epoch from now() - heartbeat_at) * 1000)::integer as age_ms,
            extract(epoch from now() - started_at)::integer as uptime_seconds,
            left(detail->>'inbound', 300) as inbound
     from process
     where heartbeat_at > now() - interval '1 minute'
     order by kind, started_at`,
  )
  return rows.map((row) => ({
    kind: row.kind,
    host: row.host,
    pid: row.pid,
    ready: row.ready,
    heartbeatAgeMs: row.age_ms,
    uptimeSeconds: row.uptime_seconds,
    ...(row.inbound === null ? {} : { inbound: row.inbound }),
  }))
}
