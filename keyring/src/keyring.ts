import { chmod, unlink } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { once } from 'node:events'
import { createBlindIndex } from './blind-index.ts'
import type { KeyringConfig } from './config.ts'
import { hashToken, serveConnection } from './connection.ts'
import { createContentKeys } from './content-keys.ts'
import { createDkimKeys } from './dkim-keys.ts'
import type { DkimKeys } from './dkim-keys.ts'
import { createKeyHierarchy } from './hierarchy.ts'
import type { Log } from './log.ts'
import { createHandlers } from './operations.ts'
import type { Health } from './operations.ts'
import type { RootProvider } from './root.ts'
import { createRsaPool } from './rsa-pool.ts'
import { createSecrets } from './secrets.ts'
import { createSigner } from './signer.ts'
import { createStore } from './store.ts'
import { createUnwrapLog } from './unwrap-log.ts'

const RSA_POOL_SIZE = 4
const MAX_CONNECTIONS = 256

/**
 * Puts the keyring together and listens. Does not wait for the database: what needs it answers `unavailable` until it is there.
 * Throws where another keyring listens on the socket.
 */
export async function startKeyring(deps: {
  config: KeyringConfig
  root: RootProvider
  log: Log
}): Promise<AsyncDisposable> {
  const { config, root, log } = deps
  const store = createStore({ databaseUrl: config.databaseUrl, log })
  const unwrapLog = createUnwrapLog({ store })
  const hierarchy = createKeyHierarchy({ root, store })
  const keyPool = createRsaPool({ size: RSA_POOL_SIZE, busy: () => signer.busy() })
  const dkimKeys: DkimKeys = createDkimKeys({ hierarchy, store, takeRsa: () => keyPool.take() })
  const signer = createSigner({ keys: dkimKeys })

  async function health(): Promise<Health> {
    const database = await store.ping().then(
      () => 'up' as const,
      () => 'down' as const,
    )
    return { database, root: root.id, rsaPool: keyPool.size, signing: signer.busy() }
  }

  const handlers = createHandlers({
    blindIndex: createBlindIndex({ hierarchy }),
    contentKeys: createContentKeys({ hierarchy, store, unwrapLog }),
    dkimKeys,
    secrets: createSecrets({ hierarchy, unwrapLog }),
    signer,
    health,
  })
  const clients = new Map([...config.clients].map(([token, kind]) => [hashToken(token), kind]))
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serveConnection(socket, { clients, handlers, log })
  })
  server.maxConnections = MAX_CONNECTIONS
  await listen(server, config.socketPath)
  return {
    async [Symbol.asyncDispose]() {
      keyPool.stop()
      server.close()
      for (const socket of sockets) socket.destroy()
      await store.close()
    },
  }
}

/** Takes over a socket file that a killed keyring left behind, but never one that is in use. */
async function listen(server: Server, path: string): Promise<void> {
  if (await isInUse(path)) throw new Error(`Another keyring listens on ${path}`)
  await unlink(path).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  })
  // Only this user may connect; the mask covers the moment before chmod.
  const mask = process.umask(0o177)
  server.listen(path)
  try {
    await once(server, 'listening')
  } finally {
    process.umask(mask)
  }
  await chmod(path, 0o600)
}

async function isInUse(path: string): Promise<boolean> {
  const probe = connect(path)
  try {
    await once(probe, 'connect')
    return true
  } catch {
    return false
  } finally {
    probe.destroy()
  }
}
