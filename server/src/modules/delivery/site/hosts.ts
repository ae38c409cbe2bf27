import type { SmtpTlsOptions } from '../../../platform/smtp/client/index.ts'
import type { Limits } from '../../shaping/index.ts'
import type { TlsFloor } from '../job.ts'
import { addressOf, addressesOf, type Site, type SiteHost } from './site.ts'

const BACKOFF_FIRST_MS = 15_000
const BACKOFF_LOCAL_MS = 1_000
const BACKOFF_MAX_MS = 10 * 60_000
/** How long a host whose STARTTLS failed is used without it (opportunistic TLS, RFC 7435). */
const BROKEN_TLS_MS = 60 * 60_000
/** How long a host that made way stays behind the next; then the order of preference holds again (RFC 5321 §5.1). */
const PREFER_AGAIN_MS = 10 * 60_000
/** A zone that answers differently every time must not keep a site from ever having tried all its hosts. */
const RENEW_MS = 60_000
/** Domains of one site take turns here, each with a site of its own making. */
const LOOK_MS = 1_000

export interface HostsDependencies {
  readonly site: Site
  readonly floor: TlsFloor
  readonly limits: () => Pick<Limits, 'tls'>
  readonly retryScale: number
  readonly nowMs: () => number
}

/**
 * Which host of a site is used now, and whether the site rests. Hosts are tried in order: one that cannot be used makes way for the next, and
 * behind the last one the site rests, longer each time. After a rest one message probes the way (half-open) before all others follow.
 */
export function createHosts(deps: HostsDependencies) {
  const { nowMs } = deps
  let { site } = deps
  const brokenTls = new Map<string, number>()
  let at = 0
  let movedAtMs = 0
  let renewedAtMs = 0
  let lookedAtMs = 0
  let restUntilMs = 0
  let rests = 0
  let probing = false

  function rest(): number {
    // A socket of this host is a process that starts or starts again.
    const first = site.hosts.every(({ target }) => 'path' in target) ? BACKOFF_LOCAL_MS : BACKOFF_FIRST_MS
    const delayMs = Math.min(first * 2 ** rests, BACKOFF_MAX_MS) * deps.retryScale
    rests += 1
    restUntilMs = nowMs() + delayMs
    probing = true
    at = 0
    return delayMs
  }

  return {
    site: () => site,
    /** The host to connect to. `idle`: none is being tried, so the order of preference may hold again. */
    current(idle: boolean): SiteHost | undefined {
      // Not while a host is still being tried: its failure must lead to the next one, and behind the last one to a rest.
      if (idle && movedAtMs + PREFER_AGAIN_MS < nowMs()) at = 0
      return site.hosts[at]
    },
    /** How to speak TLS with a host now. */
    tlsOf(host: SiteHost): SmtpTlsOptions {
      const { tls } = host
      if (site.trusted) return mayBeClear(tls) && isBroken(host) ? { mode: 'none' } : tls
      if (deps.floor === 'requiretls' && tls.mode !== 'implicit' && 'host' in host.target)
        return tls.mode === 'required' && tls.verify !== 'none'
          ? tls
          : { mode: 'required', verify: { kind: 'pkix', names: [host.target.host] } }
      if (tls.mode === 'opportunistic' && (deps.floor === 'required' || deps.limits().tls === 'required'))
        return {
          mode: 'required',
          verify: 'none',
          ...(tls.servername === undefined ? {} : { servername: tls.servername }),
        }
      return mayBeClear(tls) && isBroken(host) && host.policy?.expectsDane !== true ? { mode: 'none' } : tls
    },
    /** TLS failed with a host that may be used without: from now on it is. True where that is new. */
    tlsFailed(host: SiteHost, tried: SmtpTlsOptions): boolean {
      if (tried.mode !== 'opportunistic' || host.policy?.expectsDane === true || isBroken(host)) return false
      brokenTls.set(addressOf(host.target), nowMs() + BROKEN_TLS_MS)
      return true
    },
    /**
     * A host could not be used. Only the one in use moves on: connections that were opened together fail together and count once.
     * Answers how long the site rests where that was the last one.
     */
    failed(host: SiteHost): number | null {
      if (host !== site.hosts[at]) return null
      at = (at + 1) % site.hosts.length
      movedAtMs = nowMs()
      return at === 0 ? rest() : null
    },
    rest,
    worked(): void {
      rests = 0
      probing = false
    },
    isProbing: () => probing,
    isResting: () => restUntilMs > nowMs(),
    restUntilMs: () => restUntilMs,
    /** What DNS says now: hosts that moved are found at their new addresses; the same ones keep their order and their failures. */
    renew(next: Site): boolean {
      if (next === site || Math.max(renewedAtMs + RENEW_MS, lookedAtMs + LOOK_MS) > nowMs()) return false
      lookedAtMs = nowMs()
      if (addressesOf(next) === addressesOf(site)) {
        // The same hosts: only what may have changed about them.
        site = {
          ...next,
          hosts: site.hosts.map(
            (host) => next.hosts.find((other) => addressOf(other.target) === addressOf(host.target)) ?? host,
          ),
        }
        return false
      }
      renewedAtMs = nowMs()
      site = next
      at = 0
      restUntilMs = 0
      rests = 0
      probing = false
      return true
    },
  }

  function isBroken(host: SiteHost): boolean {
    return (brokenTls.get(addressOf(host.target)) ?? 0) > nowMs()
  }
}

function mayBeClear(tls: SmtpTlsOptions): boolean {
  return tls.mode === 'opportunistic'
}
