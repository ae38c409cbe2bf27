import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Client } from 'pg'
import type { TestProject } from 'vitest/node'
import { openRuntimeDirectory } from '../../src/platform/lifecycle/runtime-directory.ts'
import {
  ensureRoles,
  isAlive,
  migrate,
  pathDigest,
  startEmbeddedPostgres,
  withDatabase,
} from '../../src/platform/postgres/index.ts'
import type { LoginRole } from '../../src/platform/postgres/index.ts'
import { stopOrphan } from '../../src/platform/postgres/orphan.ts'

const PREFIX = 'bulkhead-test-'
const ROOT = resolve(import.meta.dirname, '../../..')

/** What the workers of a run need to make databases of their own. */
export interface TestCluster {
  readonly superuserUrl: string
  readonly ownerUrl: string
  readonly roleUrls: Readonly<Record<LoginRole, string>>
  readonly template: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    cluster: TestCluster
  }
}

/** The migrations of all parts that ship some, in the order the supervisor applies them. */
export function migrationDirectories(): { name: string; path: string }[] {
  return ['server', 'keyring']
    .map((name) => ({ name, path: join(ROOT, name, 'migrations') }))
    .filter(({ path }) => existsSync(path))
}

/** vitest's global set-up: one PostgreSQL per run, and a migrated template from which every test database is cloned. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeAbandoned()
  const dataDirectory = makeDirectory('test')
  writeFileSync(join(dataDirectory, 'owner'), String(process.pid))
  const runtimeDirectory = openRuntimeDirectory(pathDigest(dataDirectory))
  // A throw-away cluster: what is lost in a power cut does not matter here. The tests of durability start their own.
  const settings = { fsync: 'off', shared_buffers: '64MB', max_connections: '200' }
  const server = await startEmbeddedPostgres({
    dataDirectory,
    runtimeDirectory,
    log: () => undefined,
    settings,
  })
  const remove = async (): Promise<void> => {
    await server.stop('immediate')
    rmSync(dataDirectory, { recursive: true, force: true })
    rmSync(runtimeDirectory, { recursive: true, force: true })
  }
  try {
    const template = 'bulkhead_template'
    const roleUrls = await ensureRoles({
      ownerUrl: server.ownerUrl,
      secretsFile: join(dataDirectory, 'secrets/database-roles.json'),
      exclusive: true,
    })
    const admin = new Client({ connectionString: server.superuserUrl })
    await admin.connect()
    await admin.query(`create database ${template} owner bulkhead_owner`)
    await admin.end()
    await migrate({
      ownerUrl: withDatabase(server.ownerUrl, template),
      directories: migrationDirectories(),
      log: () => undefined,
    })
    project.provide('cluster', {
      superuserUrl: server.superuserUrl,
      ownerUrl: server.ownerUrl,
      roleUrls,
      template,
    })
  } catch (error) {
    await remove()
    throw error
  }
  return remove
}

/** Removes what a killed run left behind: its server still runs, and its directory is still there. */
async function removeAbandoned(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((item) => item.startsWith(PREFIX))) {
    const directory = join(tmpdir(), name)
    const owner = join(directory, 'owner')
    if (!existsSync(owner) || isAlive(Number(readFileSync(owner, 'utf8')))) continue
    await stopOrphan(join(directory, 'postgres'), () => undefined)
    rmSync(directory, { recursive: true, force: true })
    rmSync(join(tmpdir(), `bulkhead-${pathDigest(directory)}`), { recursive: true, force: true })
  }
}

/** A name for a database that no other test has. */
export function uniqueDatabaseName(): string {
  return `test_${randomBytes(8).toString('hex')}`
}

/** A directory of one's own under the system's temporary one, `bulkhead-<name>-…`; PostgreSQL's user may pass through it. */
export function makeDirectory(name: string): string {
  const path = mkdtempSync(join(tmpdir(), `bulkhead-${name}-`))
  // As root the server runs as another user; without this the cluster would move to /var/lib/bulkhead.
  chmodSync(path, 0o711)
  return path
}
