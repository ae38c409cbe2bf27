import { unlink } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import type { SmtpListener, SmtpListenerAddress, SmtpLog } from './types.ts'

export interface OpenListener {
  readonly address: SmtpListenerAddress
  /** Accepts no more; resolves when the last connection is closed. */
  stop(): Promise<void>
}

/** One read is 64 KiB; beyond this much unread input a paused socket stops reading. */
const READ_AHEAD_BYTES = 16_384
const BACKLOG = 1_024

/** Opens one listener. Fails with Node's error (EADDRINUSE, EACCES …). */
export async function openListener(
  listener: SmtpListener,
  onConnection: (socket: Socket) => void,
  log: SmtpLog,
): Promise<OpenListener> {
  const server = createServer({ allowHalfOpen: true, highWaterMark: READ_AHEAD_BYTES }, onConnection)
  try {
    await listen(server, listener)
  } catch (error) {
    if (!(await removeStale(listener, error))) throw error
    await listen(server, listener)
  }
  server.on('error', (error) =>
    log.error({ listener: listener.name, error: error.name }, 'smtp listener failed'),
  )
  const bound = server.address()
  const network = typeof bound === 'object' ? bound : null
  return {
    address: {
      name: listener.name,
      host: network?.address ?? null,
      port: network?.port ?? null,
      path: listener.path ?? null,
    },
    async stop() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

function listen(server: Server, listener: SmtpListener): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const ready = (): void => {
      server.off('error', reject)
      resolve()
    }
    if (listener.path !== undefined) server.listen({ path: listener.path, backlog: BACKLOG }, ready)
    else
      server.listen({ host: listener.host ?? '127.0.0.1', port: listener.port ?? 0, backlog: BACKLOG }, ready)
  })
}

/** After kill -9 the socket file stays. It is removed when nobody answers on it. */
async function removeStale(listener: SmtpListener, error: unknown): Promise<boolean> {
  const { path } = listener
  const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
  if (path === undefined || !inUse) return false
  const refused = await new Promise<boolean>((resolve) => {
    const probe = connect({ path })
    probe.once('connect', () => {
      probe.destroy()
      resolve(false)
    })
    probe.once('error', (failure) => resolve('code' in failure && failure.code === 'ECONNREFUSED'))
  })
  if (refused) await unlink(path)
  return refused
}
