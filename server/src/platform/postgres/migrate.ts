import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from 'pg'
import { withClient } from './client.ts'

export interface MigrationDirectory {
  /** Namespace of the numbers, for example `server`. */
  readonly name: string
  readonly path: string
}

export interface MigrateOptions {
  readonly ownerUrl: string
  /** Applied in this order. */
  readonly directories: readonly MigrationDirectory[]
  readonly log: (line: string) => void
}

interface Migration {
  readonly id: string
  readonly sql: string
  readonly checksum: string
}

/**
 * Applies what is missing of the numbered, forward-only `NNNN_name.sql` files, each in its own transaction, under one advisory
 * lock, so that many hosts may start at once. Returns the number applied.
 * @throws Error where an applied file was changed, is missing, or a file fails: the database then stands before that file.
 */
export async function migrate(options: MigrateOptions): Promise<number> {
  const migrations = options.directories.flatMap(readDirectory)
  return withClient(options.ownerUrl, 'bulkhead migrate', async (client) => {
    await client.query("select pg_advisory_lock(hashtext('bulkhead migrate'))")
    await client.query('create schema if not exists migration')
    await client.query(
      'create table if not exists migration.applied (id text primary key, checksum text not null, applied_at timestamptz not null default now(), took_ms integer not null)',
    )
    const { rows } = await client.query<{ id: string; checksum: string }>(
      'select id, checksum from migration.applied order by id',
    )
    checkHistory(migrations, rows, options.directories)
    const applied = new Set(rows.map((row) => row.id))
    const missing = migrations.filter((migration) => !applied.has(migration.id))
    for (const [index, migration] of missing.entries()) {
      const tookMs = await apply(client, migration)
      options.log(`Migration ${index + 1}/${missing.length} ${migration.id} (${tookMs} ms)`)
    }
    return missing.length
  })
}

async function apply(client: Client, migration: Migration): Promise<number> {
  const started = performance.now()
  try {
    await client.query('begin')
    await client.query(migration.sql)
    const tookMs = Math.round(performance.now() - started)
    await client.query('insert into migration.applied (id, checksum, took_ms) values ($1, $2, $3)', [
      migration.id,
      migration.checksum,
      tookMs,
    ])
    await client.query('commit')
    return tookMs
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    const reason =
      error instanceof Error ? `${error.message}${positionOf(error, migration.sql)}` : String(error)
    throw new Error(`Migration ${migration.id} failed and was rolled back: ${reason}`, { cause: error })
  } finally {
    // A file may set search_path or a role for itself only.
    await client.query('reset all').catch(() => undefined)
  }
}

function positionOf(error: Error, sql: string): string {
  const position = 'position' in error ? Number(error.position) : Number.NaN
  return Number.isInteger(position) ? ` (line ${sql.slice(0, position).split('\n').length})` : ''
}

function readDirectory(directory: MigrationDirectory): Migration[] {
  const files = readdirSync(directory.path)
    .filter((file) => file.endsWith('.sql'))
    .sort()
  const numbers = new Set<string>()
  return files.map((file) => {
    const number = /^(\d{4})_[a-z0-9_]+\.sql$/.exec(file)?.[1]
    if (number === undefined)
      throw new Error(`${join(directory.path, file)}: a migration is called NNNN_name.sql`)
    if (numbers.has(number)) throw new Error(`${join(directory.path, file)}: the number ${number} is taken`)
    numbers.add(number)
    const sql = readFileSync(join(directory.path, file), 'utf8')
    return {
      id: `${directory.name}/${file.slice(0, -4)}`,
      sql,
      checksum: createHash('sha256').update(sql).digest('hex'),
    }
  })
}

function checkHistory(
  migrations: readonly Migration[],
  rows: readonly { id: string; checksum: string }[],
  directories: readonly MigrationDirectory[],
): void {
  const known = new Map(migrations.map((migration) => [migration.id, migration]))
  for (const row of rows) {
    // A directory that this installation does not ship is not its business.
    if (!directories.some((directory) => row.id.startsWith(`${directory.name}/`))) continue
    const migration = known.get(row.id)
    if (migration === undefined) {
      throw new Error(
        `The database has migration ${row.id}, which this version does not know: start the newer version it was made by`,
      )
    }
    if (migration.checksum !== row.checksum) {
      throw new Error(
        `Migration ${row.id} was changed after it was applied: restore the file and put the change into a new one`,
      )
    }
  }
  for (const directory of directories) {
    const last = rows.findLast((row) => row.id.startsWith(`${directory.name}/`))?.id
    const late = migrations.find(
      (migration) =>
        last !== undefined &&
        migration.id.startsWith(`${directory.name}/`) &&
        migration.id < last &&
        !rows.some((row) => row.id === migration.id),
    )
    if (late !== undefined)
      throw new Error(
        `Migration ${late.id} comes before ${last}, which is applied already: give it a higher number`,
      )
  }
}
