import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { spawnOptions } from './account.ts'
import { makePrivateDirectory, recordPlacement } from './placement.ts'
import type { Placement } from './placement.ts'
import { generatePassword, readPasswords, writePasswords } from './secrets-file.ts'

const DRAFT = '.initialising-'

interface ClusterOptions {
  readonly dataDirectory: string
  readonly runtimeDirectory: string
  readonly log: (line: string) => void
  readonly signal?: AbortSignal
}

/**
 * Makes the cluster where there is none yet and returns the passwords of the superuser and the owner.
 * @throws Error where a cluster exists without its passwords, or initdb fails.
 */
export async function ensureCluster(
  placement: Placement,
  options: ClusterOptions,
  secretsFile: string,
): Promise<{ superuser: string; owner: string }> {
  const kept = readPasswords(secretsFile)
  removeDrafts(placement.cluster)
  if (existsSync(join(placement.cluster, 'PG_VERSION'))) {
    const { superuser, owner } = kept ?? {}
    if (superuser === undefined || owner === undefined) {
      throw new Error(
        `${secretsFile} is missing, and without it the database in ${placement.cluster} cannot be opened: restore it from a backup`,
      )
    }
    recordPlacement(options.dataDirectory)
    return { superuser, owner }
  }
  const passwords = { superuser: generatePassword(), owner: generatePassword() }
  writePasswords(secretsFile, passwords)
  options.log('Making the database cluster (first start)')
  // Made aside and renamed: a start that is killed here leaves nothing that looks like a database. The name is its own, because
  // the initdb of a killed start may still be at work.
  const suffix = randomBytes(4).toString('hex')
  const draft = `${placement.cluster}${DRAFT}${suffix}`
  makePrivateDirectory(placement.account, draft)
  const passwordFile = join(options.runtimeDirectory, 'pg', `initdb-${suffix}`)
  writeFileSync(passwordFile, `${passwords.superuser}\n`, { mode: 0o600 })
  if (placement.account !== null) chownSync(passwordFile, placement.account.uid, placement.account.gid)
  try {
    await runInitdb(placement, draft, passwordFile, options.signal)
  } finally {
    rmSync(passwordFile, { force: true })
  }
  renameSync(draft, placement.cluster)
  recordPlacement(options.dataDirectory)
  return passwords
}

/** Removes what killed first starts left; one that an orphaned initdb still writes to stays until the next start. */
function removeDrafts(cluster: string): void {
  const parent = dirname(cluster)
  if (!existsSync(parent)) return
  for (const name of readdirSync(parent).filter((item) => item.startsWith(`${basename(cluster)}${DRAFT}`))) {
    try {
      rmSync(join(parent, name), { recursive: true, force: true })
    } catch {
      continue
    }
  }
}

async function runInitdb(
  placement: Placement,
  directory: string,
  passwordFile: string,
  signal?: AbortSignal,
): Promise<void> {
  const args = [
    `--pgdata=${directory}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--data-checksums',
  ]
  const child = spawn(join(placement.native, 'bin/initdb'), args, {
    ...spawnOptions(placement.account),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  })
  let output = ''
  const collect = (chunk: Buffer): void => {
    output = `${output}${chunk.toString()}`.slice(-4000)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, name) => resolve(status ?? name ?? 'unknown'))
  })
  if (code !== 0) throw new Error(`initdb failed (${code}):\n${output.trim()}`)
}

/**
 * The major version of the cluster.
 * @throws Error where the binaries are of another one.
 */
export function checkVersion(placement: Placement): string {
  const made = readFileSync(join(placement.cluster, 'PG_VERSION'), 'utf8').trim()
  const catalog = readdirSync(join(placement.native, 'share'), { recursive: true })
    .map(String)
    .find((name) => name.endsWith('postgres.bki'))
  const head =
    catalog === undefined ? '' : readFileSync(join(placement.native, 'share', catalog), 'utf8').slice(0, 100)
  const runs = /^# PostgreSQL (\d+)/.exec(head)?.[1]
  if (runs !== undefined && runs !== made) {
    throw new Error(
      `The database in ${placement.cluster} was made by PostgreSQL ${made}, but this version brings PostgreSQL ${runs}: dump it with the version of Bulkhead that made it and restore it here, or set BULKHEAD_DATABASE_URL`,
    )
  }
  return made
}
