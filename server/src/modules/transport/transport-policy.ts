import { hash } from 'node:crypto'
import { canonicalName } from '../../platform/dns/index.ts'
import type { SecureResolver } from '../../platform/dns/index.ts'
import { lookUpDane } from './dane.ts'
import type { DaneVerdict } from './dane.ts'
import { matchesStsPolicy, stsPolicyLines } from './sts-policy.ts'
import type { StsPolicies, StsState } from './sts-policies.ts'
import type { TlsaRecord } from '../../platform/smtp/client/index.ts'
import type { PolicyFacts, PolicyHost, RemovedHost, TransportVerdict } from './verdict.ts'

export interface TransportPolicy {
  /**
   * How mail for a domain may travel: DANE where it is proven, else an MTA-STS policy, else opportunistic TLS. `hosts`: those of
   * `createDestinationResolver`. Never throws.
   */
  policyFor(request: {
    readonly domain: string
    readonly hosts: readonly { readonly exchange: string }[]
  }): Promise<TransportVerdict>
}

export interface TransportPolicyDeps {
  /** The validating resolver; null: DANE is off. */
  readonly secure: Pick<SecureResolver, 'mx' | 'a' | 'aaaa' | 'cname' | 'tlsa'> | null
  readonly sts: StsPolicies
  /** Of the MX hosts: TLSA records are of a port. Default 25. */
  readonly smtpPort?: number
}

const SMTP_PORT = 25

/** The ladder of transport security: see the slice's door for what holds. */
export function createTransportPolicy(deps: TransportPolicyDeps): TransportPolicy {
  const port = deps.smtpPort ?? SMTP_PORT

  return {
    async policyFor({ domain, hosts }) {
      const name = canonicalName(domain)
      // An address literal has no DNS to hang a policy on.
      if (name === null || /^[\d.]+$/.test(name))
        return verdictOf(
          domain,
          noSts,
          hosts.map(({ exchange }) => unproven(domain, exchange, noSts)),
          [],
        )
      const [mx, sts] = await Promise.all([deps.secure?.mx(name) ?? null, deps.sts.policyOf(name)])
      if (mx?.kind === 'failed')
        return {
          kind: 'defer',
          enhanced: mx.bogus ? '4.7.5' : '4.4.3',
          reason: mx.bogus
            ? `DNSSEC refuses the MX records of ${name}: signatures are wrong`
            : `The validating resolver did not answer for the MX records of ${name} (${mx.code})`,
          tlsFailure: 'dnssec-invalid',
          removed: [],
          report: factsOf(name, sts, null),
        }
      if (sts.unavailable === true)
        return {
          kind: 'defer',
          enhanced: '4.4.3',
          reason: `It could not be read whether an MTA-STS policy of ${name} is known`,
          tlsFailure: 'sts-policy-fetch-error',
          removed: [],
          report: factsOf(name, sts, null),
        }
      const signed = mx?.secure === true ? signedHosts(mx, name) : null
      const { secure } = deps
      const judged = await Promise.all(
        hosts.map(async ({ exchange }) => {
          if (signed === null || secure === null) return judge(name, exchange, { kind: 'none' }, sts)
          if (!signed.has(exchange))
            return removed(
              exchange,
              'dnssec-invalid',
              'is not among the signed MX records',
              factsOf(name, sts, null),
            )
          return judge(name, exchange, await lookUpDane(secure, exchange, port), sts)
        }),
      )
      return verdictOf(
        name,
        sts,
        judged.filter((host) => 'tls' in host),
        judged.filter((host) => 'tlsFailure' in host),
      )
    },
  }
}

const noSts: StsState = { policy: null, problem: null }

/** Who may take mail for the domain by its signed MX records; the domain itself where it has none (RFC 5321 §5.1). */
function signedHosts(
  mx:
    | { readonly kind: 'found'; readonly records: readonly { readonly exchange: string }[] }
    | { readonly kind: 'missing' | 'empty' },
  name: string,
): ReadonlySet<string> {
  switch (mx.kind) {
    case 'found':
      return new Set(mx.records.map(({ exchange }) => exchange))
    case 'empty':
      return new Set([name])
    case 'missing':
      return new Set()
  }
}

/** One host on the ladder. DANE goes before MTA-STS, which must not soften what it says (RFC 8461 §2). */
function judge(domain: string, exchange: string, dane: DaneVerdict, sts: StsState): PolicyHost | RemovedHost {
  const { policy } = sts
  const enforced = policy?.mode === 'enforce' ? policy : null
  switch (dane.kind) {
    case 'failed':
      return removed(exchange, dane.tlsFailure, dane.reason, factsOf(domain, sts, []))
    case 'dane': {
      const byAuthority = dane.records.some(({ usage }) => usage === 2)
      // RFC 7672 §3.1.1: usage 3 binds the key alone. §3.2.2: usage 2 needs one of these names.
      const names = byAuthority ? [...new Set([dane.base, exchange, domain])] : [dane.base]
      return {
        exchange,
        tls: {
          mode: 'required',
          verify: { kind: 'dane', records: dane.records, names },
          servername: dane.base,
        },
        policy: 'dane',
        expectsDane: true,
        testingFailure: null,
        report: factsOf(domain, sts, dane.records),
      }
    }
    case 'unusable':
      if (enforced === null)
        return {
          exchange,
          tls: { mode: 'required', verify: 'none', servername: dane.base },
          policy: 'dane',
          expectsDane: true,
          testingFailure: null,
          report: factsOf(domain, sts, dane.records),
        }
      return byEnforced(domain, exchange, sts, enforced, true)
    case 'none':
      if (enforced !== null) return byEnforced(domain, exchange, sts, enforced, false)
      return unproven(domain, exchange, sts)
  }
}

