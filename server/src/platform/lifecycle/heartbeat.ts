import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Pool } from '../postgres/index.ts'
import type { Logger } from '../telemetry/index.ts'

const INTERVAL_MS = 2000

export interface Heartbeat extends AsyncDisposable {
  /** Writes the row now: this process is ready, with what others should know of it. */
  ready(detail: Readonly<Record<string, unknown>>): void
}

/**
 * Keeps this process's row in the table `process` fresh. The row belongs to the role it was made under and to a token that only
 * this process has: no other process can write or remove it. A database that is away is reported once and never ends the process.
 */
export function startHeartbeat(deps: {
  readonly pool: Pool
  readonly log: Logger
  readonly id: string
}): Heartbeat {
  const { pool, log, id } = deps
  const token = randomBytes(32)
  let isReady = false
  let detail: Readonly<Record<string, unknown>> = {}
  let inFlight: Promise<void> | null = null
  let again = false
  let failing = false

  const beat = async (): Promise<void> => {
    try {
      await pool.query('select engine.heartbeat($1, $2, $3, $4, $5, $6)', [
        id,
        token,
        hostname(),
        process.pid,
        isReady,
        JSON.stringify(detail),
      ])
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
      await inFlight
      await pool.query('select engine.end_heartbeat($1, $2)', [id, token]).catch(() => undefined)
    },
  }
}
