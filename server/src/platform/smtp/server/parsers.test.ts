import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { networkOf, plainAddress } from './admission.ts'
import { isMailbox, parseMail, parseRecipient } from './envelope.ts'
import { formatReply } from './reply.ts'
import { refusalFor, STATES, VERBS } from './transitions.ts'

const RULES = {
  messageBytes: 1_000,
  smtputf8: true,
  dsn: false,
  requireTls: false,
  extra: new Set(['RET']),
}
const allowed = (verb: (typeof VERBS)[number]): string[] =>
  STATES.filter((state) => refusalFor(state, verb) === null)
const mailCode = (argument: string): string => {
  const parsed = parseMail(argument, RULES, true)
  return parsed.ok ? 'ok' : `${parsed.reply.code} ${parsed.reply.enhanced}`
}

describe('addresses', () => {
  for (const address of [
    'a@x.test',
    "o'neil+tag/x=y@x.test",
    'a.b.c@sub.x.test',
    '"a b"@x.test',
    '"a>b@c"@x.test',
    '"a\\"b"@x.test',
    '""@x.test',
    'a@localhost',
    'a@[192.0.2.1]',
    'a@[IPv6:2001:db8::1]',
    `${'a'.repeat(64)}@x.test`,
    '\u7528\u6237@\u4f8b\u3048.test',
  ])
    it(`accepts ${address}`, () => {
      expect(isMailbox(address)).toBe(true)
      expect(parseMail(`FROM:<${address}> SMTPUTF8`, RULES, true)).toMatchObject({
        ok: true,
        path: { address },
      })
    })

  for (const address of [
    'a',
    '@x.test',
    'a@',
    '@r.test:a@x.test',
    '@r.test,@s.test:a@x.test',
    'a@b@x.test',
    '.a@x.test',
    'a.@x.test',
    'a..b@x.test',
    'a b@x.test',
    'a@x..test',
    'a@x.test.',
    'a@-x.test',
    'a@x_y.test',
    'a@[1.2.3]',
    'a@[2001:db8::1]',
    'a@[IPv6:fe80::1%eth0]',
    'a@[tag:x]',
    'a@[192.0.2.1',
    '"a@x.test',
    '"a"b@x.test',
    `${'a'.repeat(65)}@x.test`,
    `a@${'x'.repeat(64)}.test`,
    `a@${'x.'.repeat(130)}test`,
    'a\u202eb@x.test',
    'a\u200b@x.test',
    'a@x\u2028.test',
    'a<b@x.test',
  ])
    it(`refuses ${JSON.stringify(address)}`, () => {
      expect(isMailbox(address)).toBe(false)
      expect(mailCode(`FROM:<${address}> SMTPUTF8`)).toBe('501 5.1.7')
      expect(parseRecipient(`TO:<${address}>`, true, false)).toMatchObject({
        ok: false,
        reply: { code: 501 },
      })
    })

  it('knows the null path in MAIL only, and Postmaster in RCPT only', () => {
    expect(mailCode('FROM:<>')).toBe('ok')
    expect(parseRecipient('TO:<>', true, false).ok).toBe(false)
    expect(parseRecipient('TO:<postMaster>', true, false).ok).toBe(true)
    expect(mailCode('FROM:<postmaster>')).toBe('501 5.1.7')
  })

  it('refuses what is no path', () => {
    for (const text of [
      '',
      'FROM',
      'FROM:',
      'FROM:a@x.test',
      'FROM:<a@x.test',
      'FROM :<a@x.test>',
      'FROM:<a@x.test>SIZE=1',
      'TO:<a@x.test>',
      'FROM:<<a@x.test>>',
      'FROM:  <a@x.test>',
    ])
      expect(mailCode(text), text).toMatch(/^501 5\./)
  })

  it('judges parameters', () => {
    const outcomes: readonly (readonly [string, string])[] = [
      ['SIZE=1000', 'ok'],
      ['SIZE=1001', '552 5.3.4'],
      ['SIZE=99999999999999999999', '552 5.3.4'],
      ['SIZE=', '501 5.5.4'],
      ['SIZE=-1', '501 5.5.4'],
      ['SIZE', '501 5.5.4'],
      ['size=1 SIZE=1', '501 5.5.4'],
      ['BODY=8bitmime', 'ok'],
      ['BODY=BINARYMIME', '501 5.5.4'],
      ['SMTPUTF8=1', '501 5.5.4'],
      ['AUTH=<>', 'ok'],
      ['RET=HDRS', 'ok'],
      ['ENVID=x', '555 5.5.4'],
      ['XFOO', '555 5.5.4'],
      ['=x', '501 5.5.4'],
    ]
    for (const [parameter, outcome] of outcomes)
      expect(mailCode(`FROM:<a@x.test> ${parameter}`), parameter).toBe(outcome)
    expect(parseRecipient('TO:<a@x.test> NOTIFY=NEVER', true, false)).toMatchObject({ reply: { code: 555 } })
    expect(mailCode('FROM:<\u00e9@x.test>')).toBe('553 5.6.7')
    expect(parseRecipient('TO:<\u00e9@x.test>', false, false)).toMatchObject({ reply: { code: 553 } })
  })

  it('decides on any text without throwing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        mailCode(`FROM:<${text}>`)
        isMailbox(text)
      }),
    )
  })
})

describe('replies', () => {
  it('are whole lines of at most 512 octets with one code, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 599 }),
        fc.oneof(fc.string({ unit: 'binary', maxLength: 3_000 }), fc.array(fc.string(), { maxLength: 40 })),
        (code, text) => {
          const lines = formatReply({ code, enhanced: '2.0.0\r\n', text }).split('\r\n')
          expect(lines.pop()).toBe('')
          expect(lines.length).toBeGreaterThan(0)
          for (const [index, line] of lines.entries()) {
            expect(line.length).toBeLessThanOrEqual(510)
            expect(line).toMatch(index === lines.length - 1 ? /^\d{3} [ -~]*$/ : /^\d{3}-[ -~]*$/)
            expect(line.startsWith(String(code))).toBe(true)
          }
        },
      ),
    )
  })
})

describe('states', () => {
  it('let a message begin only after TLS, AUTH, EHLO, MAIL and RCPT where they are needed', () => {
    expect(allowed('DATA')).toEqual(['recipients'])
    expect(allowed('RCPT')).toEqual(['mail', 'recipients'])
    expect(allowed('MAIL')).toEqual(['ready'])
    expect(allowed('AUTH')).toEqual(['anonymous', 'ready'])
    expect(allowed('QUIT')).toEqual([...STATES])
  })
})

describe('networks', () => {
  it('count an IPv6 /64 and a mapped IPv4 address as one', () => {
    expect(plainAddress('::ffff:192.0.2.1')).toBe('192.0.2.1')
    expect(plainAddress('fe80::1%eth0')).toBe('fe80::1')
    expect(networkOf('192.0.2.1')).toBe('192.0.2.1')
    expect(networkOf('2001:db8:1:2::1')).toBe(networkOf('2001:db8:1:2:ffff:1:2:3'))
    expect(networkOf('2001:db8:1:2::1')).not.toBe(networkOf('2001:db8:1:3::1'))
    expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0')
    expect(networkOf('::1')).toBe('0:0:0:0')
  })
})
