import { createIdGenerator } from '../kernel/ids.ts'
import { createAccounts } from '../modules/accounts/index.ts'
import { createApiKeys } from '../modules/api-keys/index.ts'
import { createCallers } from '../modules/callers/index.ts'
import type { InstallationFacts } from '../modules/callers/index.ts'
import { createContainments } from '../modules/containments/index.ts'
import { createDomains, tellClaims } from '../modules/domains/index.ts'
import { createInboundRoutes } from '../modules/inbound-routes/index.ts'
import { countReading, createAcceptService, createResends } from '../modules/messages/index.ts'
import type { AcceptObserver } from '../modules/messages/index.ts'
import { createNotices } from '../modules/notices/index.ts'
import { createQueue } from '../modules/queue/index.ts'
import { createRepeats } from '../modules/repeats/index.ts'
import { createSmtpCredentials } from '../modules/smtp-credentials/index.ts'
import { createSystemMail } from '../modules/system-mail/index.ts'
import { createTemplates } from '../modules/templates/index.ts'
import type { LinkSettings } from '../modules/tracking/index.ts'
import { createWebhooks } from '../modules/webhooks/index.ts'
import { createWorkspaces } from '../modules/workspaces/index.ts'
import type { Config } from '../platform/config/index.ts'
import type { DnsResolver } from '../platform/dns/index.ts'
import { trustedProxies } from '../platform/http/client-address.ts'
import type { HttpObserver } from '../platform/http/http-observer.ts'
import type { RunDependencies } from '../platform/http/running.ts'
import type { KeyringClient } from '../platform/keyring-client/index.ts'
import type { Pool } from '../platform/postgres/index.ts'
import { createTenantTransactions } from '../platform/postgres/tenant.ts'
import type { Logger } from '../platform/telemetry/index.ts'
import { createTemplateRenderer, RENDER_LIMITS } from '../platform/templates/index.ts'
import {
  createAccess,
  createCredentialPepper,
  createSealedSenders,
  createPeopleAccess,
  joinAccess,
} from '../security/access/index.ts'
import { createAuditOutbox } from '../security/audit/index.ts'
import { startContainmentWatch } from '../security/containment/index.ts'
import { startCredentialWatch } from '../security/epochs/index.ts'
import { createReadingBudgets } from '../security/limits/index.ts'
import { createApiServer } from '../surfaces/api/api-server.ts'
import { capabilityOfAction, type ApiServices } from '../surfaces/api/registry.ts'
import { prepareBroadcasts } from './api-broadcasts.ts'
import { prepareCredentials } from './api-credentials.ts'
import { prepareDoors } from './api-doors.ts'
import { prepareMembers } from './api-members.ts'
import { prepareMessages } from './api-messages.ts'
import { preparePeople } from './api-people.ts'
import { prepareShaping } from './api-shaping.ts'
import { prepareSlices } from './api-slices.ts'
import { prepareLinks, prepareTracking } from './api-tracking.ts'
import { prepareTransport } from './transport.ts'

type ApiSettings = Pick<
  Config,
  | 'mode'
  | 'hostname'
  | 'publicUrl'
  | 'appeal'
  | 'signUp'
  | 'systemFrom'
  | 'delegationZone'
  | 'returnPathDomain'
  | 'tlsReports'
  | 'dnssecResolver'
  | 'dataDirectory'
  | 'breachedRangeUrl'
  | 'leakReportKeysUrl'
  | 'allowPrivateTargets'
  | 'shaping'
  | 'trustedProxies'
>

interface ApiDependencies {
  readonly pool: Pool
  readonly keyring: KeyringClient
  readonly log: Logger
  readonly settings: ApiSettings
  readonly facts: InstallationFacts
  readonly links: LinkSettings
  readonly sensitiveMayLeave: boolean
  readonly operatorKeyHash: string
  readonly resolver: DnsResolver
  /** For whoever checks a record, and has just changed it. */
  readonly freshResolver: DnsResolver
  /** Processes that render templates. */
  readonly renderers: number
  readonly consoleDirectory: string
  readonly acceptObserver?: AcceptObserver
  readonly httpObserver?: HttpObserver
  /** How long after its answer a fetch of a link is judged. */
  readonly judgeAfterMs?: number
}