function byEnforced(
  domain: string,
  exchange: string,
  sts: StsState,
  policy: NonNullable<StsState['policy']>,
  expectsDane: boolean,
): PolicyHost | RemovedHost {
  const report = factsOf(domain, sts, null)
  if (!matchesStsPolicy(policy, exchange))
    return removed(exchange, 'validation-failure', 'is in no mx of the MTA-STS policy', report)
  return {
    exchange,
    // RFC 8461 §4.1: the certificate names the host.
    tls: { mode: 'required', verify: { kind: 'pkix', names: [exchange] }, servername: exchange },
    policy: 'sts',
    expectsDane,
    testingFailure: null,
    report,
  }
}

/** Opportunistic TLS (RFC 7435); a policy in testing changes nothing but what is reported (RFC 8461 §5). */
function unproven(domain: string, exchange: string, sts: StsState): PolicyHost {
  const testing = sts.policy?.mode === 'testing' ? sts.policy : null
  const matches = testing !== null && matchesStsPolicy(testing, exchange)
  return {
    exchange,
    tls: matches
      ? { mode: 'opportunistic', check: { kind: 'pkix', names: [exchange] }, servername: exchange }
      : { mode: 'opportunistic' },
    policy: 'none',
    expectsDane: false,
    testingFailure: testing !== null && !matches ? 'validation-failure' : null,
    report: factsOf(domain, sts, null),
  }
}

function removed(
  exchange: string,
  tlsFailure: RemovedHost['tlsFailure'],
  reason: string,
  report: PolicyFacts,
): RemovedHost {
  return { exchange, tlsFailure, reason, report }
}

function verdictOf(
  domain: string,
  sts: StsState,
  hosts: readonly PolicyHost[],
  without: readonly RemovedHost[],
): TransportVerdict {
  const report = hosts[0]?.report ?? without[0]?.report ?? factsOf(domain, sts, null)
  const [first] = without
  if (hosts.length === 0 && first !== undefined) {
    return {
      kind: 'defer',
      enhanced: '4.7.5',
      reason: `No mail server of ${domain} passes its transport policy: ${first.exchange}: ${first.reason}`,
      tlsFailure: first.tlsFailure,
      removed: without,
      report,
    }
  }
  return {
    kind: 'policy',
    id: idOf(domain, hosts),
    policy: hosts.some((host) => host.policy === 'dane')
      ? 'dane'
      : hosts.some((host) => host.policy === 'sts')
        ? 'sts'
        : 'none',
    stsMode: sts.policy?.mode ?? null,
    stsProblem: sts.problem,
    hosts,
    removed: without,
    report,
  }
}

/** Domains whose hosts are treated alike share connections, whatever their own policies say. */
function idOf(domain: string, hosts: readonly PolicyHost[]): string {
  // Sessions that break a policy in testing are counted for the domain whose policy it is.
  if (hosts.some(({ testingFailure }) => testingFailure !== null))
    return `testing ${hash('sha256', domain, 'hex').slice(0, 40)}`
  if (hosts.every(({ tls }) => tls.mode === 'opportunistic' && tls.check === undefined)) return 'none'
  const rows = hosts.map(({ exchange, tls }) => JSON.stringify([exchange, treatmentOf(tls)]))
  const kinds = [...new Set(hosts.map(({ policy }) => policy))].sort().join('+')
  return `${kinds} ${hash('sha256', rows.sort().join('\n'), 'hex').slice(0, 40)}`
}

function treatmentOf(tls: PolicyHost['tls']): readonly unknown[] {
  switch (tls.mode) {
    case 'none':
      return [tls.mode]
    case 'opportunistic':
      return [tls.mode, tls.check?.names ?? [], tls.servername ?? null]
    case 'required':
    case 'implicit': {
      const { verify } = tls
      const records = verify !== 'none' && verify.kind === 'dane' ? verify.records.map(tlsaText).sort() : []
      return [
        tls.mode,
        verify === 'none' ? 'none' : [verify.kind, verify.names],
        records,
        tls.servername ?? null,
      ]
    }
  }
}

/** `tlsa` null: DANE had no part in it. */
function factsOf(domain: string, sts: StsState, tlsa: readonly TlsaRecord[] | null): PolicyFacts {
  if (tlsa !== null)
    return { policyType: 'tlsa', policyDomain: domain, policyStrings: tlsa.map(tlsaText), mxHostPatterns: [] }
  if (sts.policy === null || sts.policy.mode === 'none')
    return { policyType: 'no-policy-found', policyDomain: domain, policyStrings: [], mxHostPatterns: [] }
  return {
    policyType: 'sts',
    policyDomain: domain,
    policyStrings: stsPolicyLines(sts.policy),
    mxHostPatterns: sts.policy.mx,
  }
}

function tlsaText({ usage, selector, matchingType, data }: TlsaRecord): string {
  return `${usage} ${selector} ${matchingType} ${data.toString('hex')}`
}
