import { hash } from 'node:crypto'
import type { Destination } from '../../platform/dns/index.ts'
import type { SmtpAuth, SmtpTarget, SmtpTlsOptions } from '../../platform/smtp/client/index.ts'

/** Where outgoing mail goes, from `BULKHEAD_OUTBOUND`. */
export type Outbound =
  | { readonly kind: 'capture'; readonly socketPath: string }
  | { readonly kind: 'direct' }
  | {
      readonly kind: 'relay'
      readonly host: string
      readonly port: number
      readonly implicitTls: boolean
      readonly auth: SmtpAuth | undefined
    }

/** A set of hosts that take the same mail: one relay, or the MX hosts that many domains may share. */
export interface Site {
  /** Equal for domains with the same MX hosts, so that they share connections and back-off. */
  readonly key: string
  readonly name: string
  /** In the order in which they are tried. */
  readonly targets: readonly SmtpTarget[]
  readonly tls: SmtpTlsOptions
  readonly auth: SmtpAuth | undefined
  readonly connectionsMax: number
  readonly transactionsPerConnectionMax: number
  readonly idleMs: number
}

export type Resolution =
  | { readonly kind: 'site'; readonly site: Site }
  | { readonly kind: 'bounce'; readonly enhanced: string; readonly reason: string }
  | { readonly kind: 'defer'; readonly enhanced: string; readonly reason: string }

export interface SiteDependencies {
  readonly outbound: Outbound
  readonly resolveDestination: (domain: string) => Promise<Destination>
  /** For the relay's name; null where it does not resolve. */
  readonly resolveRelay: (
    host: string,
  ) => Promise<readonly { readonly address: string; readonly family: 4 | 6 }[] | null>
  /** Of the MX hosts; default 25. */
  readonly directPort?: number
}

const SMTP_PORT = 25
/** Ten connections to a site is what large receivers take from an unknown sender (KumoMTA's shipped default). */
const DIRECT = { connectionsMax: 10, transactionsPerConnectionMax: 100, idleMs: 5_000 } as const
const RELAY = { connectionsMax: 20, transactionsPerConnectionMax: 10_000, idleMs: 15_000 } as const

/** Finds the site for a recipient's domain: the stage route of the engine. */
export function createSiteFinder(deps: SiteDependencies): (domain: string) => Promise<Resolution> {
  const { outbound } = deps
  switch (outbound.kind) {
    case 'capture': {
      const site: Site = {
        key: 'capture',
        name: 'local inbox',
        targets: [{ path: outbound.socketPath }],
        tls: { mode: 'none', verify: false },
        auth: undefined,
        ...RELAY,
      }
      return () => Promise.resolve({ kind: 'site', site })
    }
    case 'relay':
      return () => relaySite(outbound, deps)
    case 'direct':
      return async (domain) => {
        const found = await deps.resolveDestination(domain)
        return found.kind === 'hosts'
          ? { kind: 'site', site: directSite(found.hosts, deps.directPort ?? SMTP_PORT) }
          : found
      }
  }
}

async function relaySite(
  outbound: Extract<Outbound, { kind: 'relay' }>,
  deps: SiteDependencies,
): Promise<Resolution> {
  const addresses = await deps.resolveRelay(outbound.host)
  if (addresses === null || addresses.length === 0) {
    return {
      kind: 'defer',
      enhanced: '4.4.3',
      reason: `the relay ${outbound.host} does not resolve, or is private and BULKHEAD_ALLOW_PRIVATE_TARGETS is off`,
    }
  }
  return {
    kind: 'site',
    site: {
      key: `relay ${outbound.host}:${outbound.port}`,
      name: outbound.host,
      targets: addresses.map(({ address, family }) => ({
        host: outbound.host,
        address,
        family,
        port: outbound.port,
      })),
      tls: relayTls(outbound, addresses),
      auth: outbound.auth,
      ...RELAY,
    },
  }
}

/** A relay elsewhere that takes a password gets it over verified TLS only; others are encrypted to where they offer it. */
function relayTls(
  outbound: Extract<Outbound, { kind: 'relay' }>,
  addresses: readonly { readonly address: string }[],
): SmtpTlsOptions {
  const local = addresses.every(({ address }) => address === '::1' || address.startsWith('127.'))
  if (outbound.implicitTls) return { mode: 'implicit', verify: !local }
  return outbound.auth === undefined || local
    ? { mode: 'opportunistic', verify: false }
    : { mode: 'required', verify: true }
}

function directSite(hosts: Extract<Destination, { kind: 'hosts' }>['hosts'], port: number): Site {
  // Domains that put the same hosts in another order of preference are another site.
  const ranks = [...new Set(hosts.map((host) => host.preference))].toSorted((a, b) => a - b)
  const key = hosts
    .map((host) => `${host.exchange}/${ranks.indexOf(host.preference)}`)
    .toSorted()
    .join(' ')
  return {
    key: key.length > 200 ? hash('sha256', key, 'hex') : key,
    name: hosts[0]?.exchange ?? '',
    targets: hosts.flatMap((host) =>
      host.addresses.map(({ address, family }) => ({
        host: host.exchange,
        address,
        family,
        port,
      })),
    ),
    tls: { mode: 'opportunistic', verify: false },
    auth: undefined,
    ...DIRECT,
  }
}
