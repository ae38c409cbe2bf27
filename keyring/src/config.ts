import { isProcessKind } from './access.ts'
import type { ProcessKind } from './access.ts'

export interface KeyringConfig {
  readonly socketPath: string
  readonly rootPath: string
  readonly databaseUrl: string
  readonly clients: ReadonlyMap<string, ProcessKind>
}

// sun_path is 108 bytes on Linux and 104 on macOS, with the closing NUL.
const MAX_SOCKET_PATH_BYTES = 103
const MIN_TOKEN_LENGTH = 16

/** Reads the environment. Throws with the variable's name and what to do. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): KeyringConfig {
  const socketPath = required(env, 'BULKHEAD_KEYRING_SOCKET')
  if (Buffer.byteLength(socketPath) > MAX_SOCKET_PATH_BYTES) {
    throw new Error(
      `BULKHEAD_KEYRING_SOCKET: a socket path may have ${MAX_SOCKET_PATH_BYTES} bytes; use a shorter one`,
    )
  }
  return {
    socketPath,
    rootPath: required(env, 'BULKHEAD_KEYRING_ROOT'),
    databaseUrl: required(env, 'BULKHEAD_INTERNAL_DATABASE_URL'),
    clients: readClients(required(env, 'BULKHEAD_KEYRING_CLIENTS')),
  }
}

function required(env: Readonly<Record<string, string | undefined>>, name: string): string {
  const value = env[name]
  if (value === undefined || value === '') throw new Error(`${name} is not set; the supervisor sets it`)
  return value
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
