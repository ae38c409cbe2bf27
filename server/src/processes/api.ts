import { fileURLToPath } from 'node:url'
import { createIdGenerator } from '../kernel/ids.ts'
import { createAccounts } from '../modules/accounts/index.ts'
import { createAlerts } from '../modules/alerts/index.ts'
import { createApiKeys } from '../modules/api-keys/index.ts'
import { createAuditLogReader } from '../modules/audit-log/index.ts'
import { createContainments } from '../modules/containments/index.ts'
import { createDomains, tellClaims } from '../modules/domains/index.ts'
import { createEpochs } from '../modules/epochs/index.ts'
import { createHoney } from '../modules/honey/index.ts'
import { createInbox } from '../modules/inbox/index.ts'
import { createInventory } from '../modules/inventory/index.ts'
import { createKeyringService } from '../modules/keyring/index.ts'
import { createAcceptService, createMessages } from '../modules/messages/index.ts'
import { createChanges, createNotices } from '../modules/notices/index.ts'
import { createSenders } from '../modules/senders/index.ts'
import { createSmtpCredentials } from '../modules/smtp-credentials/index.ts'
import { createSuppressions } from '../modules/suppressions/index.ts'
import { createSystemMail } from '../modules/system-mail/index.ts'
import { createWebhooks } from '../modules/webhooks/index.ts'
import { createWorkspaces } from '../modules/workspaces/index.ts'
import { formatAddress, mayLeaveSensitive } from '../platform/config/index.ts'
import { trustedProxies } from '../platform/http/client-address.ts'
import { createResolver } from '../platform/dns/index.ts'
import { createKeyringClient } from '../platform/keyring-client/index.ts'
import { runProcess } from '../platform/lifecycle/index.ts'
import { createTenantTransactions } from '../platform/postgres/tenant.ts'
import {
  createAccess,
  createCredentialPepper,
  createSealedSenders,
  createPeopleAccess,
  joinAccess,
} from '../security/access/index.ts'
import { startContainmentWatch } from '../security/containment/index.ts'
import { startCredentialWatch } from '../security/epochs/index.ts'
import { createAuditOutbox } from '../security/audit/index.ts'
import { createApiServer } from '../surfaces/api/api-server.ts'
import { capabilityOfAction, type ApiServices } from '../surfaces/api/registry.ts'
import { prepareDevelopment } from './api-development.ts'
import { loadOperatorKey } from './api-operator.ts'
import { startPeppering } from './api-peppering.ts'
import { prepareCredentials } from './api-credentials.ts'
import { prepareMembers } from './api-members.ts'
import { preparePeople } from './api-people.ts'
import { sealOldRows } from './api-sealing.ts'
import { prepareSystemMail } from './api-system-mail.ts'

