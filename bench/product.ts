import { randomUUID } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { waitFor } from './clock.ts'
import { preloadUrl } from './engine/preload-url.ts'
import { freePorts } from './free-port.ts'
import { isAlive, SENDER_DOMAIN, startProgram, temporaryDirectory } from './peers/peer.ts'

/** The product as a newcomer runs it: the supervisor, all processes, the embedded PostgreSQL, in a directory that is removed afterwards. */
export interface Product extends AsyncDisposable {
  readonly httpPort: number
  readonly submissionPort: number
  readonly submissionsPort: number
  readonly apiKey: string
  readonly smtp: { readonly username: string; readonly password: string }
  /** A further workspace with the domain that the load comes from; answers its API key. */
  addWorkspace(name: string): Promise<string>
  /** Its data directory. */
  readonly data: string
  /** Roots of its process trees: the supervisor and, where it is not below it, PostgreSQL. */
  readonly pids: readonly number[]
  /** The end of what it printed. */
  output(): string
}

const START_TIMEOUT_MS = 120_000
const STOP_GRACE_MS = 30_000

interface Setup {
  readonly apiKey: string
  readonly smtp: { readonly username: string; readonly password: string }
}

/** What an object holds under a name; undefined where it is none. */
export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined
}

function parseSetup(text: string): Setup {
  const setup: unknown = JSON.parse(text)
  const [apiKey, smtp] = [field(setup, 'apiKey'), field(setup, 'smtp')]
  const [username, password] = [field(smtp, 'username'), field(smtp, 'password')]
  if (typeof apiKey !== 'string' || typeof username !== 'string' || typeof password !== 'string') {
    throw new Error('BULKHEAD_SETUP_FILE lacks apiKey or smtp.username or smtp.password')
  }
  return { apiKey, smtp: { username, password } }
}

function readSetup(path: string): Setup | null {
  try {
    return parseSetup(readFileSync(path, 'utf8'))
  } catch (error) {
    // Not there yet, or not written to its end.
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error)) return null
    throw error
  }
}

/** The server's process id stands in the first line of postmaster.pid in its data directory (PostgreSQL manual, §68.1). */
function postgresPids(directory: string): number[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name === 'postmaster.pid')
    .map((entry) => Number(readFileSync(join(entry.parentPath, entry.name), 'utf8').split('\n')[0]))
    .filter((pid) => pid > 0)
}

/** PostgreSQL outlives a supervisor that was killed; nothing may be left behind. SIGINT is its fast shutdown. */
async function stopPostgres(directory: string): Promise<void> {
  const pids = postgresPids(directory)
  const living = (): number[] => pids.filter((pid) => isAlive(pid))
  for (const pid of living()) process.kill(pid, 'SIGINT')
  await waitFor('the end of PostgreSQL', 20_000, () => living().length === 0).catch(() => {
    for (const pid of living()) process.kill(pid, 'SIGKILL')
  })
}

async function ready(httpPort: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${httpPort}/readyz`, { signal: AbortSignal.timeout(2000) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

async function post(httpPort: number, key: string, path: string, input: unknown): Promise<Response> {
  return await fetch(`http://127.0.0.1:${httpPort}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
    body: JSON.stringify(input),
  })
}

async function addDomain(httpPort: number, apiKey: string): Promise<void> {
  const response = await post(httpPort, apiKey, '/v1/domains', { name: SENDER_DOMAIN })
  const body = await response.text()
  if (!response.ok && response.status !== 409) throw new Error(`POST /v1/domains: ${response.status} ${body}`)
}

async function addWorkspace(httpPort: number, data: string, name: string): Promise<string> {
  const operator: unknown = JSON.parse(readFileSync(join(data, 'operator.json'), 'utf8'))
  const response = await post(httpPort, String(field(operator, 'operatorKey')), '/v1/workspaces', { name })
  const body = await response.text()
  const key = response.ok ? field(field(JSON.parse(body), 'apiKey'), 'key') : undefined
  if (typeof key !== 'string') throw new Error(`POST /v1/workspaces: ${response.status} ${body}`)
  await addDomain(httpPort, key)
  return key
}

