import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../platform/config/index.ts'
import { ensureRoles, migrate, startEmbeddedPostgres, withClient } from '../platform/postgres/index.ts'
import type { EmbeddedPostgres, RoleUrls } from '../platform/postgres/index.ts'
import type { Output } from './supervisor-output.ts'

const OLDEST_VERSION = 15
const LAST_BACK_OFF_MS = 5000

export interface Database {
  readonly roleUrls: RoleUrls
  /** Stops the embedded server; a database of the user's own is left alone. */
  stop(mode: 'fast' | 'immediate'): Promise<void>
}

export interface DatabaseDeps {
  readonly config: Config
  readonly root: string
  readonly runtimeDirectory: string
  readonly output: Output
  readonly signal: AbortSignal
}

/** Brings the database up: server (unless the user has one), roles, migrations. An embedded server that dies is started again. */
export async function openDatabase(deps: DatabaseDeps): Promise<Database> {
  const { config, output } = deps
  const startedMs = performance.now()
  const embedded = config.databaseUrl === null ? await keepEmbeddedRunning(deps) : null
  try {
    const ownerUrl = embedded?.ownerUrl ?? config.databaseUrl?.reveal() ?? ''
    if (embedded === null) output.done(`PostgreSQL ${await checkServer(ownerUrl)} reached`, startedMs)
    else output.done(`PostgreSQL ${embedded.version} ready`, startedMs)
    const roleUrls = await ensureRoles({
      ownerUrl,
      secretsFile: join(config.dataDirectory, 'secrets', 'database-roles.json'),
      exclusive: embedded !== null,
      log: (line) => output.note(line),
    })
    const migratingMs = performance.now()
    const directories = ['server', 'keyring']
      .map((name) => ({ name, path: join(deps.root, name, 'migrations') }))
      .filter(({ path }) => existsSync(path))
    const applied = await migrate({ ownerUrl, directories, log: (line) => output.note(line) })
    output.done(applied === 0 ? 'Database is up to date' : `Database migrated, ${applied} steps`, migratingMs)
    return { roleUrls, stop: async (mode) => embedded?.stop(mode) }
  } catch (error) {
    await embedded?.stop('fast')
    throw error
  }
}

interface KeptServer {
  readonly ownerUrl: string
  readonly version: string
  stop(mode: 'fast' | 'immediate'): Promise<void>
}

async function keepEmbeddedRunning(deps: DatabaseDeps): Promise<KeptServer> {
  const { config, runtimeDirectory, output, signal } = deps
  const stopping = new AbortController()
  const start = (): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({
      dataDirectory: config.dataDirectory,
      runtimeDirectory,
      log: (line) => output.note(line),
      signal: AbortSignal.any([signal, stopping.signal]),
    })
  output.begin('Starting PostgreSQL')
  let current: EmbeddedPostgres | null = await start()
  const { ownerUrl, version } = current

  const keep = async (): Promise<void> => {
    let backOffMs = 100
    while (!stopping.signal.aborted) {
      if (current !== null) {
        const reason = await current.exited
        current = null
        if (isStopping()) return
        output.warn(`${reason}; it is started again`)
      }
      const startedMs = performance.now()
      try {
        current = await start()
        output.done(`PostgreSQL ${version} ready again`, startedMs)
        backOffMs = 100
      } catch (error) {
        if (isStopping()) return
        output.error(error instanceof Error ? error.message : String(error))
        await sleep(backOffMs, undefined, { ref: false })
        backOffMs = Math.min(backOffMs * 2, LAST_BACK_OFF_MS)
      }
    }
  }
  const isStopping = (): boolean => stopping.signal.aborted
  const keeping = keep()
  return {
    ownerUrl,
    version,
    stop: async (mode) => {
      stopping.abort()
      await current?.stop(mode)
      await keeping
      // A restart that was under way when the stop came.
      await current?.stop(mode)
    },
  }
}

async function checkServer(url: string): Promise<string> {
  const numberText = await withClient(url, 'bulkhead start', async (client) => {
    const { rows } = await client.query<{ server_version_num: string }>('show server_version_num')
    return rows[0]?.server_version_num ?? '0'
  }).catch((error: unknown) => {
    const reason = error instanceof Error && error.message !== '' ? error.message : String(error)
    throw new Error(`The database of BULKHEAD_DATABASE_URL cannot be used: ${reason}`, { cause: error })
  })
  const major = Math.floor(Number(numberText) / 10_000)
  if (major < OLDEST_VERSION) {
    throw new Error(`BULKHEAD_DATABASE_URL is PostgreSQL ${major}: ${OLDEST_VERSION} or newer is needed`)
  }
  return String(major)
}
