import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from './failure.ts'
import { keptSession } from './session-file.ts'

/** Which key a command needs: a workspace's, the operator's, or one for the staff API. */
export type Role = 'workspace' | 'operator' | 'staff'

export interface Connection {
  readonly url: string
  readonly key: string | null
  /** Whether the key is the token of a person's session. */
  readonly isSession: boolean
  readonly consoleUrl: string
  /** Where the two came from, for error messages. */
  readonly source: string
}

export interface ConnectionInput {
  readonly url: string | undefined
  readonly key: string | undefined
  readonly data: string | undefined
  /** As --workspace or BULKHEAD_CLI_WORKSPACE names it. */
  readonly workspace?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly nowMs: number
}

/** `bulkhead help connection`. */
export const CONNECTION_HELP = `How bulkhead finds the server and the key, first match wins:

  1. --url and --key
  2. BULKHEAD_CLI_URL and BULKHEAD_CLI_KEY in the environment
  3. the session of bulkhead login for that server; the workspace is --workspace or BULKHEAD_CLI_WORKSPACE
  4. a development installation on this host: development.json in the data directory
     (operator.json for workspaces, zone and staff), which npm start writes; for a workspace that --workspace names and
     bulkhead workspaces create has made there, workspaces.json beside it

The data directory is --data, else BULKHEAD_DATA, else ./.bulkhead.
A key that others of this host must not see belongs in the environment: arguments show up in process lists.
A key found in a file is only ever sent to the address in the same file.
`

/**
 * Finds address and key. A key that was read from a file goes to no other address than the one beside it, so that a mistyped
 * --url does not hand it to a stranger.
 * @throws UsageError when there is no address, or when the key would go elsewhere.
 */
export function findConnection(role: Role, input: ConnectionInput): Connection {
  const url = input.url ?? notEmpty(input.env['BULKHEAD_CLI_URL'])
  const key = input.key ?? notEmpty(input.env['BULKHEAD_CLI_KEY'])
  const directory = input.data ?? notEmpty(input.env['BULKHEAD_DATA']) ?? './.bulkhead'
  const path = join(directory, role === 'workspace' ? 'development.json' : 'operator.json')
  const file = readConnectionFile(path)
  const fileKey = role === 'workspace' ? workspaceKey(directory, file, input.workspace) : file?.operatorKey
  const fileUrl = role === 'staff' ? file?.staffUrl : file?.apiUrl
  if (url !== undefined) {
    checkUrl(url)
    const session = key === undefined ? sessionFor(role, url, input) : null
    const usable = key ?? session ?? (fileUrl !== undefined && sameOrigin(fileUrl, url) ? fileKey : undefined)
    return {
      url,
      key: usable ?? null,
      isSession: session !== null,
      consoleUrl: url,
      source: input.url === undefined ? 'BULKHEAD_CLI_URL' : '--url',
    }
  }
  if (fileUrl === undefined) {
    throw new UsageError(
      `No installation is known: ${path} is not there and neither --url nor BULKHEAD_CLI_URL is set. Start one with: bulkhead start. More: bulkhead help connection.`,
    )
  }
  const session = key === undefined ? sessionFor(role, fileUrl, input) : null
  return {
    url: fileUrl,
    key: key ?? session ?? fileKey ?? null,
    isSession: session !== null,
    consoleUrl: file?.consoleUrl ?? fileUrl,
    source: path,
  }
}

const WORKSPACES_FILE = 'workspaces.json'

/** The key of a named workspace that was made from here, else that of the development workspace. */
function workspaceKey(
  directory: string,
  file: ConnectionFile | null,
  named: string | undefined,
): string | undefined {
  if (file === null || named === undefined) return file?.apiKey
  return madeWorkspaces(directory).get(named) ?? file.apiKey
}

function madeWorkspaces(directory: string): Map<string, string> {
  try {
    const value: unknown = JSON.parse(readFileSync(join(directory, WORKSPACES_FILE), 'utf8'))
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : []
    return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  } catch {
    return new Map()
  }
}

/**
 * Keeps the first key of a new workspace beside development.json, so that --workspace finds it. Only where there is one: an installation for
 * production keeps no keys in files.
 */
export function keepWorkspaceKey(
  input: Pick<ConnectionInput, 'data' | 'env'>,
  workspaceId: string,
  key: string,
): void {
  const directory = input.data ?? notEmpty(input.env['BULKHEAD_DATA']) ?? './.bulkhead'
  if (!existsSync(join(directory, 'development.json'))) return
  const keys = madeWorkspaces(directory).set(workspaceId, key)
  const path = join(directory, WORKSPACES_FILE)
  const fresh = `${path}.${process.pid}`
  writeFileSync(fresh, `${JSON.stringify(Object.fromEntries(keys), null, 2)}\n`, { mode: 0o600 })
  chmodSync(fresh, 0o600)
  renameSync(fresh, path)
}

/** Sessions of people open workspaces, and neither the operator's nor the staff's side. */
function sessionFor(role: Role, url: string, input: ConnectionInput): string | null {
  return role === 'workspace' ? (keptSession(input.env, url, input.nowMs)?.token ?? null) : null
}

/** The key of a connection. Throws UsageError where there is none, with what to do. */
export function keyOf(connection: Connection, role: Role): string {
  if (connection.key !== null) return connection.key
  throw new UsageError(
    role !== 'workspace'
      ? `This needs the operator's key${role === 'staff' ? ' or a staff key' : ''}. Give it with --key or BULKHEAD_CLI_KEY; ${connection.source} has none.`
      : `No API key is known for ${connection.url}. Log in with bulkhead login, or give a key with --key or BULKHEAD_CLI_KEY. More: bulkhead help connection.`,
  )
}

/** Whether a key would cross a network in clear text. */
export function isExposed(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && !/^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}

interface ConnectionFile {
  readonly apiUrl?: string
  readonly staffUrl?: string
  readonly apiKey?: string
  readonly operatorKey?: string
  readonly consoleUrl?: string
}

function readConnectionFile(path: string): ConnectionFile | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EACCES')
      throw new UsageError(`${path} belongs to another user of this host; use --url and --key.`)
    return null
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new UsageError(`${path} is not valid JSON. Remove it and start Bulkhead again.`)
  }
  const fields = new Map(typeof value === 'object' && value !== null ? Object.entries(value) : [])
  const get = (name: string) => {
    const field: unknown = fields.get(name)
    return typeof field === 'string' ? { [name]: field } : {}
  }
  return {
    ...get('apiUrl'),
    ...get('apiKey'),
    ...get('operatorKey'),
    ...get('staffUrl'),
    ...get('consoleUrl'),
  }
}

function checkUrl(url: string): void {
  const parsed = URL.parse(url)
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new UsageError(`${url} is not a URL: write http://host:port or https://host.`)
}

function sameOrigin(left: string, right: string): boolean {
  return URL.parse(left)?.origin === URL.parse(right)?.origin
}

function notEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}
