import { dirname, join } from 'node:path'
import { isProcessKind } from './access.ts'
import type { ProcessKind } from './access.ts'
import { readFloors } from './budgets.ts'
import type { BudgetFloors } from './budgets.ts'
import { parsePreviousRoots, parseRootSetting } from './roots/index.ts'
import type { RootSetting } from './roots/index.ts'

export interface KeyringConfig {
  readonly socketPath: string
  readonly root: RootSetting
  /** Roots of earlier days: keys wrapped by them still open, and are wrapped anew. */
  readonly previousRoots: readonly RootSetting[]
  /** File of the hourly spool keys; never part of a backup. */
  readonly spoolPath: string
  readonly budgets: BudgetFloors
  /** Hours between asking for a workspace to be shredded and doing it. */
  readonly shredDelayHours: number
  readonly databaseUrl: string
  readonly clients: ReadonlyMap<string, ProcessKind>
}

// sun_path is 108 bytes on Linux and 104 on macOS, with the closing NUL.
const MAX_SOCKET_PATH_BYTES = 103
const MIN_TOKEN_LENGTH = 16
const DEFAULT_SHRED_DELAY_HOURS = 168
const MAX_SHRED_DELAY_HOURS = 8760

/** Reads the environment. Throws with the variable's name and what to do. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): KeyringConfig {
  const socketPath = required(env, 'BULKHEAD_KEYRING_SOCKET')
  if (Buffer.byteLength(socketPath) > MAX_SOCKET_PATH_BYTES) {
    throw new Error(
      `BULKHEAD_KEYRING_SOCKET: a socket path may have ${MAX_SOCKET_PATH_BYTES} bytes; use a shorter one`,
    )
  }
  const root = parseRootSetting('BULKHEAD_KEYRING_ROOT', required(env, 'BULKHEAD_KEYRING_ROOT'))
  return {
    socketPath,
    root,
    spoolPath: readSpoolPath(env, root),
    budgets: readFloors(env['BULKHEAD_KEYRING_BUDGETS']),
    shredDelayHours: readDelay(env['BULKHEAD_SHRED_DELAY_HOURS']),
    previousRoots: parsePreviousRoots(
      'BULKHEAD_KEYRING_PREVIOUS_ROOT',
      env['BULKHEAD_KEYRING_PREVIOUS_ROOT'] ?? '',
    ),
    databaseUrl: required(env, 'BULKHEAD_INTERNAL_DATABASE_URL'),
    clients: readClients(required(env, 'BULKHEAD_KEYRING_CLIENTS')),
  }
}

function required(env: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = env[name]
  if (value === undefined || value === '') throw new Error(`${name} is not set; the supervisor sets it`)
  return value
}

/** Beside the root key file, unless it is told; a root that is no file has no such place. */
function readSpoolPath(env: Readonly<Record<string, string | undefined>>, root: RootSetting): string {
  const given = env['BULKHEAD_KEYRING_SPOOL'] ?? ''
  if (given === '' && root.kind === 'file') return join(dirname(root.path), 'spool.state')
  return required(env, 'BULKHEAD_KEYRING_SPOOL')
}

function readDelay(text: string | undefined): number {
  if (text === undefined || text === '') return DEFAULT_SHRED_DELAY_HOURS
  const hours = /^\d{1,5}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN
  if (hours <= MAX_SHRED_DELAY_HOURS) return hours
  throw new Error(`BULKHEAD_SHRED_DELAY_HOURS must be a number of hours from 0 to ${MAX_SHRED_DELAY_HOURS}`)
}

function readClients(text: string): ReadonlyMap<string, ProcessKind> {
  const name = 'BULKHEAD_KEYRING_CLIENTS'
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's own message would quote tokens.
    throw new Error(`${name} is not JSON`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${name} must be an object from token to process kind`)
  }
  const clients = new Map<string, ProcessKind>()
  for (const [token, kind] of Object.entries(value)) {
    if (token.length < MIN_TOKEN_LENGTH)
      throw new Error(`${name}: a token needs ${MIN_TOKEN_LENGTH} characters`)
    if (!isProcessKind(kind)) throw new Error(`${name}: "${String(kind)}" is not a kind of process`)
    clients.set(token, kind)
  }
  return clients
}
