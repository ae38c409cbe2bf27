import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KeyBounds } from '../../kernel/key-bounds.ts'
import { allowsSender, boundsBeyond, parseSenderPattern, UNBOUND } from './key-bounds.ts'
import { isInNetworks } from '../../platform/networks/index.ts'

/** Few of each, so that lists meet often. */
const network = fc.constantFrom(
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.1.2.0/24',
  '10.2.0.0/16',
  '0.0.0.0/0',
  '2001:db8::/32',
)
const address = fc.constantFrom(
  '10.1.2.3',
  '10.1.9.9',
  '10.2.0.1',
  '10.9.9.9',
  '192.0.2.1',
  '2001:db8::1',
  '2001:db9::1',
)
const sender = fc.constantFrom(
  { stored: '@shop.test', domain: 'shop.test' },
  { stored: '#a', domain: 'shop.test' },
  { stored: '#b', domain: 'shop.test' },
  { stored: '@other.test', domain: 'other.test' },
  { stored: '#c', domain: 'other.test' },
)
const claimed = sender.filter(({ stored }) => stored.startsWith('#'))
const end = fc.constantFrom(null, new Date(1_000), new Date(2_000), new Date(3_000))
const asked = fc.record({
  allowedCidrs: fc.uniqueArray(network, { maxLength: 3 }),
  senders: fc.uniqueArray(sender, { maxLength: 3, selector: ({ stored }) => stored }),
  expiresAt: end,
})
const heldOf = (bounds: {
  allowedCidrs: string[]
  senders: { stored: string }[]
  expiresAt: Date | null
}): KeyBounds => ({
  allowedCidrs: bounds.allowedCidrs,
  allowedSenders: bounds.senders.map(({ stored }) => stored),
  expiresAt: bounds.expiresAt,
})

/** What the product lets a credential do: the same look-ups as at authentication and at acceptance. */
function may(bounds: KeyBounds, from: string, as: { stored: string; domain: string }, atMs: number): boolean {
  return (
    (bounds.allowedCidrs.length === 0 || isInNetworks(from, bounds.allowedCidrs)) &&
    allowsSender(bounds.allowedSenders, as) &&
    (bounds.expiresAt === null || atMs < bounds.expiresAt.getTime())
  )
}

describe('a credential that makes another', () => {
  it('makes none that may do what it may not: any network, any sender, any moment', () => {
    let granted = 0
    let bound = 0
    fc.assert(
      fc.property(
        asked,
        asked,
        address,
        claimed,
        fc.integer({ min: 0, max: 4_000 }),
        (wanted, own, from, as, at) => {
          const held = heldOf(own)
          if (boundsBeyond(wanted, held).length > 0) return
          granted += 1
          if (held.allowedCidrs.length > 0 && held.allowedSenders.length > 0 && held.expiresAt !== null)
            bound += 1
          if (may(heldOf(wanted), from, as, at)) expect(may(held, from, as, at)).toBe(true)
        },
      ),
      { numRuns: 20_000 },
    )
    // The property says nothing about what was refused: enough must have been granted, by bound ones too.
    expect(granted).toBeGreaterThan(500)
    expect(bound).toBeGreaterThan(20)
  })

  it('makes one as wide as itself, and where nothing holds it in any', () => {
    fc.assert(
      fc.property(asked, (own) => {
        expect(boundsBeyond(own, heldOf(own))).toEqual([])
        expect(boundsBeyond(own, UNBOUND)).toEqual([])
      }),
    )
  })
})

describe('a sender of a list', () => {
  it.each([
    ['Ann@Shop.test', 'ann@shop.test', 'shop.test'],
    ['"ann"@shop.test', 'ann@shop.test', 'shop.test'],
    ['@Shop.Test', '@shop.test', 'shop.test'],
    ['@bücher.test', '@xn--bcher-kva.test', 'xn--bcher-kva.test'],
  ])('%s has the one spelling %s', (text, pattern, domain) => {
    expect(parseSenderPattern(text)).toEqual({ ok: true, pattern, domain })
  })

  it.each([
    '@',
    '@*',
    '*@shop.test,',
    '@shop',
    '@shop.test@other.test',
    'shop.test',
    '@ shop.test',
    'a@b@',
    '@a..b',
    '@shop.test/..',
    '@shop%2etest',
    '@shop.test?x',
  ])('is never %s', (text) => expect(parseSenderPattern(text).ok).toBe(false))
})
