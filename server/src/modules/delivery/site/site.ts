import type { SmtpAuth, SmtpTarget, SmtpTlsOptions } from '../../../platform/smtp/client/index.ts'
import type { Limits } from '../../shaping/index.ts'
import type { PolicyHost } from '../../transport/index.ts'

/** Key of the site that is the local inbox of development. */
export const INBOX = 'capture'

/** A host of a site, and how it may be used. */
export interface SiteHost {
  readonly target: SmtpTarget
  readonly tls: SmtpTlsOptions
  /** What transport security found out; null where nobody looked: relays, the local inbox. */
  readonly policy: PolicyHost | null
}

/** A set of hosts that take the same mail: one relay, or the MX hosts that many domains may share. */
export interface Site {
  /** Equal for domains with the same hosts, order and policy, so that they share connections and back-off. */
  readonly key: string
  /** As operators and rules name it. */
  readonly name: string
  /** What its limits hold for: sites of the same hosts have them in common, a domain with rules of its own has its own. */
  readonly limitsName: string
  /** What is too much waits in the site's line: not where everything has one site. */
  readonly parks: boolean
  /** The line in the queue of what waits for it. */
  readonly line: bigint
  readonly provider: string | null
  readonly mxHosts: readonly string[]
  readonly policy: 'dane' | 'sts' | 'none'
  /** In the order in which they are tried. */
  readonly hosts: readonly SiteHost[]
  readonly auth: SmtpAuth | undefined
  /** A domain of it, for rules of domains. */
  readonly domain: string
  /** Null: the rules say; else what holds for a relay of ours, whatever they say. */
  readonly limits: Limits | null
  /** What goes there does not leave this machine, or goes to the relay that the operator chose with open eyes. */
  readonly trusted: boolean
}

export function addressOf(target: SmtpTarget): string {
  return 'path' in target ? target.path : `${target.address}:${target.port}`
}

export function addressesOf(site: Site): string {
  return site.hosts
    .map((host) => addressOf(host.target))
    .toSorted()
    .join(' ')
}
