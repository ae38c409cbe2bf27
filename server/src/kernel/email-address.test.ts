import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normaliseForIndex, parseAddress, parseAddressList, parseMailbox } from './email-address.ts'

function problemOf(text: string): string {
  const result = parseAddress(text)
  return result.ok ? `accepted ${result.address.email}` : result.problem
}

function emails(list: string): string[] {
  const result = parseAddressList(list)
  if (!result.ok) throw new Error(result.problem)
  return result.addresses.map((a) => a.email)
}

describe('one address', () => {
  it('keeps the local part as written and lower-cases the domain', () => {
    const result = parseAddress('  Ann.Smith+News@EXAMPLE.Com\t')
    expect(result).toEqual({
      ok: true,
      address: {
        email: 'Ann.Smith+News@example.com',
        local: 'Ann.Smith+News',
        domain: 'example.com',
        needsSmtpUtf8: false,
      },
    })
  })

  it.each([
    'a@b.co',
    "o'hara@example.com",
    '!#$%&*+-/=?^_`{|}~@example.com',
    '"john doe"@example.com',
    '"a\\"b@c"@example.com',
    `${'l'.repeat(64)}@example.com`,
    'x@xn--mnchen-3ya.de',
    'a@1.2.example',
  ])('accepts %s', (text) => expect(parseAddress(text).ok).toBe(true))

  it.each([
    ['', 'is empty'],
    ['   ', 'is empty'],
    ['ann.example.com', 'has no @'],
    ['@example.com', 'has nothing before the @'],
    ['ann@', 'has no domain after the @'],
    ['ann@example..com', 'empty label'],
    ['ann@.example.com', 'empty label'],
    ['ann@example.com.', 'empty label'],
    ['.ann@example.com', 'starts with a dot'],
    ['ann.@example.com', 'a dot right before the @'],
    ['a..b@example.com', 'two dots in a row'],
    ['a@b@example.com', 'more than one @'],
    ['a b@example.com', 'contains a space'],
    ['a,b@example.com', 'contains ","'],
    ['<ann@example.com>', 'contains "<"'],
    ['ann@exa mple.com', '" "'],
    ['ann@exa_mple.com', '"_"'],
    ['ann@-example.com', 'hyphen'],
    ['ann@localhost', 'without a dot'],
    ['ann@[127.0.0.1]', 'address literal'],
    ['ann@127.0.0.1', 'ends in a number'],
    ['ann@exa℀mple.com', 'internationalised'],
    ['ann@example.com\r\nBcc: x@y.z', 'line break'],
    ['an\0n@example.com', 'control character'],
    ['an\u0085n@example.com', 'control character'],
    ['an\u202en@example.com', 'invisible'],
    ['"ann@example.com', 'unbalanced quotes'],
    [`${'l'.repeat(65)}@example.com`, 'more than 64 bytes'],
    [`${'ü'.repeat(33)}@example.com`, 'more than 64 bytes'],
    [`a@${'d'.repeat(64)}.com`, 'label longer than 63'],
    [`a@${'d.'.repeat(130)}com`, 'longer than 255'],
    [`a@${'d.'.repeat(125)}com`, 'longer than 254'],
    ['x'.repeat(5000), 'longer than 254'],
  ])('refuses %j and says why: %s', (text, problem) => expect(problemOf(text)).toContain(problem))

  it('turns an internationalised domain into A-labels and flags a non-ASCII local part', () => {
    expect(parseAddress('ann@MÜNCHEN.de')).toMatchObject({
      address: { email: 'ann@xn--mnchen-3ya.de', needsSmtpUtf8: false },
    })
    expect(parseAddress('用户@例子.广告')).toMatchObject({
      address: { local: '用户', domain: 'xn--fsqu00a.xn--4rr70v', needsSmtpUtf8: true },
    })
  })

  it('never accepts anything with a character that could end a header or a command', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('\r', '\n', '\0'),
        fc.string(),
        (a, bad, b) => {
          expect(parseAddress(`${a}${bad}${b}@example.com`).ok).toBe(false)
          expect(parseMailbox({ email: 'a@example.com', name: `x${a}${bad}${b}y` }).ok).toBe(false)
        },
      ),
    )
  })

  it('parses its own output to the same address', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.domain(), (local, domain) => {
        const first = parseAddress(`${local}@${domain}`)
        if (first.ok) expect(parseAddress(first.address.email)).toEqual(first)
      }),
    )
    fc.assert(fc.property(fc.emailAddress(), (email) => parseAddress(email).ok))
  })
})

