import { chmodSync, lstatSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * The directory for sockets of one data directory: short (a Unix socket's path has about 100 bytes), under the system's temporary
 * directory, and refused where it belongs to somebody else, because that name can be guessed.
 */
export function openRuntimeDirectory(digest: string): string {
  const base = tmpdir()
  const path = join(base.length > 60 ? '/tmp' : base, `bulkhead-${digest}`)
  // Started as root, PostgreSQL's own user must pass through to its subdirectory.
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700
  mkdirSync(path, { recursive: true, mode })
  const found = lstatSync(path)
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new Error(
      `${path} belongs to another user (${found.uid}): remove it, or set TMPDIR to a directory of your own`,
    )
  }
  chmodSync(path, mode)
  return path
}
