import { createBounceDoor, type BounceMetrics } from '../modules/bounces/index.ts'
import { createInboundRouteDoor } from '../modules/inbound-routes/index.ts'
import { createUnsubscribeDoor } from '../modules/tracking/index.ts'
import { createReceivedStore, createReportReceiver } from '../modules/transport/index.ts'
import type { Config } from '../platform/config/index.ts'
import type { KeyringClient } from '../platform/keyring-client/index.ts'
import type { Pool } from '../platform/postgres/index.ts'
import type { SmtpServer, SmtpServerMetrics } from '../platform/smtp/server/index.ts'
import type { Logger } from '../platform/telemetry/index.ts'
import { createReferenceKey } from '../security/references/index.ts'
import { createInbound } from '../surfaces/inbound-smtp/index.ts'

/** The listener for mail from outside and the doors behind it, not open yet; null where BULKHEAD_INBOUND is off. */
export function prepareInbound(deps: {
  readonly config: Pick<Config, 'inbound' | 'hostname' | 'returnPathDomain'>
  readonly pool: Pool
  readonly keyring: KeyringClient
  readonly tls: () => { readonly cert: string; readonly key: string }
  readonly newId: () => string
  readonly log: Logger
  readonly metrics?: BounceMetrics
  readonly serverMetrics?: SmtpServerMetrics
}): SmtpServer<never> | null {
  const { config, pool, keyring, newId, log } = deps
  if (config.inbound === 'off') return null
  const domains = [config.returnPathDomain, config.hostname]
    .filter((domain) => domain !== null)
    .map((domain) => domain.toLowerCase())
  const store = createReceivedStore(pool, domains)
  const receiver = createReportReceiver({ store, newId, log, nowMs: Date.now })
  const bounces = createBounceDoor({
    pool,
    keyring,
    returnPathKey: createReferenceKey({ keyring, purpose: 'return-path' }),
    domains,
    tlsReports: async (raw) => (await receiver.receive(raw)).kind === 'taken',
    newId,
    log,
    ...(deps.metrics === undefined ? {} : { metrics: deps.metrics }),
    now: Date.now,
  })
  const unsubscribes = createUnsubscribeDoor({
    pool,
    key: createReferenceKey({ keyring, purpose: 'links' }),
    domains,
  })
  return createInbound({
    listener: config.inbound,
    hostname: config.hostname,
    tls: deps.tls,
    // Our own addresses first: a return path is one at any host name.
    doors: [bounces, unsubscribes, createInboundRouteDoor({ pool, keyring, newId, log })],
    log,
    ...(deps.serverMetrics === undefined ? {} : { metrics: deps.serverMetrics }),
    nowMs: () => performance.now(),
  })
}
