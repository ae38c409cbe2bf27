import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatAddress } from '../platform/config/index.ts'
import type { Config } from '../platform/config/index.ts'
import { hashSecret, mintApiKey } from '../security/access/index.ts'

/**
 * The operator's key of this installation: made at the first start, kept in `operator.json` (mode 0600) for whoever runs the
 * host. It makes and lists workspaces and opens none, and it adds and revokes members of staff. Several processes load it at the
 * same time: the file appears and changes as a whole.
 */
export function loadOperatorKey(config: Pick<Config, 'dataDirectory' | 'publicUrl' | 'staff'>): {
  readonly hash: string
} {
  const path = join(config.dataDirectory, 'operator.json')
  const kept = readKey(path)
  if (kept !== undefined) {
    // The addresses follow the configuration of this start, the key is that of the first.
    withFile(path, contentOf(config, kept), renameSync)
    return { hash: hashSecret(kept).toString('hex') }
  }
  const { key, hash } = mintApiKey()
  mkdirSync(config.dataDirectory, { recursive: true })
  try {
    // A link is refused where the file exists, and is never half written.
    withFile(path, contentOf(config, key.reveal()), linkSync)
    return { hash: hash.toString('hex') }
  } catch (error) {
    // Another process on this host was first.
    const made = readKey(path)
    if (made === undefined) throw error
    return { hash: hashSecret(made).toString('hex') }
  }
}

function withFile(path: string, content: string, put: (from: string, to: string) => void): void {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    writeFileSync(temporary, content, { mode: 0o600 })
    put(temporary, path)
  } finally {
    rmSync(temporary, { force: true })
  }
}

function contentOf(config: Pick<Config, 'publicUrl' | 'staff'>, operatorKey: string): string {
  return `${JSON.stringify({ apiUrl: config.publicUrl, staffUrl: `http://${formatAddress(config.staff)}`, operatorKey }, null, 2)}\n`
}

function readKey(path: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'))
    const key =
      typeof parsed === 'object' && parsed !== null && 'operatorKey' in parsed
        ? parsed.operatorKey
        : undefined
    return typeof key === 'string' ? key : undefined
  } catch {
    return undefined
  }
}
