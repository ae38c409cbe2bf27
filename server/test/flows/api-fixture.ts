import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createIdGenerator } from '../../src/kernel/ids.ts'
import { createAccounts } from '../../src/modules/accounts/index.ts'
import type { AccountLoop, Accounts } from '../../src/modules/accounts/index.ts'
import { createAlerts } from '../../src/modules/alerts/index.ts'
import { createApiKeys } from '../../src/modules/api-keys/index.ts'
import { createAuditLogReader } from '../../src/modules/audit-log/index.ts'
import { createContainments } from '../../src/modules/containments/index.ts'
import { createDomains, tellClaims } from '../../src/modules/domains/index.ts'
import { createEpochs } from '../../src/modules/epochs/index.ts'
import { createHoney } from '../../src/modules/honey/index.ts'
import { createInbox } from '../../src/modules/inbox/index.ts'
import { createInventory } from '../../src/modules/inventory/index.ts'
import { createKeyringService } from '../../src/modules/keyring/index.ts'
import { createAcceptService, createMessages } from '../../src/modules/messages/index.ts'
import { createChanges, createNotices } from '../../src/modules/notices/index.ts'
import type { Notices } from '../../src/modules/notices/index.ts'
import { createSenders } from '../../src/modules/senders/index.ts'
import { createSmtpCredentials } from '../../src/modules/smtp-credentials/index.ts'
import { createSuppressions } from '../../src/modules/suppressions/index.ts'
import { createSystemMail } from '../../src/modules/system-mail/index.ts'
import type { SystemMail } from '../../src/modules/system-mail/index.ts'
import { createWebhooks } from '../../src/modules/webhooks/index.ts'
import { createWorkspaces } from '../../src/modules/workspaces/index.ts'
import { prepareCredentials } from '../../src/processes/api-credentials.ts'
import { prepareMembers } from '../../src/processes/api-members.ts'
import { preparePeople } from '../../src/processes/api-people.ts'
import type { PeopleServices } from '../../src/processes/api-people.ts'
import { trustedProxies } from '../../src/platform/http/client-address.ts'
import { createResolver } from '../../src/platform/dns/index.ts'
import { createKeyringClient } from '../../src/platform/keyring-client/index.ts'
import type { KeyringClient } from '../../src/platform/keyring-client/index.ts'
import { TEST_TOKENS, makeTestKeyring } from '../../src/platform/keyring-client/test-keyring.ts'
import { createTenantTransactions } from '../../src/platform/postgres/tenant.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import {
  createAccess,
  createCredentialPepper,
  createSealedSenders,
  createPeopleAccess,
  hashSecret,
  joinAccess,
} from '../../src/security/access/index.ts'
import { startContainmentWatch } from '../../src/security/containment/index.ts'
import { startCredentialWatch } from '../../src/security/epochs/index.ts'
import { createAuditOutbox } from '../../src/security/audit/index.ts'
import { createApiServer } from '../../src/surfaces/api/api-server.ts'
import { capabilityOfAction } from '../../src/surfaces/api/registry.ts'
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
  readonly systemMail: SystemMail
  readonly accounts: Accounts
  /** Works off what was asked for by address: `settle()` waits for it. */
  readonly accountLoop: AccountLoop
  readonly notices: Notices
}

