import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasClaims, isSubject, readIssuer, readSubject, ruleDigest } from './federation-rule.ts'
import type { RuleTerms } from './federation-rule.ts'

describe('a subject', () => {
  it.each([
    ['repo:a/b:ref:refs/heads/main', 'repo:a/b:ref:refs/heads/main', true],
    ['repo:a/b:ref:refs/heads/main', 'repo:a/b:ref:refs/heads/main2', false],
    ['repo:a/b:ref:refs/heads/main', 'repo:a/b:ref:refs/heads/mai', false],
    ['repo:a/b:*', 'repo:a/b:ref:refs/heads/x', true],
    ['repo:a/b:*', 'repo:a/bb:ref:refs/heads/x', false],
    ['repo:a/*', 'repo:a/b:environment:production', true],
    ['repo:a/*:environment:production', 'repo:a/b:environment:production', true],
    // What stands in the middle ends at a colon: nobody writes the fields behind it.
    ['repo:a/*:environment:production', 'repo:a/b:ref:refs/heads/x:environment:production', false],
    ['repo:a/*:environment:*', 'repo:a/b:environment:staging:x', true],
    ['repo:a/.*', 'repo:a/xx', false],
    ['repo:a/b', 'REPO:A/B', false],
    ['x*', 'x', true],
    ['x*y', 'xy', true],
    ['x*y*z', 'xaybyz', true],
    ['x*y', 'xay', true],
    ['x*y', 'xayb', false],
    ['é*', 'éx', true],
  ])('%s takes %s: %s', (pattern, subject, expected) => {
    expect(isSubject(pattern, subject)).toBe(expected)
  })

  it('is judged as a regular expression would, and in bounded time', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*'), maxLength: 12 })
    const subject = fc.string({ unit: fc.constantFrom('a', 'b', ':'), maxLength: 16 })
    fc.assert(
      fc.property(text, subject, (pattern, given) => {
        const parts = pattern.endsWith('*')
          ? `${pattern.slice(0, -1).replaceAll('*', '[^:]*')}[^]*`
          : pattern.replaceAll('*', '[^:]*')
        expect(isSubject(pattern, given)).toBe(new RegExp(`^${parts}$`).test(given))
      }),
      { numRuns: 5_000 },
    )
    const started = performance.now()
    expect(isSubject('a*a*a*b', 'a'.repeat(1_000))).toBe(false)
    expect(performance.now() - started).toBeLessThan(1_000)
  })

  it.each(['*', '*:main', 'a**b', 'a*b*c*d*e'])('is never %s', (text) => {
    expect(() => readSubject(text)).toThrow(/begins with/)
  })
})

describe('an issuer', () => {
  it.each([
    'http://ci.example.com',
    'https://user@ci.example.com',
    'https://ci.example.com/?x',
    'https://ci.example.com/#x',
    'ftp://ci.example.com',
    'ci.example.com',
    'https://ci example.com',
    'http://127.0.0.1.example.com',
  ])('is never %s', (text) => {
    expect(() => readIssuer(text, true)).toThrow()
  })

  it('is on this host without TLS in development only', () => {
    expect(readIssuer('http://127.0.0.1:8080', true)).toBe('http://127.0.0.1:8080')
    expect(() => readIssuer('http://127.0.0.1:8080', false)).toThrow()
    expect(readIssuer('https://ci.example.com/a', false)).toBe('https://ci.example.com/a')
  })
})

describe('claims', () => {
  it('are compared with their type, and only own ones', () => {
    expect(
      hasClaims(
        { ref: 'main', protected: true, attempt: 1 },
        { ref: 'main', protected: true, attempt: 1, x: 1 },
      ),
    ).toBe(true)
    expect(hasClaims({ protected: true }, { protected: 'true' })).toBe(false)
    expect(hasClaims({ attempt: 1 }, { attempt: '1' })).toBe(false)
    expect(hasClaims({ ref: 'main' }, {})).toBe(false)
    expect(hasClaims({ ref: 'main' }, { ref: ['main'] })).toBe(false)
    expect(hasClaims({ constructor: 'x' }, {})).toBe(false)
    expect(hasClaims({}, {})).toBe(true)
  })
})

describe('the binding of a rule', () => {
  it('is another one whatever is changed', () => {
    const terms: RuleTerms = {
      id: 'a',
      workspaceId: 'b',
      issuer: 'https://c',
      audience: 'd',
      subject: 'e',
      claims: { f: 'g' },
      scopes: ['messages:send'],
      lifetimeSeconds: 60,
      allowedCidrs: ['10.0.0.0/8'],
      allowedSenders: ['@h.test'],
    }
    const changed: RuleTerms[] = [
      terms,
      { ...terms, id: 'x' },
      { ...terms, workspaceId: 'x' },
      { ...terms, issuer: 'https://x' },
      { ...terms, audience: 'x' },
      { ...terms, subject: 'x' },
      { ...terms, claims: {} },
      { ...terms, claims: { f: 'x' } },
      { ...terms, scopes: ['messages:send', 'messages:read'] },
      { ...terms, lifetimeSeconds: 61 },
      { ...terms, allowedCidrs: [] },
      { ...terms, allowedSenders: [] },
      { ...terms, allowedCidrs: terms.allowedSenders, allowedSenders: terms.allowedCidrs },
    ]
    expect(new Set(changed.map((item) => ruleDigest(item).toString('hex'))).size).toBe(changed.length)
  })
})
