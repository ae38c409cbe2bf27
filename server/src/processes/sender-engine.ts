import type { SmtpTimeouts } from '../platform/smtp/client/index.ts'
import type { KeyringClient } from '../platform/keyring-client/index.ts'
import type { Pool } from '../platform/postgres/index.ts'
import { createMetrics, NO_TRACING } from '../platform/telemetry/index.ts'
import type { Logger, Metrics, Tracing } from '../platform/telemetry/index.ts'
import type { ContainmentWatch } from '../security/containment/index.ts'
import { createIdGenerator } from '../kernel/ids.ts'
import {
  createDeliveryObserver,
  createDeliveryStore,
  createSiteFinder,
  startEngine,
  startSharedClock,
  type Engine,
  type EngineDependencies,
  type Outbound,
  type SiteDependencies,
} from '../modules/delivery/index.ts'
import { createOverlays, createOverlayStore, openRulesFile } from '../modules/shaping/index.ts'
import {
  createBudgetMetrics,
  createBudgets,
  createSources,
  createSourcesStore,
  type Sources,
} from '../modules/sources/index.ts'
import {
  createResultStore,
  createStsPolicies,
  createStsStore,
  createTlsReports,
  createTransportPolicy,
} from '../modules/transport/index.ts'
import {
  createDestinationResolver,
  createResolver,
  createSecureResolver,
  type SecureResolverDeps,
} from '../platform/dns/index.ts'
import { readOwnAddresses } from '../platform/networks/index.ts'
import { createEgress } from '../platform/egress/index.ts'

export interface SenderEngineDependencies {
  readonly pool: Pool
  readonly keyring: EngineDependencies['keyring'] & Partial<KeyringClient>
  readonly containment: Pick<ContainmentWatch, 'blocking'>
  readonly log: Logger
  /** Default: counted, and read by nobody. */
  readonly metrics?: Metrics
  readonly tracing?: Tracing
  readonly processId: string
  readonly journalDirectory: string
  readonly isAlive: EngineDependencies['isAlive']
  readonly sensitiveMayLeave: boolean
  readonly outbound: Outbound
  readonly simulator: SiteDependencies['simulator']
  /** Of this machine, as processes tell it. */
  readonly host: string
  /** In EHLO, where a source has no name of its own. */
  readonly hostname: string
  readonly returnPathDomain: string | null
  readonly retryScale: number
  /** The operator's rules; null: what is shipped. */
  readonly shapingFile: string | null
  readonly dns: { readonly servers?: readonly string[]; readonly timeoutMs: number; readonly tries: number }
  /** Null: DANE is off. */
  readonly secureDns: SecureResolverDeps | null
  readonly allowPrivate: boolean
  readonly resolveRelay: SiteDependencies['resolveRelay']
  readonly directPort?: number
  readonly timeouts?: Partial<SmtpTimeouts>
  /** PEM roots for policies that are fetched by HTTPS, instead of the bundled ones. */
  readonly ca?: string
  readonly stsUrlOf?: (domain: string) => string
}

/** The delivery engine with what it asks: rules, what was learnt, sources, budgets, DNS and policies. Disposing of it ends all of them. */
export async function startSenderEngine(deps: SenderEngineDependencies): Promise<Engine> {
  const { log, pool } = deps
  const stop = new AbortController()
  const deliveryStore = createDeliveryStore(pool)
  const { nowMs } = await startSharedClock({ ask: () => deliveryStore.clockMs(), log, signal: stop.signal })
  const newId = createIdGenerator(nowMs)
  const stack = new AsyncDisposableStack()

  const resolver = createResolver(deps.dns)
  stack.defer(() => resolver.cancel())
  const secure = deps.secureDns === null ? null : createSecureResolver(deps.secureDns)
  const egress = stack.use(
    createEgress({
      resolver,
      allowPrivateTargets: deps.allowPrivate,
      ...(deps.ca === undefined ? {} : { ca: deps.ca }),
    }),
  )
  const sts = createStsPolicies({
    store: createStsStore(pool),
    resolver: secure ?? resolver,
    egress,
    log,
    ...(deps.stsUrlOf === undefined ? {} : { urlOf: deps.stsUrlOf }),
  })
  const tlsReports = stack.use(createTlsReports({ store: createResultStore(pool), log, nowMs }))

  let leaseId: string | null = null
  let engine: Engine | undefined
  let opened: Sources | undefined
  const rulesFile = stack.use(
    await openRulesFile({
      path: deps.shapingFile,
      hostname: deps.hostname,
      log,
      onChanged: (changed) => opened?.replacePlan(changed.plan),
    }),
  )
  const rules = () => rulesFile.current()
  const overlays = stack.use(createOverlays({ store: createOverlayStore(pool), log, rules, nowMs, newId }))
  const sourcesStore = createSourcesStore(pool)
  const ownSource = { name: 'default', ehloName: deps.hostname, weight: 1, pools: [] }
  const sources = await createSources({
    store: sourcesStore,
    plan: rules().plan,
    leaseId: () => leaseId,
    host: deps.host,
    ownAddresses: readOwnAddresses,
    onGone: (name) => engine?.endSource(name),
    log,
    nowMs,
    random: Math.random,
  })
  opened = sources
  const budgets = createBudgets({
    store: sourcesStore,
    leaseId: () => leaseId,
    log,
    onGrown: () => engine?.feed(),
  })
  const metrics = deps.metrics ?? createMetrics()
  createBudgetMetrics(metrics).watch(budgets)
  const loops = [tlsReports.run(stop.signal)]

  engine = await startEngine({
    ...deps,
    store: deliveryStore,
    observer: createDeliveryObserver({
      metrics,
      tracing: deps.tracing ?? NO_TRACING,
      nowMs,
    }),
    rules,
    overlays,
    sources,
    budgets,
    tlsReports,
    ownSource,
    findSite: createSiteFinder({
      outbound: deps.outbound,
      resolveDestination: createDestinationResolver({
        resolver: secure ?? resolver,
        allowPrivate: deps.allowPrivate,
      }),
      resolveRelay: deps.resolveRelay,
      transport: createTransportPolicy({
        secure,
        sts,
        ...(deps.directPort === undefined ? {} : { smtpPort: deps.directPort }),
      }),
      onVerdict: (verdict) => tlsReports.countVerdict(verdict),
      rules,
      simulator: deps.simulator,
      nowMs,
      ...(deps.directPort === undefined ? {} : { directPort: deps.directPort }),
    }),
    onLease: (id) => {
      leaseId = id
    },
    beforeRelease: async () => {
      await budgets[Symbol.asyncDispose]()
      await sources[Symbol.asyncDispose]()
    },
    newId,
    nowMs,
    random: Math.random,
  })
  const started = engine
  return {
    ...started,
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]()
      stop.abort()
      await Promise.all(loops)
      await stack.disposeAsync()
    },
  }
}
