import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readSiteName, siteNameOf } from './site-name.ts'

const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,6}[a-z0-9]$/)
const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
const hosts = fc.uniqueArray(host, { minLength: 1, maxLength: 8 })

describe('the name of a site', () => {
  it('writes what the hosts have in common once', () => {
    expect(
      siteNameOf([
        'gmail-smtp-in.l.google.com',
        'alt2.gmail-smtp-in.l.google.com',
        'ALT1.gmail-smtp-in.l.google.com.',
      ]),
    ).toBe('(alt1|alt2)?.gmail-smtp-in.l.google.com')
    expect(siteNameOf(['mx1.example.net', 'mx2.example.net'])).toBe('(mx1|mx2).example.net')
    expect(siteNameOf(['mx.example.net'])).toBe('mx.example.net')
    expect(siteNameOf(['mx.a.example', 'mx.b.test'])).toBe('(mx.a.example|mx.b.test)')
  })

  it('is the same whatever the order, and differs for different hosts', () => {
    fc.assert(
      fc.property(hosts, hosts, (some, others) => {
        expect(siteNameOf([...some, ...some].toReversed())).toBe(siteNameOf(some))
        const same =
          new Set(some).size === new Set(others).size && others.every((each) => some.includes(each))
        expect(siteNameOf(some) === siteNameOf(others)).toBe(same)
      }),
      { numRuns: 2_000 },
    )
  })

  it('is read back to itself, also with its hosts in another order', () => {
    fc.assert(
      fc.property(hosts, (some) => {
        const name = siteNameOf(some)
        expect(readSiteName(name)).toBe(name)
        expect(readSiteName(name.replace(/\(([^()|]+)\|([^()]+)\)/, '($2|$1)'))).toBe(name)
      }),
    )
  })

  it('is short for many hosts, and still one name for each set', () => {
    const many = Array.from({ length: 40 }, (_, at) => `mail-exchanger-${at}.region.example.net`)
    expect(siteNameOf(many)).toMatch(/^\(40 hosts [0-9a-f]{16}\)\.region\.example\.net$/)
    expect(siteNameOf(many)).not.toBe(siteNameOf(many.with(0, 'mail-exchanger-99.region.example.net')))
    expect(readSiteName(siteNameOf(many))).toBe(siteNameOf(many))
  })

  it.each(['', '()', '(a|b', 'a b', '(a|b)?', '(a||b).x', 'ä.example', '*', 'a..b', '(a|(b)).x'])(
    '%j is none',
    (text) => {
      expect(readSiteName(text)).toBeNull()
    },
  )
})
