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
  let letGo: (() => void) | undefined
  let timer: NodeJS.Timeout | undefined

  async function open(): Promise<void> {
    const client = await pool.connect()
    let released = false
    const release = (error?: Error): boolean => {
      if (released) return false
      released = true
      letGo = undefined
      // Never back into the pool: the connection still listens.
      client.release(error ?? new Error('the connection ended'))
      return true
    }
    const lost = (error?: Error): void => {
      if (release(error)) again(error)
    }
    letGo = () => release()
    client.on('error', lost)
    client.on('end', () => lost())
    client.on('notification', (message) => onPayload(message.payload ?? ''))
    try {
      await client.query(`listen ${channel}`)
    } catch (error) {
      lost(error instanceof Error ? error : new Error('LISTEN failed'))
    }
    if (ended) release()
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
      letGo?.()
      return Promise.resolve()
    },
  }
}
