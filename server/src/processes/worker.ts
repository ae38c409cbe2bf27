import { createIdGenerator } from '../kernel/ids.ts'
import { startReportUpkeep } from '../modules/bounces/index.ts'
import { startStops } from '../modules/batches/index.ts'
import { startListUpkeep } from '../modules/contacts/index.ts'
import { createDomainRecheck } from '../modules/domains/index.ts'
import { startDsnUpkeep } from '../modules/dsn/index.ts'
import {
  createInstallationMetrics,
  createMonitoringStore,
  runMonitoring,
} from '../modules/monitoring/index.ts'
import { createAlertDispatchStore, createProfileReconcile } from '../modules/notices/index.ts'
import { startSuppressionUpkeep } from '../modules/suppressions/index.ts'
import { startTemplateUpkeep } from '../modules/templates/index.ts'
import { startQueueActs } from '../modules/queue/index.ts'
import { startQuotaUpkeep } from '../modules/quotas/index.ts'
import { startStatistics } from '../modules/statistics/index.ts'
import { createLinkDomainRecheck } from '../modules/tracking/index.ts'
import { startUpkeep } from '../modules/upkeep/index.ts'
import { createStsPolicies, createStsStore, runTransportUpkeep } from '../modules/transport/index.ts'
import { startInboundDispatch } from '../modules/inbound-routes/index.ts'
import { createWebhookDispatcher, createWebhookObserver } from '../modules/webhooks/index.ts'
import { formatAddress } from '../platform/config/index.ts'
import { createResolver } from '../platform/dns/index.ts'
import { createEgress } from '../platform/egress/index.ts'
import { createKeyringClient } from '../platform/keyring-client/index.ts'
import { runProcess } from '../platform/lifecycle/index.ts'
import { runLoop } from '../platform/loop/index.ts'
import { createTenantTransactions } from '../platform/postgres/tenant.ts'
import { startContainmentWatch } from '../security/containment/index.ts'
import { startDetectionLoop } from '../security/detection/index.ts'
import { createAuditOutbox } from '../security/audit/index.ts'
import { linkSettings, linkTarget } from './api-tracking.ts'

const RECHECK_EVERY_MS = 5_000
/** An alarm is due within 60 s of the change. */
const RECONCILE_EVERY_MS = 10_000

await runProcess({
  name: 'worker',
  poolSize: 12,
  async start(context) {
    const { config, pool, log, signal } = context
    const keyring = createKeyringClient({ ...context.keyring, log })
    const transactions = createTenantTransactions(pool)
    const audit = createAuditOutbox({ newId: createIdGenerator() })
    const resolver = createResolver({
      ...(config.dnsServers.length === 0 ? {} : { servers: config.dnsServers.map(formatAddress) }),
      timeoutMs: 4_000,
      tries: 2,
    })
    const egress = createEgress({
      resolver,
      allowPrivateTargets: config.allowPrivateTargets,
      excerptsOfPrivate: config.mode === 'development',
    })
    const containment = await startContainmentWatch({ pool, log, actorClass: 'worker' })
    const observer = createWebhookObserver({
      metrics: context.metrics,
      tracing: context.tracing,
      nowMs: Date.now,
    })
    const dispatcher = createWebhookDispatcher({
      observer,
      pool,
      keyring,
      containment,
      egress,
      log,
      retryScale: config.retryScale,
    })
    const alerts = createWebhookDispatcher({
      pool,
      keyring,
      // A workspace that was hijacked could cut off its own webhooks; who hears of that is not for it to decide.
      containment: { blocking: (question) => containment.blocking({ ...question, workspaceId: '' }) },
      egress,
      log,
      retryScale: config.retryScale,
      store: createAlertDispatchStore(pool),
    })
    const reconcile = createProfileReconcile({ pool, log })
    const recheck = createDomainRecheck({
      pool,
      transactions,
      resolver,
      settings: {
        delegationZone: config.delegationZone,
        trustTestDomains: config.mode === 'development',
      },
      recordAudit: (db, record) => audit.record(db, record),
      log,
    })
    const stsStore = createStsStore(pool)
    const sts = createStsPolicies({ store: stsStore, resolver, egress, log })
    const recheckLinks = createLinkDomainRecheck({
      pool,
      transactions,
      resolver,
      target: linkTarget(linkSettings(config)),
      trustTestDomains: config.mode === 'development',
      recordAudit: (db, record) => audit.record(db, record),
      log,
      nowMs: Date.now,
    })
    const work = Promise.all([
      runLoop({
        name: 're-check link domains',
        everyMs: RECHECK_EVERY_MS,
        log,
        signal,
        // A full round means that more are due.
        round: async () => ((await recheckLinks()) > 0 ? 0 : undefined),
      }),
      runTransportUpkeep({ sts, store: stsStore, log, signal }),
      dispatcher.run(signal),
      alerts.run(signal),
      startInboundDispatch({
        pool,
        keyring,
        containment,
        egress,
        log,
        signal,
        retryScale: config.retryScale,
      }),
      runLoop({
        name: 'compare profiles',
        everyMs: RECONCILE_EVERY_MS,
        log,
        signal,
        round: async () => {
          await reconcile()
          return undefined
        },
      }),
      runLoop({
        name: 're-check domains',
        everyMs: RECHECK_EVERY_MS,
        log,
        signal,
        // A full round means that more are due.
        round: async () => ((await recheck()) > 0 ? 0 : undefined),
      }),
      startUpkeep({ pool, log, signal, keyring, retentionDays: config.retentionDays }),
      startQueueActs({ pool, log, signal }),
      startStops({ pool, log, signal }),
      startQuotaUpkeep({ pool, log, signal }),
      startStatistics({
        pool,
        log,
        signal,
        nowMs: Date.now,
        relay: config.outbound.kind === 'relay' ? config.outbound.host : null,
      }),
      runMonitoring({
        store: createMonitoringStore(pool),
        metrics: createInstallationMetrics(context.metrics),
        log,
        signal,
        nowMs: Date.now,
      }),
      startDetectionLoop({ pool, log, signal }),
      startReportUpkeep({ pool, keyring, log, signal, newId: createIdGenerator() }),
      startDsnUpkeep({ pool, log, signal }),
      startSuppressionUpkeep({ pool, log, signal }),
      startListUpkeep({ pool, log, signal }),
      startTemplateUpkeep({ pool, log, signal }),
    ])
    context.ready()
    return {
      async [Symbol.asyncDispose]() {
        await work
        await containment[Symbol.asyncDispose]()
        resolver.cancel()
        egress[Symbol.dispose]()
        await keyring[Symbol.asyncDispose]()
      },
    }
  },
})
