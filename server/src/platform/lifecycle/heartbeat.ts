import { hostname } from 'node:os'
import type { Pool } from '../postgres/index.ts'
import type { Logger } from '../telemetry/index.ts'

const INTERVAL_MS = 2000

export interface Heartbeat extends AsyncDisposable {
  /** Writes the row now: this process is ready, with what others should know of it. */
  ready(detail: Readonly<Record<string, unknown>>): void
}

/** Keeps this process's row in the table `process` fresh. A database that is away is reported once and never ends the process. */
export function startHeartbeat(deps: {
  readonly pool: Pool
  readonly log: Logger
  readonly id: string
  readonly kind: string
}): Heartbeat {
  const { pool, log, id, kind } = deps
  let isReady = false
  let detail: Readonly<Record<string, unknown>> = {}
  let inFlight: Promise<void> | null = null
  let again = false
  let failing = false

  const beat = async (): Promise<void> => {
    try {
      await pool.query(
        `insert into process (id, kind, host, pid, ready, detail)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (id) do update
         set heartbeat_at = now(), ready = excluded.ready, detail = excluded.detail`,
        [id, kind, hostname(), process.pid, isReady, JSON.stringify(detail)],
      )
      if (failing) log.info('The heartbeat reaches the database again')
      failing = false
    } catch (error) {
      if (!failing) log.warn({ err: error }, 'The heartbeat does not reach the database')
      failing = true
    }
  }
  const trigger = (): void => {
    if (inFlight !== null) {
      again = true
      return
    }
    inFlight = beat().finally(() => {
      inFlight = null
      if (again) {
        again = false
        trigger()
      }
    })
  }
  const forgetDead = pool
    .query("delete from process where heartbeat_at < now() - interval '1 day'")
    .then(() => undefined)
    .catch(() => undefined)
  trigger()
  const timer = setInterval(trigger, INTERVAL_MS)
  return {
    ready: (given) => {
      isReady = true
      detail = given
      trigger()
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer)
      again = false
      await Promise.all([inFlight, forgetDead])
      await pool.query('delete from process where id = $1', [id]).catch(() => undefined)
    },
  }
}
