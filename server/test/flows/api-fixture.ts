import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AccountLoop, Accounts } from '../../src/modules/accounts/index.ts'
import { createBroadcastRunner } from '../../src/modules/broadcasts/index.ts'
import type { BroadcastRunner, RunnerDependencies } from '../../src/modules/broadcasts/index.ts'
import type { Messages } from '../../src/modules/messages/index.ts'
import type { Notices } from '../../src/modules/notices/index.ts'
import type { SystemMail } from '../../src/modules/system-mail/index.ts'
import type { Links, LinkSettings } from '../../src/modules/tracking/index.ts'
import { createResolver } from '../../src/platform/dns/index.ts'
import { createKeyringClient } from '../../src/platform/keyring-client/index.ts'
import type { KeyringClient } from '../../src/platform/keyring-client/index.ts'
import { TEST_TOKENS, makeTestKeyring } from '../../src/platform/keyring-client/test-keyring.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import type { PeopleServices } from '../../src/processes/api-people.ts'
import { prepareApi } from '../../src/processes/api-services.ts'
import type { TrackingParts } from '../../src/processes/api-tracking.ts'
import { hashSecret } from '../../src/security/access/index.ts'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'

export interface Answer {
  readonly status: number
  // oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into by tests only
  readonly body: any
  readonly text: string
  readonly headers: Headers
}

export interface ApiFixture extends AsyncDisposable {
  readonly url: string
  readonly database: TestDatabase
  readonly operatorKey: string
  readonly keyringSocket: string
  /** The root key file, for a second keyring on the same database. */
  readonly keyringRoot: string
  /** Calls the API with a key; a body is sent as JSON. */
  call(key: string, method: string, path: string, body?: unknown): Promise<Answer>
  /** A fresh workspace and its first key. */
  workspace(name?: string): Promise<{ id: string; key: string }>
  keyring(kind: keyof typeof TEST_TOKENS): KeyringClient
  /** What the router holds, as a tree in text. */
  routes(): string
  /** What people need: passwords, factors, limits, sessions. */
  readonly persons: PeopleServices
  readonly messages: Messages
  readonly systemMail: SystemMail
  readonly accounts: Accounts
  /** Works off what was asked for by address: `settle()` waits for it. */
  readonly accountLoop: AccountLoop
  readonly notices: Notices
  readonly links: Links
  readonly tracked: TrackingParts
  /** One that sends broadcasts round by round; parts of it may be others. */
  broadcastRunner(parts?: Partial<RunnerDependencies>): BroadcastRunner
}

/** Where browsers believe the console to be: passkeys are made for it. */
export const PUBLIC_URL = 'http://localhost:8600'

/** Links in mail. */
export const LINK_SETTINGS: LinkSettings = {
  publicUrl: PUBLIC_URL,
  trackingHost: null,
  mailDomain: 'bounces.bulkhead.test',
}

/** The real API on a real PostgreSQL and a real keyring process, without a supervisor. */
export async function startApi(
  options: {
    readonly dnsServers?: readonly string[]
    readonly delegationZone?: string
    readonly production?: boolean
    /** Default `open`. */
    readonly signUp?: 'open' | 'invited'
    /** Default true. */
    readonly sensitiveMayLeave?: boolean
    readonly trustedProxies?: readonly string[]
    /** BULKHEAD_DATA: where an imported list of breached passwords lies. */
    readonly dataDirectory?: string
    readonly leakReportKeysUrl?: string
    /** How long after its answer a fetch of a link is judged; default 0. */
    readonly judgeAfterMs?: number
    /** BULKHEAD_SHAPING. */
    readonly shaping?: string
  } = {},
): Promise<ApiFixture> {
  const database = await createTestDatabase()
  const testKeyring = await makeTestKeyring({ databaseUrl: database.url.bulkhead_keyring })
  await testKeyring.start()
  const log = createLogger({ name: 'test', level: 'error' })
  const clients = new Map<string, KeyringClient>()
  const client = (kind: keyof typeof TEST_TOKENS): KeyringClient => {
    const known = clients.get(kind)
    if (known !== undefined) return known
    const made = createKeyringClient({ socketPath: testKeyring.socketPath, token: TEST_TOKENS[kind], log })
    clients.set(kind, made)
    return made
  }
  const keyring = client('api')
  const operatorKey = `operator-${randomBytes(24).toString('hex')}`
  const resolver = createResolver({
    servers: options.dnsServers ?? ['127.0.0.1:9'],
    timeoutMs: 500,
    tries: 1,
  })
  const mode = options.production === true ? 'production' : 'development'
  const api = await prepareApi({
    pool: database.pool('bulkhead_api'),
    keyring,
    log,
    settings: {
      mode,
      hostname: 'mail.example.net',
      publicUrl: PUBLIC_URL,
      appeal: 'https://mail.example.net/appeal',
      signUp: options.signUp ?? 'open',
      systemFrom: 'Bulkhead <no-reply@bulkhead.test>',
      delegationZone: options.delegationZone ?? null,
      returnPathDomain: null,
      tlsReports: true,
      dnssecResolver: null,
      dataDirectory: options.dataDirectory ?? join(tmpdir(), 'bulkhead-no-data'),
      breachedRangeUrl: null,
      leakReportKeysUrl: options.leakReportKeysUrl ?? null,
      allowPrivateTargets: options.production !== true,
      shaping: options.shaping ?? null,
      trustedProxies: options.trustedProxies ?? [],
    },
    facts: {
      version: '0.0.0',
      mode,
      outbound: 'capture',
      publicUrl: 'http://127.0.0.1',
      hostname: 'mail.example.net',
      smtp: { host: '127.0.0.1', port: 587, tlsPort: 465 },
    },
    links: LINK_SETTINGS,
    sensitiveMayLeave: options.sensitiveMayLeave !== false,
    operatorKeyHash: hashSecret(operatorKey).toString('hex'),
    resolver,
    freshResolver: resolver,
    renderers: 2,
    consoleDirectory: join(tmpdir(), 'bulkhead-no-console'),
    judgeAfterMs: options.judgeAfterMs ?? 0,
  })
  const { app, persons, accounts } = api
  await api.systemMail.ensureInstallation()
  const stop = new AbortController()
  const loops = persons.run(stop.signal)
  const accountLoop = accounts.start({ jitterMs: 0, everySeconds: 0 })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })

  async function call(key: string, method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '')
    return {
      status: response.status,
      text,
      headers: response.headers,
      body: isJson ? JSON.parse(text) : null,
    }
  }

  return {
    url,
    database,
    operatorKey,
    keyringSocket: testKeyring.socketPath,
    keyringRoot: testKeyring.rootPath,
    call,
    keyring: client,
    routes: () => app.printRoutes({ commonPrefix: false }),
    persons,
    messages: api.messages,
    systemMail: api.systemMail,
    accounts,
    accountLoop,
    notices: api.notices,
    links: api.links,
    tracked: api.tracking,
    broadcastRunner: (parts = {}) => createBroadcastRunner({ ...api.broadcasts.sending, ...parts }),
    async workspace(name = 'Test') {
      const { status, body, text } = await call(operatorKey, 'POST', '/v1/workspaces', { name })
      if (status !== 201) throw new Error(`no workspace: ${text}`)
      return { id: body.workspace.id, key: body.apiKey.key }
    },
    async [Symbol.asyncDispose]() {
      await app.close()
      await accountLoop[Symbol.asyncDispose]()
      stop.abort()
      await loops
      await api[Symbol.asyncDispose]()
      resolver.cancel()
      for (const item of clients.values()) await item[Symbol.asyncDispose]()
      await testKeyring[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}