/**
 * The API and all that answers behind it, put together once for the process and for the tests of it. It does not listen yet, and what works
 * in the background is started by the caller.
 */
export async function prepareApi(deps: ApiDependencies) {
  const { pool, keyring, log, settings, resolver, freshResolver } = deps
  const proxies = trustedProxies(settings.trustedProxies)
  const newId = createIdGenerator()
  const transactions = createTenantTransactions(pool)
  const audit = createAuditOutbox({ newId })
  const recordAudit: RunDependencies<unknown>['recordAudit'] = (db, record) => audit.record(db, record)
  const pepper = createCredentialPepper({ keyring, name: 'credential' })
  const access = createAccess({ pool, pepper, operatorKeyHash: deps.operatorKeyHash, log })
  const people = createPeopleAccess({ pool, pepper, log })
  const watch = startCredentialWatch({ pool, log, access: joinAccess(access, people) })
  const containment = await startContainmentWatch({ pool, log, actorClass: 'api' })
  const accept = createAcceptService({
    pool,
    keyring,
    containment,
    sensitiveMayLeave: deps.sensitiveMayLeave,
    log,
    ...(deps.acceptObserver === undefined ? {} : { observer: deps.acceptObserver }),
    now: Date.now,
    newId,
  })
  const senders = createSealedSenders({ keyring })
  const apiKeys = createApiKeys({ pepper, senders, newId })
  const links = prepareLinks({ pool, keyring, settings: deps.links })
  const renderer = createTemplateRenderer({
    processes: deps.renderers,
    limits: RENDER_LIMITS,
    log,
    nowMs: Date.now,
  })
  const templates = createTemplates({ keyring, transactions, renderer, newId, nowMs: Date.now })
  const mail = prepareMessages({ accept, keyring, links, templates, newId, resolver, config: settings, log })
  const { messages } = mail
  const domains = createDomains({
    keyring,
    resolver: freshResolver,
    transactions,
    settings: {
      delegationZone: settings.delegationZone,
      hostname: settings.hostname,
      trustTestDomains: settings.mode === 'development',
    },
    newId,
  })
  const systemMail = createSystemMail({
    messages,
    domains,
    transactions,
    recordAudit,
    from: settings.systemFrom,
    sensitiveMayLeave: deps.sensitiveMayLeave,
    now: Date.now,
  })
  const notices = createNotices({ pool, keyring, systemMail, log })
  const transport = prepareTransport({
    pool,
    transactions,
    resolver,
    messages,
    systemMail,
    config: settings,
    log,
  })
  const persons = preparePeople({
    pool,
    keyring,
    pepper,
    people,
    systemMail,
    publicUrl: settings.publicUrl,
    dataDirectory: settings.dataDirectory,
    breachedRangeUrl: settings.breachedRangeUrl,
    log,
    now: Date.now,
    newId,
  })
  const workspaces = createWorkspaces({
    transactions,
    recordAudit,
    apiKeys,
    pepper,
    newId,
  })
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
    findInvitation: (token) => workspacePeople.invitations.find(token),
    recordAudit,
    settings: { publicUrl: settings.publicUrl, signUp: settings.signUp },
    log,
    newId,
  })
  persons.askResetBy(async (email, client) => {
    await accounts.asking.ask('reset', email, client)
  })
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
    allowPrivateTargets: settings.allowPrivateTargets,
    allowLoopback: settings.mode === 'development',
    leakReportKeysUrl: settings.leakReportKeysUrl,
    log,
    newId,
  })
  const workspacePeople = prepareMembers({
    sessions: persons.sessionIssuer,
    limiter: persons.limiter,
    resolver,
    allowPrivateTargets: settings.allowPrivateTargets,
    allowLoopback: settings.mode === 'development',
    log,
    pool,
    keyring,
    pepper,
    people,
    systemMail,
    workspaces,
    transactions,
    recordAudit,
    publicUrl: settings.publicUrl,
    mayCreateWorkspaces: settings.signUp === 'open',
    now: Date.now,
    newId,
  })
  const shaping = await prepareShaping({
    pool,
    messages,
    resolver,
    transactions,
    recordAudit,
    settings,
    log,
  })
  const tracking = prepareTracking({
    pool,
    keyring,
    links,
    settings: deps.links,
    hostname: settings.hostname,
    trustTestDomains: settings.mode === 'development',
    resolver: freshResolver,
    detection: persons.detection,
    containment,
    proxies,
    log,
    newId,
    ...(deps.judgeAfterMs === undefined ? {} : { judgeAfterMs: deps.judgeAfterMs }),
  })
  const containments = createContainments({
    transaction: (caller, work) => transactions.write(caller.workspaceId ?? '', work, caller.actor),
    refresh: () => containment.refresh(),
    capabilityOfAction,
    streams: (workspaceId) => containment.watched(workspaceId),
    nowMs: Date.now,
  })
  const reading = createReadingBudgets({ ...persons, transactions, recordAudit })
  const sending = {
    pool,
    transactions,
    containment,
    keyring,
    messages,
    accept,
    links,
    reading,
    log,
    newId,
    nowMs: Date.now,
  }
  const broadcasting = prepareBroadcasts(sending)
  const services: ApiServices = {
    broadcasts: broadcasting.broadcasts,
    ...prepareSlices({
      pool,
      keyring,
      transactions,
      recordAudit,
      reading,
      newId,
      nowMs: Date.now,
    }),
    callers: createCallers({ workspaces, containments, installation: deps.facts }),
    tracking: tracking.tracking,
    linkDomains: tracking.linkDomains,
    ...workspacePeople,
    accounts,
    logIn: persons.logIn,
    sessions: persons.sessions,
    factors: persons.ownFactors,
    messages: countReading(messages, reading('messages'), Date.now),
    resends: createResends({ accept, keyring, links, recordAudit, now: Date.now, newId }),
    domains: tellClaims(domains, persons.detection),
    templates,
    webhooks: createWebhooks({ keyring, newId, allowPrivateTargets: settings.allowPrivateTargets }),
    inboundRoutes: createInboundRoutes({ keyring, newId, allowPrivateTargets: settings.allowPrivateTargets }),
    apiKeys,
    leakedKeys: credentials.leakedKeys,
    federation: credentials.federation,
    smtpCredentials: createSmtpCredentials({ pepper, senders, newId }),
    containments,
    shaping: shaping.shaping,
    systemMail,
    transport: transport.transport,
    queue: createQueue({
      transactions,
      keyring,
      bearings: (workspaceId) => shaping.shaping.bearings(workspaceId),
      newId,
      nowMs: Date.now,
    }),
    workspaces,
  }
  const app = await createApiServer({
    log,
    ...(deps.httpObserver === undefined ? {} : { observer: deps.httpObserver }),
    pool,
    keyring,
    transactions,
    access,
    people,
    proxies,
    watch,
    containment,
    appeal: settings.appeal,
    services,
    recordAudit,
    addLinks: tracking.addLinks,
    ...prepareDoors({
      services,
      transactions,
      containment,
      recordAudit,
      access,
      repeats: createRepeats({ pool, newId }),
      proxies,
      log,
      publicUrl: settings.publicUrl,
    }),
    consoleDirectory: deps.consoleDirectory,
  })
  return {
    app,
    services,
    transactions,
    audit,
    recordAudit,
    newId,
    accept,
    messages,
    links,
    systemMail,
    notices,
    transport,
    persons,
    accounts,
    tracking,
    broadcasts: { ...broadcasting, sending },
    /** After the server is closed and what works in the background has ended. */
    async [Symbol.asyncDispose]() {
      await renderer[Symbol.asyncDispose]()
      await tracking[Symbol.asyncDispose]()
      workspacePeople[Symbol.dispose]()
      await persons.drain()
      transport[Symbol.dispose]()
      await watch[Symbol.asyncDispose]()
      await containment[Symbol.asyncDispose]()
      await accept.drain()
      await access.close()
      credentials[Symbol.dispose]()
      await mail[Symbol.asyncDispose]()
      await shaping[Symbol.asyncDispose]()
    },
  }
}
