import type { Messages } from '../modules/messages/index.ts'
import type { SystemMail } from '../modules/system-mail/index.ts'
import { createReportSender, createReportStore, createTransport } from '../modules/transport/index.ts'
import type { Transport } from '../modules/transport/index.ts'
import type { Config } from '../platform/config/index.ts'
import { formatAddress } from '../platform/config/index.ts'
import { createSecureResolver } from '../platform/dns/index.ts'
import type { DnsResolver, SecureResolver } from '../platform/dns/index.ts'
import { createEgress } from '../platform/egress/index.ts'
import { runLoop } from '../platform/loop/index.ts'
import type { Pool } from '../platform/postgres/index.ts'
import type { TenantTransactions } from '../platform/postgres/tenant.ts'
import type { Logger } from '../platform/telemetry/index.ts'

const WATCH_MS = 300_000

export interface TransportServices extends Disposable {
  readonly transport: Transport
  /** Sends TLS reports, unless they are turned off, and watches whether the validating resolver validates, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

/** What is seen of transport security, and the reports about it: sent where the installation's own mail is. */
export function prepareTransport(deps: {
  readonly pool: Pool
  readonly transactions: TenantTransactions
  readonly resolver: Pick<DnsResolver, 'a' | 'aaaa' | 'txt'>
  readonly messages: Pick<Messages, 'sendMime'>
  readonly systemMail: Pick<SystemMail, 'ensureDomain'>
  readonly config: Pick<
    Config,
    'systemFrom' | 'hostname' | 'returnPathDomain' | 'allowPrivateTargets' | 'tlsReports' | 'dnssecResolver'
  >
  readonly log: Logger
}): TransportServices {
  const { config, pool, log } = deps
  const egress = createEgress({ resolver: deps.resolver, allowPrivateTargets: config.allowPrivateTargets })
  const secure = secureResolver(config)
  const sender = createReportSender({
    store: createReportStore(pool),
    resolver: deps.resolver,
    egress,
    messages: deps.messages,
    systemMail: deps.systemMail,
    from: config.systemFrom,
    hostname: config.hostname,
    log,
  })
  const transport = createTransport({
    transactions: deps.transactions,
    dnssec:
      secure === null || config.dnssecResolver === null
        ? null
        : { name: formatAddress(config.dnssecResolver), resolver: secure },
    ownDomains: ownDomains(config),
    reportsSent: config.tlsReports,
  })
  let told: string | undefined
  const watch = async (): Promise<undefined> => {
    const { state, advice, resolver } = await transport.dane()
    if (state !== (told ?? 'on'))
      log[state === 'on' ? 'info' : 'warn']({ state, resolver }, advice ?? 'DANE is on again')
    told = state
  }
  return {
    transport,
    async run(signal) {
      await Promise.all([
        config.tlsReports ? sender.run(signal) : undefined,
        // A resolver that does not validate turns DANE off without a word in any reply.
        secure === null
          ? undefined
          : runLoop({ name: 'validating resolver', everyMs: WATCH_MS, log, signal, round: watch }),
      ])
    },
    [Symbol.dispose]() {
      egress[Symbol.dispose]()
      secure?.cancel()
    },
  }
}

/** A resolver whose word on DNSSEC counts, because the operator named it; null: none is named, and DANE is off. */
function secureResolver(config: Pick<Config, 'dnssecResolver'>): SecureResolver | null {
  return config.dnssecResolver === null
    ? null
    : createSecureResolver({ server: config.dnssecResolver, trust: 'configured' })
}

/** Domains of the installation itself: reports about them are the operator's. */
function ownDomains(config: Pick<Config, 'hostname' | 'returnPathDomain'>): readonly string[] {
  return [config.hostname, config.returnPathDomain]
    .filter((name) => name !== null)
    .map((name) => name.toLowerCase())
}
