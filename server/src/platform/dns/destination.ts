import { isIP } from 'node:net'
import { isPublicAddress } from './public-address.ts'
import { canonicalName } from './resolver.ts'
import type { DnsResolver, MxRecord } from './resolver.ts'

export interface HostAddress {
  readonly address: string
  readonly family: 4 | 6
}

export interface DestinationHost {
  readonly exchange: string
  readonly preference: number
  readonly addresses: readonly HostAddress[]
}

export type Destination =
  | { readonly kind: 'hosts'; readonly hosts: readonly DestinationHost[] }
  | { readonly kind: 'bounce'; readonly enhanced: '5.1.2' | '5.1.10' | '5.4.4'; readonly reason: string }
  | { readonly kind: 'defer'; readonly enhanced: '4.4.3'; readonly reason: string }

export interface DestinationDeps {
  readonly resolver: DnsResolver
  /** Deliver to private, loopback and other special addresses too. */
  readonly allowPrivate: boolean
  /** 0 to 1, for the order inside a preference. */
  readonly random?: () => number
}

export const MAX_HOSTS = 8
export const MAX_ADDRESSES = 4
const NO_HOSTS = 'No mail server of the domain has an address'

/**
 * Where mail for a domain goes (RFC 5321 §5.1): MX hosts by preference, at random inside one preference, IPv6 and IPv4 addresses in
 * turn; the domain itself where it has no MX. Bounces what DNS says for certain, defers what DNS could not say.
 * At most 8 hosts with 4 addresses each. Never throws.
 */
export function createDestinationResolver(deps: DestinationDeps): (domain: string) => Promise<Destination> {
  const random = deps.random ?? Math.random
  const allowed = (address: string) => deps.allowPrivate || isPublicAddress(address)

  type HostAnswer = { addresses: HostAddress[]; refused: boolean; missing: boolean; failed: string | null }

  const addressesOf = async (host: string): Promise<HostAnswer> => {
    const [four, six] = await Promise.all([deps.resolver.a(host), deps.resolver.aaaa(host)])
    const fours = four.kind === 'found' ? four.records : []
    const sixes = six.kind === 'found' ? six.records : []
    const all: HostAddress[] = []
    for (let i = 0; i < Math.max(fours.length, sixes.length); i++) {
      const [a6, a4] = [sixes[i], fours[i]]
      if (a6 !== undefined) all.push({ address: a6, family: 6 })
      if (a4 !== undefined) all.push({ address: a4, family: 4 })
    }
    const addresses = all.filter(({ address }) => allowed(address)).slice(0, MAX_ADDRESSES)
    const failure = four.kind === 'failed' ? four : six.kind === 'failed' ? six : null
    return {
      addresses,
      refused: all.length > 0 && addresses.length === 0,
      missing: four.kind === 'missing' && six.kind === 'missing',
      failed: failure?.code ?? null,
    }
  }

  const hostsOf = async (records: readonly MxRecord[]): Promise<Destination> => {
    const named = records.filter(({ exchange }) => exchange !== '')
    const chosen = inOrder(named, random).slice(0, MAX_HOSTS)
    const answers = await Promise.all(
      chosen.map(async ({ exchange, preference }) => ({
        exchange,
        preference,
        // An address in place of a name is not a valid MX, and a way around the checks.
        answer: isIP(exchange) === 0 ? await addressesOf(exchange) : null,
      })),
    )
    const hosts = answers.flatMap(({ exchange, preference, answer }) =>
      answer !== null && answer.addresses.length > 0
        ? [{ exchange, preference, addresses: answer.addresses }]
        : [],
    )
    if (hosts.length > 0) return { kind: 'hosts', hosts }
    const failed = answers.find(({ answer }) => answer !== null && answer.failed !== null)
    if (failed?.answer)
      return defer(`DNS did not answer for the mail server ${failed.exchange} (${failed.answer.failed})`)
    if (answers.some(({ answer }) => answer?.refused)) return refusedTarget()
    return { kind: 'bounce', enhanced: '5.4.4', reason: NO_HOSTS }
  }

  /** RFC 5321 §5.1: without an MX record the domain is its own mail server. */
  const implicit = async (name: string): Promise<Destination> => {
    const { addresses, refused, missing, failed } = await addressesOf(name)
    if (addresses.length > 0) return { kind: 'hosts', hosts: [{ exchange: name, preference: 0, addresses }] }
    if (failed !== null) return defer(`DNS did not answer for ${name} (${failed})`)
    if (refused) return refusedTarget()
    if (missing) return { kind: 'bounce', enhanced: '5.1.2', reason: 'The domain does not exist' }
    return {
      kind: 'bounce',
      enhanced: '5.4.4',
      reason: 'The domain has neither a mail server nor an address',
    }
  }

  const literal = (text: string): Destination => {
    const address = /^IPv6:/i.test(text) ? text.slice(5) : text
    const family = isIP(address)
    const expected = address === text ? 4 : 6
    if (family !== expected)
      return { kind: 'bounce', enhanced: '5.1.2', reason: 'The address literal is not an IP address' }
    if (!allowed(address)) return refusedTarget()
    return {
      kind: 'hosts',
      hosts: [{ exchange: `[${text}]`, preference: 0, addresses: [{ address, family: expected }] }],
    }
  }

  return async (domain) => {
    if (domain.startsWith('[') && domain.endsWith(']')) return literal(domain.slice(1, -1))
    const name = canonicalName(domain)
    if (name === null || isIP(name) !== 0)
      return { kind: 'bounce', enhanced: '5.1.2', reason: 'The domain is not a valid name' }
    const mx = await deps.resolver.mx(name)
    switch (mx.kind) {
      case 'missing':
        return { kind: 'bounce', enhanced: '5.1.2', reason: 'The domain does not exist' }
      case 'failed':
        return defer(`DNS did not answer for the mail servers of ${name} (${mx.code})`)
      case 'empty':
        return implicit(name)
      case 'found':
        if (mx.records.every(({ exchange }) => exchange === ''))
          return {
            kind: 'bounce',
            enhanced: '5.1.10',
            reason: 'The domain takes no mail (null MX, RFC 7505)',
          }
        return hostsOf(mx.records)
    }
  }
}

/** By preference; at random inside one (RFC 5321 §5.1). One entry per host. */
function inOrder(records: readonly MxRecord[], random: () => number): MxRecord[] {
  const best = new Map<string, MxRecord>()
  for (const record of records) {
    const known = best.get(record.exchange)
    if (known === undefined || record.preference < known.preference) best.set(record.exchange, record)
  }
  return [...best.values()]
    .map((record) => ({ record, order: random() }))
    .sort((x, y) => x.record.preference - y.record.preference || x.order - y.order)
    .map(({ record }) => record)
}

function defer(reason: string): Destination {
  return { kind: 'defer', enhanced: '4.4.3', reason }
}

function refusedTarget(): Destination {
  return {
    kind: 'bounce',
    enhanced: '5.4.4',
    reason:
      'The mail server has only private or special addresses, which this installation does not deliver to (BULKHEAD_ALLOW_PRIVATE_TARGETS)',
  }
}
