import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawnOptions } from './account.ts'
import { withClient } from './client.ts'
import { checkVersion, ensureCluster } from './cluster.ts'
import { errorCode } from './errors.ts'
import { stopOrphan } from './orphan.ts'
import { makePrivateDirectory, placeCluster } from './placement.ts'
import type { Placement } from './placement.ts'
import { scramVerifier } from './scram.ts'
import { socketUrl } from './urls.ts'

const RECOVERY_LIMIT_MS = 600_000
const LAUNCH_LIMIT_MS = 20_000
const STOP_MS = { fast: 20_000, immediate: 10_000 } as const
const OWNER = 'bulkhead_owner'

export interface EmbeddedPostgresOptions {
  /** Absolute path of Bulkhead's data directory. */
  readonly dataDirectory: string
  /** Absolute path of a short private directory; the socket goes into its `pg`. */
  readonly runtimeDirectory: string
  readonly log: (line: string) => void
  /** Settings that replace the ones below. */
  readonly settings?: Readonly<Record<string, string>>
  /** Aborts a start that is under way. */
  readonly signal?: AbortSignal
}

export interface EmbeddedPostgres extends AsyncDisposable {
  /** Owner of the database `bulkhead`; may create roles, is no superuser. */
  readonly ownerUrl: string
  readonly superuserUrl: string
  /** Major version. */
  readonly version: string
  readonly clusterDirectory: string
  readonly pid: number
  /** Resolves with a description when the server process ends, for whatever reason. */
  readonly exited: Promise<string>
  /** `fast` rolls back what is open and writes a checkpoint; `immediate` leaves recovery to the next start. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>
}

/**
 * Starts the real PostgreSQL server from npm on a cluster in the data directory, making the cluster on first start. Listens on a
 * private Unix socket only. Recovers from any kill: an orphan of an earlier run is stopped, a stale lock is cleared, crash recovery is
 * waited for.
 * @throws Error with the end of the server's log where it does not start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const placement = placeCluster(options.dataDirectory, options.log)
  const socketDirectory = join(options.runtimeDirectory, 'pg')
  const secretsFile = join(options.dataDirectory, 'secrets', 'postgres.json')
  makePrivateDirectory(placement.account, socketDirectory)
  if (Buffer.byteLength(join(socketDirectory, '.s.PGSQL.5432')) > 100) {
    throw new Error(
      `The path of the socket directory ${socketDirectory} is too long for a Unix socket: set TMPDIR to a shorter one`,
    )
  }
  const passwords = await ensureCluster(placement, options, secretsFile)
  const version = checkVersion(placement)
  await stopOrphan(placement.cluster, options.log)
  removeStaleSocketLock(socketDirectory)

  const superuserUrl = socketUrl({
    user: 'postgres',
    password: passwords.superuser,
    database: 'postgres',
    socketDirectory,
  })
  const server = await launch(placement, socketDirectory, superuserUrl, options)
  const stop = (mode: 'fast' | 'immediate' = 'fast'): Promise<void> => stopServer(server, mode)
  try {
    await ensureOwner(superuserUrl, passwords.owner)
  } catch (error) {
    await stop('immediate')
    throw error
  }
  return {
    ownerUrl: socketUrl({ user: OWNER, password: passwords.owner, database: 'bulkhead', socketDirectory }),
    superuserUrl,
    version,
    clusterDirectory: placement.cluster,
    pid: server.child.pid ?? 0,
    exited: server.exited,
    stop,
    [Symbol.asyncDispose]: () => stop(),
  }
}

interface Server {
  readonly child: ChildProcess
  readonly exited: Promise<string>
}

function serverSettings(socketDirectory: string): Record<string, string> {
  const quarterMb = Math.floor(totalmem() / 4 / 1_048_576)
  return {
    listen_addresses: '',
    unix_socket_directories: socketDirectory,
    unix_socket_permissions: '0700',
    port: '5432',
    max_connections: '100',
    shared_buffers: `${Math.max(32, Math.min(256, quarterMb))}MB`,
    synchronous_commit: 'on',
    fsync: 'on',
    wal_level: 'replica',
    max_wal_size: '2GB',
    checkpoint_timeout: '10min',
    // The queue makes two dead rows per recipient; a minute of them, the default, is a hundred thousand.
    autovacuum_naptime: '10s',
    idle_in_transaction_session_timeout: '60s',
    jit: 'off',
    password_encryption: 'scram-sha-256',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // One file per day of the week. Statements, parameters and details stay out of it: they hold addresses.
    logging_collector: 'on',
    log_directory: 'log',
    log_filename: 'postgresql-%a.log',
    log_truncate_on_rotation: 'on',
    log_rotation_age: '1d',
    log_rotation_size: '0',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
  }
}

async function launch(
  placement: Placement,
  socketDirectory: string,
  superuserUrl: string,
  options: EmbeddedPostgresOptions,
): Promise<Server> {
  const deadline = Date.now() + LAUNCH_LIMIT_MS
  for (;;) {
    const server = spawnServer(placement, socketDirectory, options)
    const failure = await untilReady(server, superuserUrl, options)
    if (failure === null) return server
    const reason = `${failure}\n${logTail(placement.cluster, options.dataDirectory)}`
    // After a kill -9 of the server alone, its children take a moment to notice and let go of the shared memory.
    const mayPass = /pre-existing shared memory block|lock file .* already exists/.test(reason)
    if (!mayPass || Date.now() > deadline || options.signal?.aborted === true)
      throw new Error(`PostgreSQL did not start: ${reason}`)
    await sleep(300)
  }
}

function spawnServer(
  placement: Placement,
  socketDirectory: string,
  options: EmbeddedPostgresOptions,
): Server {
  const settings = { ...serverSettings(socketDirectory), ...options.settings }
  const args = [
    '-D',
    placement.cluster,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]
  // A file, not a pipe: a server that outlives its supervisor must not die of a broken pipe.
  const stderr = openSync(startLog(options.dataDirectory), 'w', 0o600)
  try {
    const child = spawn(join(placement.native, 'bin/postgres'), args, {
      ...spawnOptions(placement.account),
      stdio: ['ignore', stderr, stderr],
      // A session of its own: Ctrl-C in the terminal must reach the supervisor only, which stops things in order.
      detached: true,
    })
    const exited = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(`PostgreSQL could not be run: ${error.message}`))
      child.once('exit', (code, signal) => resolve(`PostgreSQL ended (${signal ?? `exit code ${code}`})`))
    })
    return { child, exited }
  } finally {
    closeSync(stderr)
  }
}

/** Null when the server answers; otherwise why it does not. */
async function untilReady(
  server: Server,
  url: string,
  options: EmbeddedPostgresOptions,
): Promise<string | null> {
  const started = Date.now()
  let ended: string | null = null
  let told = false
  void server.exited.then((description) => (ended = description))
  for (;;) {
    if (ended !== null) return ended
    const code = await tryConnect(url)
    if (code === null) return null
    if (code === '28P01') {
      await stopServer(server, 'fast')
      return `secrets/postgres.json in ${options.dataDirectory} does not hold the password of this database`
    }
    const waitedMs = Date.now() - started
    if (options.signal?.aborted === true || waitedMs > RECOVERY_LIMIT_MS) {
      await stopServer(server, 'immediate')
      return options.signal?.aborted === true
        ? 'the start was cancelled'
        : 'it is not ready after ten minutes'
    }
    if (waitedMs > 3000 && !told) {
      told = true
      options.log('PostgreSQL is recovering from the last stop')
    }
    await sleep(40)
  }
}

async function tryConnect(url: string): Promise<string | null> {
  try {
    await withClient(url, 'bulkhead start', async () => undefined)
    return null
  } catch (error) {
    return errorCode(error) ?? 'unknown'
  }
}

async function ensureOwner(superuserUrl: string, password: string): Promise<void> {
  await withClient(superuserUrl, 'bulkhead start', async (client) => {
    const role = await client.query('select 1 from pg_roles where rolname = $1', [OWNER])
    if (role.rowCount === 0) {
      const verifier = client.escapeLiteral(scramVerifier(password))
      await client.query(`create role ${OWNER} login createrole password ${verifier}`)
    }
    const database = await client.query("select 1 from pg_database where datname = 'bulkhead'")
    if (database.rowCount === 0) await client.query(`create database bulkhead owner ${OWNER}`)
  })
}

async function stopServer(server: Server, mode: 'fast' | 'immediate'): Promise<void> {
  const { child } = server
  const hasEnded = (): boolean =>
    child.exitCode !== null || child.signalCode !== null || child.pid === undefined
  const within = (ms: number): Promise<unknown> =>
    Promise.race([server.exited, sleep(ms, undefined, { ref: false })])
  if (hasEnded()) return
  if (mode === 'fast') {
    child.kill('SIGINT')
    await within(STOP_MS.fast)
  }
  if (!hasEnded()) {
    child.kill('SIGQUIT')
    await within(STOP_MS.immediate)
  }
  if (!hasEnded()) {
    child.kill('SIGKILL')
    await server.exited
  }
}

/** The socket's lock file names a process number that may belong to something else by now; no server runs on this cluster here. */
function removeStaleSocketLock(socketDirectory: string): void {
  rmSync(join(socketDirectory, '.s.PGSQL.5432.lock'), { force: true })
  rmSync(join(socketDirectory, '.s.PGSQL.5432'), { force: true })
}

function startLog(dataDirectory: string): string {
  return join(dataDirectory, 'postgres-start.log')
}

function logTail(cluster: string, dataDirectory: string): string {
  const directory = join(cluster, 'log')
  const files = existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : []
  const newest = files.map((file) => ({ file, at: statSync(file).mtimeMs })).sort((a, b) => b.at - a.at)[0]
  const texts = [startLog(dataDirectory), newest?.file].map((file) =>
    file === undefined || !existsSync(file) ? '' : readFileSync(file, 'utf8').slice(-1500).trim(),
  )
  return texts.filter((text) => text !== '').join('\n')
}
