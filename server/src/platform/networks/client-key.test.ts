import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientKeyOf, networkAround } from './index.ts'

const word = fc.integer({ min: 0, max: 0xffff })
const byte = fc.integer({ min: 0, max: 255 })

/** Ways to write the eight words of an address that a parser may meet. */
function spellings(words: readonly number[], noise: readonly boolean[]): string[] {
  const hex = words.map((item, at) => {
    const text = item.toString(16)
    const padded = noise[at] === true ? text.padStart(4, '0') : text
    return noise[at + 8] === true ? padded.toUpperCase() : padded
  })
  const all = [hex.join(':')]
  for (let from = 0; from < 8; from++)
    for (let to = from + 1; to <= 8; to++) {
      if (words.slice(from, to).some((item) => item !== 0)) break
      all.push(`${hex.slice(0, from).join(':')}::${hex.slice(to).join(':')}`)
    }
  const dotted = [6, 7].flatMap((at) => [(words[at] ?? 0) >> 8, (words[at] ?? 0) & 255]).join('.')
  all.push(`${hex.slice(0, 6).join(':')}:${dotted}`)
  for (let from = 0; from < 6; from++)
    if (words.slice(from, 6).every((item) => item === 0))
      all.push(`${hex.slice(0, from).join(':')}::${dotted}`)
  return [...all, ...all.map((text) => `${text}%eth0`)]
}

describe('the key of a client', () => {
  it('is one for every spelling of an address (CVE-2026-45364)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(word, fc.constant(0), fc.constant(0xffff)), { minLength: 8, maxLength: 8 }),
        fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }),
        (words, noise) => {
          const keys = new Set(spellings(words, noise).map((text) => clientKeyOf(text)))
          expect([...keys]).toHaveLength(1)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('is one for the whole /64 and another for its neighbour', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0x2400, max: 0x3fff }),
        fc.array(word, { minLength: 3, maxLength: 3 }),
        fc.array(word, { minLength: 8, maxLength: 8 }),
        (first, rest, hosts) => {
          const prefix = [first, ...rest].map((item) => item.toString(16)).join(':')
          const at = (tail: readonly number[]) =>
            clientKeyOf(`${prefix}:${tail.map((item) => item.toString(16)).join(':')}`)
          expect(at(hosts.slice(0, 4))).toBe(at(hosts.slice(4)))
          const beside = [first, rest[0], rest[1], (rest[2] ?? 0) ^ 1].map((item) => (item ?? 0).toString(16))
          expect(clientKeyOf(`${beside.join(':')}::1`)).not.toBe(at(hosts.slice(0, 4)))
        },
      ),
    )
  })

  it('is that of the IPv4 address for whatever carries one', () => {
    fc.assert(
      fc.property(fc.array(byte, { minLength: 4, maxLength: 4 }), (bytes) => {
        const dotted = bytes.join('.')
        const hex = (from: number, mask = 0) =>
          ((((bytes[from] ?? 0) << 8) | (bytes[from + 1] ?? 0)) ^ mask).toString(16)
        const key = `${dotted}/32`
        expect(clientKeyOf(dotted)).toBe(key)
        expect(clientKeyOf(`::ffff:${dotted}`)).toBe(key)
        expect(clientKeyOf(`::FFFF:${hex(0)}:${hex(2)}`)).toBe(key)
        expect(clientKeyOf(`::ffff:0:${dotted}`)).toBe(key)
        expect(clientKeyOf(`64:ff9b::${dotted}`)).toBe(key)
        expect(clientKeyOf(`2002:${hex(0)}:${hex(2)}:7::9`)).toBe(key)
        expect(clientKeyOf(`2001:0:1:2:3:4:${hex(0, 0xffff)}:${hex(2, 0xffff)}`)).toBe(key)
      }),
    )
  })

  it('keeps the local NAT64 prefix apart address by address, because its /64 may be a whole country', () => {
    expect(clientKeyOf('64:ff9b:1::1.2.3.4')).toBe('64:ff9b:1::102:304/128')
    expect(clientKeyOf('64:ff9b:1::1.2.3.5')).not.toBe(clientKeyOf('64:ff9b:1::1.2.3.4'))
  })

  it('is one and the same for everything that is no address, however long', () => {
    for (const text of [
      '',
      'x',
      '1.2.3',
      '010.1.1.1',
      '0x7f.1',
      '2130706433',
      '1.2.3.4/8',
      ' 1.2.3.4',
      '[::1]',
    ])
      expect(clientKeyOf(text), text).toBe('unknown')
    expect(clientKeyOf(':'.repeat(1_000_000))).toBe('unknown')
    fc.assert(fc.property(fc.string(), (text) => clientKeyOf(text).length < 60))
  })

  it('lies in a network: /16 in IPv4, /32 in IPv6', () => {
    expect(networkAround(clientKeyOf('203.0.113.7'))).toBe('203.0.0.0/16')
    expect(networkAround(clientKeyOf('2001:db8:1:2::3'))).toBe('2001:db8::/32')
    expect(networkAround(clientKeyOf('nothing'))).toBe('unknown')
  })
})
