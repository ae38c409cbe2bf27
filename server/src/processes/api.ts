import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { createKeyDisposal } from '../modules/domains/index.ts'
import { createDsnReports } from '../modules/dsn/index.ts'
import { createKeyringGauges } from '../modules/keyring/index.ts'
import { createAcceptObserver } from '../modules/messages/index.ts'
import { formatAddress, mayLeaveSensitive } from '../platform/config/index.ts'
import { createResolver } from '../platform/dns/index.ts'
import { createHttpObserver } from '../platform/http/http-observer.ts'
import { createKeyringClient } from '../platform/keyring-client/index.ts'
import { runProcess } from '../platform/lifecycle/index.ts'
import { prepareDevelopment } from './api-development.ts'
import { installationFacts } from './api-installation.ts'
import { loadOperatorKey } from './api-operator.ts'
import { startPeppering } from './api-peppering.ts'
import { sealOldRows } from './api-sealing.ts'
import { prepareApi } from './api-services.ts'
import { prepareSystemMail } from './api-system-mail.ts'
import { linkSettings } from './api-tracking.ts'

await runProcess({
  name: 'api',
  poolSize: 16,
  patienceMs: 5_000,
  async start(context) {
    const { config, pool, log } = context
    const keyring = createKeyringClient({ ...context.keyring, log })
    const seen = { metrics: context.metrics, tracing: context.tracing, nowMs: Date.now }
    const dns = {
      ...(config.dnsServers.length === 0 ? {} : { servers: config.dnsServers.map(formatAddress) }),
      timeoutMs: 4_000,
      tries: 2,
    }
    const resolver = createResolver(dns)
    // Whoever checks a record has just changed it.
    const freshResolver = createResolver({ ...dns, rememberMs: 1_000 })
    const api = await prepareApi({
      pool,
      keyring,
      log,
      settings: config,
      facts: installationFacts(config),
      links: linkSettings(config),
      sensitiveMayLeave: mayLeaveSensitive(config),
      operatorKeyHash: loadOperatorKey(config).hash,
      resolver,
      freshResolver,
      renderers: Math.min(8, availableParallelism()),
      consoleDirectory: fileURLToPath(new URL('../../../console/dist', import.meta.url)),
      acceptObserver: createAcceptObserver(seen),
      httpObserver: createHttpObserver({ ...seen, surface: 'api' }),
    })
    const { app, services, transactions, systemMail } = api
    const dsnReports = createDsnReports({
      pool,
      transactions,
      keyring,
      accept: api.accept,
      hostname: config.hostname,
      log,
      newId: api.newId,
      nowMs: Date.now,
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
    const telling = api.notices.run(context.signal)
    const keyDisposal = createKeyDisposal({
      pool,
      keyring,
      transactions,
      recordAudit: api.recordAudit,
      log,
    }).run(context.signal)
    const budgets = createKeyringGauges(context.metrics).run({ keyring, log, signal: context.signal })
    const tlsReports = api.transport.run(context.signal)
    const reporting = dsnReports.run(context.signal)
    const broadcastsRun = api.broadcasts.runner.run(context.signal)
    const peopleLoops = api.persons.run(context.signal)
    const accountLoop = api.accounts.start()
    const sealing = sealOldRows({ transactions, keyring, log, signal: context.signal })
    const development =
      config.mode === 'development'
        ? await prepareDevelopment({ config, services, transactions, audit: api.audit, log })
        : undefined
    context.ready({ ...development })
    return {
      async [Symbol.asyncDispose]() {
        await app.close()
        await broadcastsRun
        await sealing
        await accountLoop[Symbol.asyncDispose]()
        await peopleLoops
        await systemMailReady
        await telling
        await keyDisposal
        await budgets
        await tlsReports
        await reporting
        await peppering.finished
        await api[Symbol.asyncDispose]()
        resolver.cancel()
        freshResolver.cancel()
        await keyring[Symbol.asyncDispose]()
      },
    }
  },
})