await runProcess({
  name: 'api',
  poolSize: 16,
  patienceMs: 5_000,
  async start(context) {
    const { config, pool, log } = context
    const newId = createIdGenerator()
    const keyring = createKeyringClient({ ...context.keyring, log })
    const transactions = createTenantTransactions(pool)
    const audit = createAuditOutbox({ newId })
    const operator = loadOperatorKey(config)
    const pepper = createCredentialPepper({ keyring, name: 'credential' })
    const access = createAccess({ pool, pepper, operatorKeyHash: operator.hash, log })
    const people = createPeopleAccess({ pool, pepper, log })
    const watch = startCredentialWatch({ pool, log, access: joinAccess(access, people) })
    const containment = await startContainmentWatch({ pool, log, actorClass: 'api' })
    const accept = createAcceptService({
      pool,
      keyring,
      containment,
      sensitiveMayLeave: mayLeaveSensitive(config),
      log,
      now: Date.now,
      newId,
    })
    const resolver = createResolver({
      ...(config.dnsServers.length === 0 ? {} : { servers: config.dnsServers.map(formatAddress) }),
      timeoutMs: 4_000,
      tries: 2,
    })
    const senders = createSealedSenders({ keyring })
    const apiKeys = createApiKeys({ pepper, senders, newId })
    const messages = createMessages({ accept, keyring, now: Date.now, newId })
    const domains = createDomains({
      keyring,
      resolver,
      transactions,
      settings: {
        delegationZone: config.delegationZone,
        hostname: config.hostname,
        trustTestDomains: config.mode === 'development',
      },
      newId,
    })
    const systemMail = createSystemMail({
      messages,
      domains,
      transactions,
      recordAudit: (db, record) => audit.record(db, record),
      from: config.systemFrom,
      sensitiveMayLeave: mayLeaveSensitive(config),
      now: Date.now,
    })
    const notices = createNotices({ pool, keyring, systemMail, log })
    const persons = preparePeople({
      pool,
      keyring,
      pepper,
      people,
      systemMail,
      publicUrl: config.publicUrl,
      dataDirectory: config.dataDirectory,
      breachedRangeUrl: config.breachedRangeUrl,
      log,
      now: Date.now,
      newId,
    })
    const workspaces = createWorkspaces({
      transactions,
      recordAudit: (db, record) => audit.record(db, record),
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
      recordAudit: (db, record) => audit.record(db, record),
      settings: { publicUrl: config.publicUrl, signUp: config.signUp },
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
      recordAudit: (db, record) => audit.record(db, record),
      resolver,
      allowPrivateTargets: config.allowPrivateTargets,
      allowLoopback: config.mode === 'development',
      leakReportKeysUrl: config.leakReportKeysUrl,
      log,
      newId,
    })
    const workspacePeople = prepareMembers({
      sessions: persons.sessionIssuer,
      limiter: persons.limiter,
      resolver,
      allowPrivateTargets: config.allowPrivateTargets,
      allowLoopback: config.mode === 'development',
      log,
      pool,
      keyring,
      pepper,
      people,
      systemMail,
      workspaces,
      transactions,
      recordAudit: (db, record) => audit.record(db, record),
      publicUrl: config.publicUrl,
      mayCreateWorkspaces: config.signUp === 'open',
      now: Date.now,
      newId,
    })
    const services: ApiServices = {
      ...workspacePeople,
      accounts,
      logIn: persons.logIn,
      sessions: persons.sessions,
      factors: persons.ownFactors,
      messages,
      domains: tellClaims(domains, persons.detection),
      senders: createSenders({ keyring, newId }),
      suppressions: createSuppressions({ keyring, newId }),
      webhooks: createWebhooks({ keyring, newId, allowPrivateTargets: config.allowPrivateTargets }),
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
      alerts: createAlerts({ transactions, recordAudit: (db, record) => audit.record(db, record) }),
      honey: createHoney({
        keyring,
        transactions,
        recordAudit: (db, record) => audit.record(db, record),
        newId,
      }),
      auditLog: createAuditLogReader({ pool }),
      keyring: createKeyringService({
        keyring,
        transactions,
        recordAudit: (db, record) => audit.record(db, record),
      }),
      systemMail,
      changes: createChanges({ keyring }),
      workspaces,
    }
    const app = await createApiServer({
      log,
      pool,
      keyring,
      transactions,
      access,
      people,
      proxies: trustedProxies(config.trustedProxies),
      watch,
      containment,
      appeal: config.appeal,
      services,
      recordAudit: (db, record) => audit.record(db, record),
      consoleDirectory: fileURLToPath(new URL('../../../console/dist', import.meta.url)),
    })
    const peppering = await startPeppering({
      pool,
      keyring,
      log,
      signal: context.signal,
      dataDirectory: config.dataDirectory,
    })
    await app.listen({ host: config.http.host, port: config.http.port, backlog: 4_096 })
    const systemMailReady = prepareSystemMail({ systemMail, log, signal: context.signal })
    const telling = notices.run(context.signal)
    const peopleLoops = persons.run(context.signal)
    const accountLoop = accounts.start()
    const sealing = sealOldRows({ transactions, keyring, log, signal: context.signal })
    const development =
      config.mode === 'development'
        ? await prepareDevelopment({ config, services, transactions, audit, log })
        : undefined
    context.ready({ ...development })
    return {
      async [Symbol.asyncDispose]() {
        await app.close()
        workspacePeople[Symbol.dispose]()
        await sealing
        await accountLoop[Symbol.asyncDispose]()
        await peopleLoops
        await persons.drain()
        await systemMailReady
        await telling
        await peppering.finished
        await watch[Symbol.asyncDispose]()
        await containment[Symbol.asyncDispose]()
        await accept.drain()
        await access.close()
        credentials[Symbol.dispose]()
        resolver.cancel()
        await keyring[Symbol.asyncDispose]()
      },
    }
  },
})