/** Where browsers believe the console to be: passkeys are made for it. */
export const PUBLIC_URL = 'http://localhost:8600'

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
  const pool = database.pool('bulkhead_api')
  const keyring = client('api')
  const newId = createIdGenerator()
  const transactions = createTenantTransactions(pool)
  const audit = createAuditOutbox({ newId })
  const operatorKey = `operator-${randomBytes(24).toString('hex')}`
  const pepper = createCredentialPepper({ keyring, name: 'credential' })
  const access = createAccess({ pool, pepper, operatorKeyHash: hashSecret(operatorKey).toString('hex') })
  const people = createPeopleAccess({ pool, pepper, log })
  const watch = startCredentialWatch({ pool, log, access: joinAccess(access, people) })
  const containment = await startContainmentWatch({ pool, log, actorClass: 'api' })
  const accept = createAcceptService({
    pool,
    keyring,
    containment,
    sensitiveMayLeave: options.sensitiveMayLeave !== false,
    log,
    now: Date.now,
    newId,
  })
  const resolver = createResolver({
    servers: options.dnsServers ?? ['127.0.0.1:9'],
    timeoutMs: 500,
    tries: 1,
  })
  const senders = createSealedSenders({ keyring })
  const apiKeys = createApiKeys({ pepper, senders, newId })
  const recordAudit = audit.record.bind(audit)
  const messages = createMessages({ accept, keyring, now: Date.now, newId })
  const domains = createDomains({
    keyring,
    resolver,
    transactions,
    newId,
    settings: {
      delegationZone: options.delegationZone ?? null,
      hostname: 'mail.example.net',
      trustTestDomains: options.production !== true,
    },
  })
  const systemMail = createSystemMail({
    messages,
    domains,
    transactions,
    recordAudit,
    from: 'Bulkhead <no-reply@bulkhead.test>',
    sensitiveMayLeave: options.sensitiveMayLeave !== false,
    now: Date.now,
  })
  await systemMail.ensureInstallation()
  const persons = preparePeople({
    pool,
    keyring,
    pepper,
    people,
    systemMail,
    publicUrl: PUBLIC_URL,
    dataDirectory: options.dataDirectory ?? join(tmpdir(), 'bulkhead-no-data'),
    breachedRangeUrl: null,
    log,
    now: Date.now,
    newId,
  })
  const stop = new AbortController()
  const loops = persons.run(stop.signal)
  const notices = createNotices({ pool, keyring, systemMail, log })
  const workspaces = createWorkspaces({ transactions, recordAudit, apiKeys, pepper, newId })
  const accounts = createAccounts({
    ...persons,
    pool,
    transactions,
    keyring,
    pepper,
    people,
    sessions: persons.sessionIssuer,
    systemMail,
    resolver,
    workspaces,
    recordAudit,
    settings: { publicUrl: PUBLIC_URL, signUp: options.signUp ?? 'open' },
    log,
    newId,
  })
  persons.askResetBy(async (email, client) => {
    await accounts.asking.ask('reset', email, client)
  })
  const accountLoop = accounts.start({ jitterMs: 0, everySeconds: 0 })
  const credentials = prepareCredentials({
    pool,
    pepper,
    access,
    apiKeys,
    senders,
    limiter: persons.limiter,
    transactions,
    recordAudit,
    resolver,
    allowPrivateTargets: options.production !== true,
    allowLoopback: options.production !== true,
    leakReportKeysUrl: options.leakReportKeysUrl ?? null,
    log,
    newId,
  })
  const workspacePeople = prepareMembers({
    sessions: persons.sessionIssuer,
    limiter: persons.limiter,
    resolver,
    allowPrivateTargets: options.production !== true,
    allowLoopback: options.production !== true,
    log,
    pool,
    keyring,
    pepper,
    people,
    systemMail,
    workspaces,
    transactions,
    recordAudit,
    publicUrl: PUBLIC_URL,
    mayCreateWorkspaces: options.signUp !== 'invited',
    now: Date.now,
    newId,
  })
  const app = await createApiServer({
    log,
    pool,
    keyring,
    transactions,
    access,
    people,
    proxies: trustedProxies(options.trustedProxies ?? []),
    watch,
    containment,
    appeal: 'https://mail.example.net/appeal',
    recordAudit,
    consoleDirectory: join(tmpdir(), 'bulkhead-no-console'),
    services: {
      ...workspacePeople,
      accounts,
      logIn: persons.logIn,
      sessions: persons.sessions,
      factors: persons.ownFactors,
      messages,
      domains: tellClaims(domains, persons.detection),
      senders: createSenders({ keyring, newId }),
      suppressions: createSuppressions({ keyring, newId }),
      webhooks: createWebhooks({ keyring, newId, allowPrivateTargets: options.production !== true }),
      apiKeys,
      leakedKeys: credentials.leakedKeys,
      federation: credentials.federation,
      smtpCredentials: createSmtpCredentials({ pepper, senders, newId }),
      epochs: createEpochs({ transactions, newId }),
      containments: createContainments({
        transaction: (caller, work) => transactions.write(caller.workspaceId ?? '', work, caller.actor),
        refresh: () => containment.refresh(),
        capabilityOfAction,
        streams: (workspaceId) => containment.watched(workspaceId),
        nowMs: Date.now,
      }),
      inbox: createInbox({ keyring }),
      inventory: createInventory({ transactions }),
      alerts: createAlerts({ transactions, recordAudit }),
      honey: createHoney({ keyring, transactions, recordAudit, newId }),
      auditLog: createAuditLogReader({ pool }),
      keyring: createKeyringService({
        keyring,
        transactions,
        recordAudit: (db, record) => audit.record(db, record),
      }),
      systemMail,
      changes: createChanges({ keyring }),
      workspaces,
    },
  })
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
    systemMail,
    accounts,
    accountLoop,
    notices,
    async workspace(name = 'Test') {
      const { status, body, text } = await call(operatorKey, 'POST', '/v1/workspaces', { name })
      if (status !== 201) throw new Error(`no workspace: ${text}`)
      return { id: body.workspace.id, key: body.apiKey.key }
    },
    async [Symbol.asyncDispose]() {
      await app.close()
      workspacePeople[Symbol.dispose]()
      await accountLoop[Symbol.asyncDispose]()
      stop.abort()
      await loops
      await persons.drain()
      await watch[Symbol.asyncDispose]()
      await containment[Symbol.asyncDispose]()
      await accept.drain()
      credentials[Symbol.dispose]()
      resolver.cancel()
      for (const item of clients.values()) await item[Symbol.asyncDispose]()
      await testKeyring[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}
