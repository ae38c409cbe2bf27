import { hash } from 'node:crypto'
import type { Destination } from '../../platform/dns/index.ts'
import type { SmtpAuth, SmtpTlsOptions } from '../../platform/smtp/client/index.ts'
import { BUILT_IN, type Limits, type Resolved, type ResolveWanted } from '../shaping/index.ts'
import type { TransportVerdict } from '../transport/index.ts'
import { INBOX, type Site } from './site/site.ts'

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
  /** DANE and MTA-STS. */
  readonly transport: {
    policyFor(request: {
      readonly domain: string
      readonly hosts: readonly { readonly exchange: string }[]
    }): Promise<TransportVerdict>
  }
  /** What a look at a policy says by itself goes into reports. */
  readonly onVerdict: (verdict: TransportVerdict) => void
  readonly rules: () => { resolve(wanted: ResolveWanted): Resolved }
  /** A domain whose mail is played back by this installation, and the socket that does it. */
  readonly simulator: { readonly domain: string; readonly socketPath: string } | null
  /** Of the MX hosts; default 25. */
  readonly directPort?: number
  readonly nowMs: () => number
}

const SMTP_PORT = 25
/** So long one answer serves a domain. DNS and policies are cached below, with times of their own. */
const KEEP_MS = 2_000
const DOMAINS_MAX = 50_000

const RELAY: Limits = {
  ...BUILT_IN,
  connections: 20,
  connectionRate: null,
  messageRate: null,
  messagesPerConnection: 10_000,
  idleSeconds: 15,
  maxReady: 600,
}

/** Finds the site for a recipient's domain: the stage route of the engine. */
export function createSiteFinder(deps: SiteDependencies): (domain: string) => Promise<Resolution> {
  const route = routeOf(deps)
  const { simulator } = deps
  if (simulator === null) return route
  const played = localSite('simulator', 'simulator', simulator.socketPath)
  const answer = Promise.resolve<Resolution>({ kind: 'site', site: played })
  return (domain) => (domain === simulator.domain ? answer : route(domain))
}

function routeOf(deps: SiteDependencies): (domain: string) => Promise<Resolution> {
  const { outbound } = deps
  switch (outbound.kind) {
    case 'capture': {
      const answer = Promise.resolve<Resolution>({
        kind: 'site',
        site: localSite(INBOX, 'local inbox', outbound.socketPath),
      })
      return () => answer
    }
    case 'relay':
      return () => relaySite(outbound, deps)
    case 'direct':
      return directRoute(deps)
  }
}

function localSite(key: string, name: string, socketPath: string): Site {
  return {
    key,
    name,
    limitsName: name,
    parks: key !== INBOX,
    line: lineOf(key),
    provider: null,
    mxHosts: [],
    policy: 'none',
    hosts: [{ target: { path: socketPath }, tls: { mode: 'none' }, policy: null }],
    auth: undefined,
    domain: '',
    limits: RELAY,
    trusted: true,
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
  const key = `relay ${outbound.host}:${outbound.port}`
  const local = addresses.every(({ address }) => address === '::1' || address.startsWith('127.'))
  const tls = relayTls(outbound, local)
  return {
    kind: 'site',
    site: {
      key,
      name: outbound.host,
      limitsName: outbound.host,
      parks: false,
      line: lineOf(key),
      provider: null,
      mxHosts: [],
      policy: 'none',
      hosts: addresses.map(({ address, family }) => ({
        target: { host: outbound.host, address, family, port: outbound.port },
        tls,
        policy: null,
      })),
      auth: outbound.auth,
      domain: '',
      limits: RELAY,
      // Mail to a relay on this machine is in nobody's sight on the way.
      trusted: local,
    },
  }
}

/** A relay elsewhere that takes a password gets it over verified TLS only; others are encrypted to where they offer it. */
function relayTls(outbound: Extract<Outbound, { kind: 'relay' }>, local: boolean): SmtpTlsOptions {
  const proof = { kind: 'pkix', names: [outbound.host] } as const
  if (outbound.implicitTls) return { mode: 'implicit', verify: local ? 'none' : proof }
  return outbound.auth === undefined || local
    ? { mode: 'opportunistic' }
    : { mode: 'required', verify: proof }
}

/** To the MX hosts. Domains of the same hosts under the same policies share one site, and its object. */
function directRoute(deps: SiteDependencies): (domain: string) => Promise<Resolution> {
  const found = new Map<string, { readonly answer: Promise<Resolution>; readonly untilMs: number }>()

  return (domain) => {
    const known = found.get(domain)
    if (known !== undefined && known.untilMs > deps.nowMs()) return known.answer
    const answer = lookUp(domain)
    if (found.size >= DOMAINS_MAX) found.clear()
    const entry = { answer, untilMs: deps.nowMs() + KEEP_MS }
    found.set(domain, entry)
    const forget = (): void => {
      if (found.get(domain) === entry) found.delete(domain)
    }
    // What could not be found out is asked again by the next message.
    answer.then((resolution) => {
      if (resolution.kind !== 'site') forget()
    }, forget)
    return answer
  }

  async function lookUp(domain: string): Promise<Resolution> {
    const destination = await deps.resolveDestination(domain)
    if (destination.kind !== 'hosts') return destination
    const verdict = await deps.transport.policyFor({ domain, hosts: destination.hosts })
    deps.onVerdict(verdict)
    if (verdict.kind === 'defer') return verdict
    return { kind: 'site', site: directSite(domain, destination.hosts, verdict, deps) }
  }
}

function directSite(
  domain: string,
  found: Extract<Destination, { kind: 'hosts' }>['hosts'],
  verdict: Extract<TransportVerdict, { kind: 'policy' }>,
  deps: SiteDependencies,
): Site {
  const hosts = found.flatMap((host) => {
    const policy = verdict.hosts.find(({ exchange }) => exchange === host.exchange)
    return policy === undefined ? [] : [{ ...host, policy }]
  })
  const mxHosts = hosts.map(({ exchange }) => exchange)
  const rules = deps.rules().resolve({ domain, mxHosts })
  // Domains that put the same hosts in another order of preference are another site, and so are those with another policy or own rules.
  const ranks = [...new Set(hosts.map((host) => host.preference))].toSorted((a, b) => a - b)
  const order = hosts
    .map((host) => `${host.exchange}/${ranks.indexOf(host.preference)}`)
    .toSorted()
    .join(' ')
  const key = `${rules.ofDomain ? `${domain} ` : ''}${verdict.id} ${order}`
  const short = key.length > 200 ? hash('sha256', key, 'hex') : key
  return {
    key: short,
    name: rules.site,
    limitsName: rules.ofDomain ? `${rules.site} for ${domain}` : rules.site,
    parks: true,
    line: lineOf(short),
    provider: rules.provider,
    mxHosts,
    policy: verdict.policy,
    hosts: hosts.flatMap((host) =>
      host.addresses.map(({ address, family }) => ({
        target: { host: host.exchange, address, family, port: deps.directPort ?? SMTP_PORT },
        tls: host.policy.tls,
        policy: host.policy,
      })),
    ),
    auth: undefined,
    domain,
    limits: null,
    trusted: false,
  }
}

/** 63 bits of a hash of the site's key, never 0. */
function lineOf(key: string): bigint {
  return (hash('sha256', key, 'buffer').readBigUInt64BE(0) >> 1n) | 1n
}
