import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { UsageError } from './failure.ts'

/** A session that `bulkhead login` keeps, one for each server. */
export interface KeptSession {
  readonly token: string
  readonly expiresAt: string
}

type Environment = Readonly<Record<string, string | undefined>>

const BYTES_MAX = 256 * 1024

/** Where sessions are kept: $XDG_CONFIG_HOME/bulkhead/sessions.json, else ~/.config/bulkhead/sessions.json. Null without a home. */
export function sessionFile(env: Environment): string | null {
  const config = env['XDG_CONFIG_HOME']
  const home = env['HOME'] ?? env['USERPROFILE']
  if (config !== undefined && config !== '') return join(config, 'bulkhead', 'sessions.json')
  return home === undefined || home === '' ? null : join(home, '.config', 'bulkhead', 'sessions.json')
}

/** The session for a server; null without one, and for one that is over. */
export function keptSession(env: Environment, url: string, nowMs: number): KeptSession | null {
  const path = sessionFile(env)
  const origin = URL.parse(url)?.origin
  if (path === null || origin === undefined) return null
  const found = read(path).get(origin)
  return found === undefined || Date.parse(found.expiresAt) <= nowMs ? null : found
}

/** Keeps a session, or with null forgets it. The file is the user's alone from its first byte on. @throws UsageError without a home. */
export function keepSession(env: Environment, url: string, session: KeptSession | null): void {
  const path = sessionFile(env)
  const origin = URL.parse(url)?.origin
  if (path === null || origin === undefined)
    throw new UsageError('There is no home directory to keep a session in: set HOME or XDG_CONFIG_HOME.')
  const sessions = read(path)
  if (session === null) sessions.delete(origin)
  else sessions.set(origin, session)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if (sessions.size === 0) {
    rmSync(path, { force: true })
    return
  }
  const fresh = `${path}.${process.pid}`
  writeFileSync(fresh, `${JSON.stringify(Object.fromEntries(sessions), null, 2)}\n`, { mode: 0o600 })
  chmodSync(fresh, 0o600)
  renameSync(fresh, path)
}

function read(path: string): Map<string, KeptSession> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return new Map()
  }
  let value: unknown = null
  try {
    value = text.length > BYTES_MAX ? null : JSON.parse(text)
  } catch {
    // Said below.
  }
  if (typeof value !== 'object' || value === null)
    throw new UsageError(`${path} is damaged. Remove it and log in again.`)
  return new Map(
    Object.entries(value).flatMap(([origin, kept]: [string, unknown]) => {
      if (typeof kept !== 'object' || kept === null || !('token' in kept) || !('expiresAt' in kept)) return []
      const { token, expiresAt } = kept
      return typeof token === 'string' && typeof expiresAt === 'string'
        ? [[origin, { token, expiresAt }]]
        : []
    }),
  )
}