/** Starts the product with the sink as its relay and waits until it is ready. Throws with what it printed when it is not in two minutes. */
export async function startProduct(options: {
  /** The relay; with `direct` the port to which mail for port 25 of loopback addresses goes. */
  readonly sinkPort: number
  /** Mail goes to the MX hosts that this DNS server names, by these rules of the operator (null: as shipped). */
  readonly direct?: { readonly dnsServer: string; readonly shaping: string | null }
  /** Multiplies the delays of retries; default 1. */
  readonly retryScale?: number
  /** Directory for CPU profiles of sender and keyring. */
  readonly profile?: string | undefined
  /** Where its data directory is made; default the system's temporary directory. */
  readonly parent?: string
  readonly signal?: AbortSignal | undefined
  /** Loads bench/unsealed into every process: the same product without sealing, for comparison. */
  readonly unsealed?: boolean
}): Promise<Product> {
  const entry = join(import.meta.dirname, '..', 'server', 'src', 'processes', 'supervisor.ts')
  await using cleanup = new AsyncDisposableStack()
  const directory = cleanup.use(temporaryDirectory('product', options.parent))
  // PostgreSQL gives up root, and must still reach its data below here.
  chmodSync(directory.path, 0o711)
  const [http = 0, submission = 0, submissions = 0, staff = 0] = await freePorts(4)
  const setupFile = join(directory.path, 'setup.json')
  const data = join(directory.path, 'data')
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('BULKHEAD_'))
  const { direct, profile } = options
  const unsealed = pathToFileURL(join(import.meta.dirname, 'unsealed', 'preload.ts')).href
  const preloads = [
    options.unsealed === true ? unsealed : null,
    preloadUrl({ profile, ...(direct === undefined ? {} : { port: options.sinkPort }) }),
  ].filter((preload) => preload !== null)
  const args = [...preloads.flatMap((preload) => ['--import', preload]), entry]
  const shaping = join(directory.path, 'shaping.toml')
  if (direct?.shaping !== undefined && direct.shaping !== null) writeFileSync(shaping, direct.shaping)
  const program = await startProgram(process.execPath, args, {
    env: {
      ...Object.fromEntries(inherited),
      BULKHEAD_DATA: data,
      BULKHEAD_HTTP: `127.0.0.1:${http}`,
      BULKHEAD_SUBMISSION: `127.0.0.1:${submission}`,
      BULKHEAD_SUBMISSIONS: `127.0.0.1:${submissions}`,
      BULKHEAD_INBOUND: 'off',
      BULKHEAD_STAFF: `127.0.0.1:${staff}`,
      BULKHEAD_METRICS: 'off',
      BULKHEAD_OUTBOUND: direct === undefined ? `smtp://127.0.0.1:${options.sinkPort}` : 'direct',
      ...(direct === undefined ? {} : { BULKHEAD_DNS_SERVERS: direct.dnsServer }),
      ...(direct === undefined || direct.shaping === null ? {} : { BULKHEAD_SHAPING: shaping }),
      ...(options.retryScale === undefined ? {} : { BULKHEAD_RETRY_SCALE: String(options.retryScale) }),
      BULKHEAD_SETUP_FILE: setupFile,
    },
  })
  cleanup.defer(() => stopPostgres(data))
  cleanup.defer(() => program.stop(STOP_GRACE_MS))
  try {
    const setup = await waitFor(
      'the start of the product',
      START_TIMEOUT_MS,
      async () => {
        if (program.exited()) throw new Error('the product ended at start')
        return (await ready(http)) ? readSetup(setupFile) : null
      },
      { signal: options.signal, everyMs: 100 },
    )
    await addDomain(http, setup.apiKey)
    const owned = cleanup.move()
    return {
      httpPort: http,
      submissionPort: submission,
      submissionsPort: submissions,
      ...setup,
      data,
      addWorkspace: (name) => addWorkspace(http, data, name),
      pids: [program.pid, ...postgresPids(data)],
      output: () => program.output(),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${reason}\n${program.output()}`, { cause: error })
  }
}
