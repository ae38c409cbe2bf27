import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../platform/config/index.ts'
import { hashSecret, mintApiKey } from '../security/access/index.ts'

/**
 * The operator's key of this installation: made at the first start, kept in `operator.json` (mode 0600) for whoever runs the
 * host. It makes and lists workspaces and opens none.
 */
export function loadOperatorKey(config: Pick<Config, 'dataDirectory' | 'publicUrl'>): {
  readonly hash: string
} {
  const path = join(config.dataDirectory, 'operator.json')
  const kept = readKey(path)
  if (kept !== undefined) {
    // The address follows the configuration of this start, the key is that of the first.
    writeFileSync(path, contentOf(config, kept), { mode: 0o600 })
    return { hash: hashSecret(kept).toString('hex') }
  }
  const { key, hash } = mintApiKey()
  mkdirSync(config.dataDirectory, { recursive: true })
  try {
    writeFileSync(path, contentOf(config, key.reveal()), { mode: 0o600, flag: 'wx' })
    return { hash: hash.toString('hex') }
  } catch (error) {
    // Another process on this host was first.
    const made = readKey(path)
    if (made === undefined) throw error
    return { hash: hashSecret(made).toString('hex') }
  }
}

function contentOf(config: Pick<Config, 'publicUrl'>, operatorKey: string): string {
  return `${JSON.stringify({ apiUrl: config.publicUrl, operatorKey }, null, 2)}\n`
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