describe('a mailbox', () => {
  it.each([
    ['ann@example.com', undefined],
    ['<ann@example.com>', undefined],
    ['Ann <ann@example.com>', 'Ann'],
    ['Ann B. Smith (Sales) <ann@example.com>', 'Ann B. Smith (Sales)'],
    ['"Smith, \\"Ann\\"" <ann@example.com>', 'Smith, "Ann"'],
    ['Ånn Ünal <ann@example.com>', 'Ånn Ünal'],
  ])('reads %s', (text, display) => {
    const result = parseMailbox(text)
    expect(result).toMatchObject({ ok: true, address: { email: 'ann@example.com' } })
    expect(result.ok && result.address.display).toBe(display)
  })

  it('takes {email, name} and treats an empty name as none', () => {
    expect(parseMailbox({ email: 'a@b.co', name: 'A, "B"' })).toMatchObject({
      address: { display: 'A, "B"' },
    })
    expect(parseMailbox({ email: 'a@b.co', name: ' ' })).toEqual(parseAddress('a@b.co'))
  })

  it.each([
    'a@x.co, Ann <ann@x.co>',
    'a@x.co <ann@x.co>',
    '"Ann <ann@x.co>',
    'Ann <ann@x.co',
    'Ann ann@x.co>',
    'Ann',
  ])('refuses %s instead of guessing', (text) => expect(parseMailbox(text).ok).toBe(false))
})

describe('an address list from a header', () => {
  it('reads names, quotes, comments, groups and empty elements', () => {
    const text =
      'Ann Q. Public <ann@x.co> (home), , "Smith, Bob" <bob@x.co>, Team (all): c@x.co, =?utf-8?Q?D=C3=A9?= <d@x.co>; , "e f"@x.co,undisclosed:;'
    expect(parseAddressList(text)).toMatchObject({
      ok: true,
      groups: ['Team', 'undisclosed'],
      addresses: [
        { email: 'ann@x.co', display: 'Ann Q. Public' },
        { email: 'bob@x.co', display: 'Smith, Bob' },
        { email: 'c@x.co' },
        { email: 'd@x.co', display: '=?utf-8?Q?D=C3=A9?=' },
        { email: '"e f"@x.co' },
      ],
    })
    expect(emails('')).toEqual([])
    expect(emails('ann@x.co (a (nested \\) comment))')).toEqual(['ann@x.co'])
  })

  it.each([
    'victim@bank.example <a@x.co>',
    'a@x.co b@x.co',
    'Ann',
    'Ann <a@x.co> trailing',
    'a @x.co',
    'a@ x.co',
    '<@route:a@x.co>',
    '<a@x.co',
    '<>',
    '"Ann <a@x.co>',
    'Ann (never closed <a@x.co>',
    'G: a@x.co',
    'G: H: a@x.co;;',
    'a@x.co;',
    ': a@x.co',
    'a@[1.2.3.4]',
    'a@x.co\0',
    '('.repeat(100),
  ])('refuses %j', (text) => expect(parseAddressList(text).ok).toBe(false))

  it('stays linear on hostile input', () => {
    const hostile = ['(', '"', '<', ',', 'a@', '\\', 'a.', '(a)', 'a:', '"a"', '=?', ' ', 'a@b.co,'].map(
      (piece) => piece.repeat(Math.floor(260_000 / piece.length)),
    )
    const start = performance.now()
    for (const text of hostile) parseAddressList(text)
    expect(performance.now() - start).toBeLessThan(5000)
    expect(parseAddressList('x'.repeat(300_000)).ok).toBe(false)
  })
})

describe('the form for looking up', () => {
  it('is the same for spellings of one mailbox', () => {
    for (const spelling of [
      'ann@example.com',
      ' Ann@EXAMPLE.com ',
      '"ann"@example.com',
      '"a\\nn"@example.com',
    ]) {
      expect(normaliseForIndex(spelling)).toBe('ann@example.com')
    }
    expect(normaliseForIndex('Jose\u0301@MÜNCHEN.de')).toBe(normaliseForIndex('josé@xn--mnchen-3ya.de'))
    expect(normaliseForIndex('"a b"@x.co')).toBe('"a b"@x.co')
  })

  it('does not change when applied twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.domain(), (local, domain) => {
        const address = parseAddress(`${local}@${domain}`)
        if (!address.ok) return
        const once = normaliseForIndex(address.address.email)
        expect(normaliseForIndex(once)).toBe(once)
      }),
    )
  })
})
