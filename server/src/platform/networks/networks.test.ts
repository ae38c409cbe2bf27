import { isIP } from 'node:net'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coversNetwork, isInNetworks, networkOf, networksInBoth, parseCidr } from './networks.ts'

const cidr = (text: string): string => {
  const parsed = parseCidr(text)
  if (!parsed.ok) throw new Error(`${text} ${parsed.problem}`)
  return parsed.cidr
}

describe('a network', () => {
  it.each([
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['192.0.2.7', '192.0.2.7/32'],
    ['2001:DB8:0::/48', '2001:db8::/48'],
    ['2001:db8::1', '2001:db8::1/128'],
    ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
    ['::ffff:192.0.2.7', '192.0.2.7/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
    ['::192.0.2.0/120', '::c000:200/120'],
  ])('%s has the one spelling %s', (text, expected) => {
    expect(parseCidr(text)).toEqual({ ok: true, cidr: expected })
    expect(cidr(expected)).toBe(expected)
  })

  it.each([
    ['10.1.2.3/8', 'has bits behind its prefix'],
    ['2001:db8::1/48', 'has bits behind its prefix'],
    ['192.0.2.0/33', 'has a prefix longer than 32'],
    ['::/129', 'has a prefix longer than 128'],
    ['::ffff:0:0/90', 'mixes IPv4 and IPv6'],
    ['::/64', 'mixes IPv4 and IPv6'],
    ['0x7f.1', 'is not a network'],
    ['010.0.0.1', 'is not a network'],
    ['2130706433', 'is not a network'],
    ['fe80::1%eth0', 'is not a network'],
    ['192.0.2.0/08', 'is not a network'],
    ['192.0.2.0/-1', 'is not a network'],
    ['192.0.2.0/', 'is not a network'],
    ['192.0.2.0/24/24', 'is not a network'],
    ['', 'is not a network'],
    ['office', 'is not a network'],
  ])('%s is refused: it %s', (text, problem) => {
    expect(parseCidr(text)).toMatchObject({ ok: false, problem })
  })
})

describe('an address', () => {
  it.each([
    ['192.0.2.255', ['192.0.2.0/24'], true],
    ['192.0.3.0', ['192.0.2.0/24'], false],
    ['::ffff:192.0.2.9', ['192.0.2.0/24'], true],
    ['::ffff:c000:209', ['192.0.2.0/24'], true],
    ['192.0.2.9', ['::/0'], false],
    ['2001:db8::1', ['0.0.0.0/0'], false],
    ['2001:db8:0:ffff::1', ['2001:db8::/48'], true],
    ['2001:db8:1::', ['2001:db8::/48'], false],
    // IPv4-compatible and translated forms are IPv6 addresses like any other, never the IPv4 in them.
    ['::192.0.2.9', ['192.0.2.0/24'], false],
    ['64:ff9b::192.0.2.9', ['192.0.2.0/24'], false],
    ['192.0.2.9', [], false],
    ['not one', ['0.0.0.0/0', '::/0'], false],
    ['fe80::1%eth0', ['::/0'], false],
    [null, ['0.0.0.0/0', '::/0'], false],
  ])('%s in %j: %s', (address, cidrs, expected) => {
    expect(isInNetworks(address, cidrs)).toBe(expected)
  })

  it('is stood for by its /24, or its /48', () => {
    expect(networkOf('203.0.113.77')).toBe('203.0.113.0/24')
    expect(networkOf('::ffff:203.0.113.77')).toBe('203.0.113.0/24')
    expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1::/48')
    expect(networkOf(null)).toBeNull()
    expect(networkOf('x')).toBeNull()
  })
})

const address4 = fc.ipV4()
const address6 = fc.ipV6().filter((text) => isIP(text) === 6)
const network = fc
  .tuple(fc.oneof(address4, address6), fc.integer({ min: 0, max: 128 }))
  .map(([address, bits]) => {
    const parsed = parseCidr(`${address}/${isIP(address) === 4 ? bits % 33 : bits}`)
    if (parsed.ok) return parsed.cidr
    return /^Write (\S+\/\d+)\.$/.exec(parsed.fix)?.[1] ?? '192.0.2.0/24'
  })

describe('networks', () => {
  it('that are covered hold no address that lies outside of what covers them', () => {
    fc.assert(
      fc.property(network, network, fc.oneof(address4, address6), (outer, inner, address) => {
        if (coversNetwork([outer], inner) && isInNetworks(address, [inner]))
          expect(isInNetworks(address, [outer])).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  it('in both of two lists hold the addresses that both hold, and no others', () => {
    const lists = fc.array(network, { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(lists, lists, fc.oneof(address4, address6), (one, other, address) => {
        const both = isInNetworks(address, one) && isInNetworks(address, other)
        expect(isInNetworks(address, networksInBoth(one, other))).toBe(both)
      }),
      { numRuns: 2_000 },
    )
  })
})
