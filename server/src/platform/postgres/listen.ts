import type { PoolClient } from 'pg'
import type { Logger } from 'pino'
import type { Pool } from './pool.ts'

const RETRY_MS = 1_000
const CHANNEL = /^[a-z_]+$/

/**
 * Listens on a channel over a connection of its own and comes back by itself. Notifications are hints: some are lost while the
 * connection is away, so that whoever listens also looks by itself from time to time.
 */
export function listen(
  pool: Pool,
  channel: string,
  log: Logger,
  onPayload: (payload: string) => void,
): AsyncDisposable {
  if (!CHANNEL.test(channel)) throw new Error(`${channel} is not a channel`)
  let ended = false
  let client: PoolClient | undefined
  let timer: NodeJS.Timeout | undefined

  async function open(): Promise<void> {
    const next = await pool.connect()
    let over = false
    const lost = (error?: Error): void => {
      if (over) return
      over = true
      client = undefined
      next.release(error ?? new Error('the connection ended'))
      again(error)
    }
    next.on('error', lost)
    next.on('end', () => lost())
    next.on('notification', (message) => onPayload(message.payload ?? ''))
    await next.query(`listen ${channel}`)
    if (ended) return lost()
    client = next
  }

  function again(error?: unknown): void {
    if (ended) return
    log.debug({ err: error, channel }, 'Listening is interrupted; polling goes on')
    timer = setTimeout(start, RETRY_MS)
  }

  function start(): void {
    open().catch(again)
  }

  start()
  return {
    [Symbol.asyncDispose](): Promise<void> {
      ended = true
      clearTimeout(timer)
      client?.release(true)
      client = undefined
      return Promise.resolve()
    },
  }
}
