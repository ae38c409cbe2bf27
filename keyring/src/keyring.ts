import { chmod, unlink } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { once } from 'node:events'
import { randomUUID } from 'node:crypto'
import { createAdmission, MAX_CONNECTIONS } from './admission.ts'
import { createAuditKey } from './audit-key.ts'
import { createBlindIndex } from './blind-index.ts'
import { createBudgets } from './budgets.ts'
import { createClock } from './clock.ts'
import type { KeyringConfig } from './config.ts'
import { hashToken, serveConnection } from './connection.ts'
import { createContainments } from './containments.ts'
import { createContentKeys } from './content-keys.ts'
import { createDatabase } from './database.ts'
import { createDkimKeys } from './dkim-keys.ts'
import type { DkimKeys } from './dkim-keys.ts'
import { createKeyHierarchy } from './hierarchy.ts'
import type { KeyHierarchy, Roots } from './hierarchy.ts'
import { createLedgerStore } from './ledger-store.ts'
import { describeError } from './log.ts'
import type { Log } from './log.ts'
import { createKeyHandlers } from './operations.ts'
import { createPeppers } from './peppers.ts'
import { createReferenceKeys } from './reference-keys.ts'
import { createRotation } from './rotation.ts'
import { createRsaPool } from './rsa-pool.ts'
import { createSecrets } from './secrets.ts'
import { createShredStore } from './shred-store.ts'
import { createShredding } from './shredding.ts'
import { createSigner } from './signer.ts'
import { createTotp } from './totp.ts'
import { openSpool } from './spool.ts'
import { createStore } from './store.ts'
import { createUnwrapLog } from './unwrap-log.ts'
import { createUpkeep } from './upkeep.ts'
import { createUpkeepHandlers } from './upkeep-operations.ts'

const RSA_POOL_SIZE = 4
const REFUSAL_EVERY_MS = 60_000
/** Rows of refusals a minute, so that a contained process cannot fill the database. */
const MAX_NOTED = 200

/**
 * Puts the keyring together and listens. Does not wait for the database: what needs it answers `unavailable` until it is there.
 * Throws where another keyring listens on the socket.
 */
export async function startKeyring(deps: {
  config: KeyringConfig
  roots: Roots
  log: Log
}): Promise<AsyncDisposable> {
  const { config, roots, log } = deps
  // Tells this run from every other: what it records is numbered under it.
  const instance = randomUUID()
  const { nowMs } = createClock({ wallMs: Date.now, monotonicMs: () => performance.now() })
  const database = createDatabase({ databaseUrl: config.databaseUrl, log })
  const store = createStore({ database })
  const ledger = createLedgerStore({ database, instance })
  const spool = await openSpool({ path: config.spoolPath, nowMs, log })
  const shredding = createShredding({
    store: createShredStore({ database }),
    log,
    delayHours: config.shredDelayHours,
    forget: (workspaceId) => {
      hierarchy.forget(workspaceId)
      dkimKeys.forget(workspaceId)
    },
  })
  const hierarchy: KeyHierarchy = createKeyHierarchy({
    roots,
    store,
    nowMs,
    refuseShredded: (workspaceId) => shredding.refuseShredded(workspaceId),
  })
  const auditKey = createAuditKey({ hierarchy, ledger })
  const unwrapLog = createUnwrapLog({ ledger, auditKey, instance, nowMs })
  const budgets = createBudgets({ floors: config.budgets, ledger, log, nowMs })
  const containments = createContainments({
    database,
    log,
    nowMs,
    onRefused: (process, workspaceId, { capability, containment }) =>
      noteRefusal({
        process,
        workspaceId,
        kind: 'contained',
        detail: `${String(capability)} by ${String(containment)}`,
      }),
  })
  const rotation = createRotation({ database, roots, hierarchy, log })
  const keyPool = createRsaPool({ size: RSA_POOL_SIZE, busy: () => signer.busy() })
  const dkimKeys: DkimKeys = createDkimKeys({ hierarchy, store, takeRsa: () => keyPool.take(), nowMs })
  const signer = createSigner({ keys: dkimKeys })
  const secrets = createSecrets({ hierarchy, budgets, unwrapLog })
  const upkeep = createUpkeep({ budgets, ledger, spool, store, log })

  async function health() {
    const state = await store.ping().then(
      () => 'up',
      () => 'down',
    )
    return {
      database: state,
      root: roots.current.id,
      rsaPool: keyPool.size,
      signing: signer.busy(),
      instance,
      containmentsAgeMs: containments.ageMs(),
      spool: spool.id,
      spoolOldestHour: spool.oldestHour(),
    }
  }

  async function status() {
    return {
      ...(await health()),
      previousRoots: roots.previous.map((root) => root.id),
      roots: await store.rootUse(),
      unwraps: unwrapLog.head().number,
      budgets: budgets.state(),
      rotation: (await rotation.state()) ?? null,
    }
  }

  const handlers = {
    ...createKeyHandlers({
      blindIndex: createBlindIndex({ hierarchy }),
      contentKeys: createContentKeys({ hierarchy, store, spool, budgets, unwrapLog, log, nowMs }),
      containments,
      dkimKeys,
      peppers: createPeppers({ hierarchy }),
      referenceKeys: createReferenceKeys({ hierarchy }),
      secrets,
      signer,
      // Codes are of the time of day, not of the clock that only runs forward: one leap ahead would refuse all from then on.
      totp: createTotp({ secrets, wallMs: Date.now }),
    }),
    ...createUpkeepHandlers({ auditKey, ledger, rotation, shredding, health, status }),
  }

  const notedAtMs = new Map<string, number>()
  /** Whoever is refused can ask a thousand times a second: one row a minute of a kind, a process, a workspace. */
  function noteRefusal(refusal: Parameters<typeof ledger.recordRefusal>[0]): void {
    const what = Object.values(refusal).join(' ')
    if (nowMs() - (notedAtMs.get(what) ?? -Infinity) < REFUSAL_EVERY_MS) return
    if (notedAtMs.size >= MAX_NOTED)
      for (const [name, atMs] of notedAtMs) if (nowMs() - atMs >= REFUSAL_EVERY_MS) notedAtMs.delete(name)
    if (notedAtMs.size >= MAX_NOTED) return
    notedAtMs.set(what, nowMs())
    ledger
      .recordRefusal(refusal)
      .catch((error: unknown) =>
        log('error', 'A refused request could not be recorded', { error: describeError(error) }),
      )
  }

  // Before anything is asked for: a keyring that was made to crash must not have forgotten what was opened within the hour.
  await Promise.all([containments.start(), shredding.start(), budgets.refresh().catch(() => undefined)])
  rotation.start()
  upkeep.start()
  const clients = new Map([...config.clients].map(([token, kind]) => [hashToken(token), kind]))
  const sockets = new Set<Socket>()
  const admission = createAdmission()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serveConnection(socket, {
      clients,
      admission,
      handlers,
      log,
      onForbidden: (process, operation) =>
        noteRefusal({ process, workspaceId: null, kind: 'access', detail: operation }),
    })
  })
  server.maxConnections = MAX_CONNECTIONS
  await listen(server, config.socketPath)
  return {
    async [Symbol.asyncDispose]() {
      keyPool.stop()
      containments.stop()
      upkeep.stop()
      server.close()
      for (const socket of sockets) socket.destroy()
      await Promise.all([rotation.stop(), shredding.stop()])
      await database.close()
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
