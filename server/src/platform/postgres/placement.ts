import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { canEnter, chooseAccount } from './account.ts'
import type { Account } from './account.ts'
import { locateBinaries } from './binaries.ts'

/** Where PostgreSQL's files are and who runs it. */
export interface Placement {
  readonly account: Account | null
  /** PGDATA. */
  readonly cluster: string
  /** Directory with `bin`, `lib` and `share`. */
  readonly native: string
}

/** Ten hex digits that stand for a data directory in paths that must be short and unique. */
export function pathDigest(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 10)
}

/**
 * Decides where the cluster lives. Normally `<data>/postgres`. Where root runs Bulkhead below a directory that other users cannot
 * enter, the cluster (and a copy of the binaries) goes to `/var/lib/bulkhead/<digest>`; `<data>/postgres.location` remembers that.
 * An existing cluster is never silently replaced by an empty one.
 */
export function placeCluster(dataDirectory: string, log: (line: string) => void): Placement {
  const usual = join(dataDirectory, 'postgres')
  const note = join(dataDirectory, 'postgres.location')
  const fallback = join('/var/lib/bulkhead', pathDigest(dataDirectory))
  const isRoot = process.getuid?.() === 0
  mkdirSync(dataDirectory, { recursive: true, mode: isRoot ? 0o711 : 0o700 })

  if (existsSync(note)) {
    const base = readFileSync(note, 'utf8').trim()
    const cluster = join(base, 'data')
    if (!existsSync(join(cluster, 'PG_VERSION'))) {
      throw new Error(
        `${note} says that the database is in ${base}, but it is not there: restore it, or delete ${note} to begin with an empty database`,
      )
    }
    const account = chooseAccount(cluster)
    return { account, cluster, native: reachableBinaries(account, base, log) }
  }
  if (existsSync(join(usual, 'PG_VERSION'))) {
    const account = chooseAccount(usual)
    if (!canEnter(account, usual)) {
      throw new Error(
        `The database in ${usual} belongs to user ${account?.uid}, who can no longer enter it: allow it with chmod o+x on the directories above`,
      )
    }
    return { account, cluster: usual, native: reachableBinaries(account, fallback, log) }
  }
  const account = chooseAccount(null)
  if (canEnter(account, dataDirectory)) {
    return { account, cluster: usual, native: reachableBinaries(account, fallback, log) }
  }
  const cluster = join(fallback, 'data')
  makeFallback(fallback)
  if (existsSync(cluster)) {
    // The data directory was removed, and with it the passwords and keys of this database. It is kept, but out of the way.
    const aside = `${cluster}.${Date.now()}`
    renameSync(cluster, aside)
    log(
      `A database of an earlier ${dataDirectory} was moved to ${aside}: remove it when it is no longer needed`,
    )
  }
  writeFileSync(`${note}.new`, `${fallback}\n`, { flush: true })
  log(
    `PostgreSQL runs as user ${account?.uid}, who cannot enter ${dataDirectory}: the database is kept in ${cluster}`,
  )
  // The note becomes final together with the cluster: see `recordPlacement`.
  return { account, cluster, native: reachableBinaries(account, fallback, log) }
}

/** Makes a new placement final, once its cluster is complete. */
export function recordPlacement(dataDirectory: string): void {
  const note = join(dataDirectory, 'postgres.location')
  if (existsSync(`${note}.new`)) renameSync(`${note}.new`, note)
}

/** Creates a directory that belongs to the account and to nobody else. */
export function makePrivateDirectory(account: Account | null, path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
  if (account !== null) chownSync(path, account.uid, account.gid)
}

function makeFallback(base: string): void {
  mkdirSync(base, { recursive: true, mode: 0o755 })
  chmodSync(base, 0o711)
}

function reachableBinaries(account: Account | null, base: string, log: (line: string) => void): string {
  const native = locateBinaries()
  if (canEnter(account, join(native, 'bin')) && canEnter(account, join(native, 'share'))) return native
  makeFallback(base)
  const copy = join(base, 'native')
  // The package's version is in the copy's marker, so that an upgrade copies again.
  const version = readFileSync(join(native, '../package.json'), 'utf8')
  const marker = join(copy, 'source-package.json')
  if (existsSync(marker) && readFileSync(marker, 'utf8') === version) return copy
  log(`Copying the PostgreSQL binaries to ${copy}, where user ${account?.uid} can run them`)
  rmSync(copy, { recursive: true, force: true })
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  writeFileSync(marker, version, { flush: true })
  return copy
}
