import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { matchesStsPolicy, parseStsPolicy, readStsId } from './sts-policy.ts'

const policy = (...lines: string[]) => parseStsPolicy(Buffer.from(lines.join('\r\n')))
const good = [
  'version: STSv1',
  'mode: enforce',
  'mx: MX.example.com',
  'mx: *.mail.example.com',
  'max_age: 86400',
]

const ageOf = (seconds: string) => policy(...good.slice(0, 4), `max_age: ${seconds}`)

describe('an MTA-STS policy', () => {
  it('is read with either line end, with fields that nobody knows and in any order', () => {
    const read = { mode: 'enforce', maxAgeSeconds: 86_400, mx: ['mx.example.com', '*.mail.example.com'] }
    expect(policy(...good)).toEqual({ ok: true, policy: read })
    expect(parseStsPolicy(Buffer.from(`${good.toReversed().join('\n')}\nfuture: x\n\n`))).toMatchObject({
      ok: true,
      policy: { mode: 'enforce' },
    })
  })

  it('counts the first of a field that comes twice', () => {
    expect(policy(...good, 'mode: none', 'max_age: 1')).toMatchObject({
      policy: { mode: 'enforce', maxAgeSeconds: 86_400 },
    })
  })

  it('lives for five minutes to a year, whatever it says', () => {
    expect(ageOf('0')).toMatchObject({ policy: { maxAgeSeconds: 300 } })
    expect(ageOf('9999999999')).toMatchObject({ policy: { maxAgeSeconds: 31_557_600 } })
    for (const wrong of ['', '-1', '1e9', '99999999999', 'a day'])
      expect(ageOf(wrong)).toMatchObject({ ok: false })
  })

  it('is none where version, mode, life or hosts are missing or wrong', () => {
    for (const [index] of good.entries())
      expect(policy(...good.toSpliced(index, 1)).ok, good[index]).toBe(index === 2 || index === 3)
    expect(policy('version: STSv1', 'mode: enforce', 'max_age: 86400').ok).toBe(false)
    expect(policy('version: STSv1', 'mode: none', 'max_age: 86400').ok).toBe(true)
    for (const line of ['mx: a b', 'mx: *', 'mx: a.*.com', 'mx: .com', 'mx: mx_1.com', 'no colon', 'mode'])
      expect(policy(...good, line).ok, line).toBe(false)
    expect(parseStsPolicy(Buffer.alloc(65_537, 10)).ok).toBe(false)
    expect(policy(...good, ...Array.from({ length: 101 }, () => 'mx: a.com')).ok).toBe(false)
  })

  it('lets a star stand for exactly one label', () => {
    const read = policy(...good)
    if (!read.ok) throw new Error(read.problem)
    const matches = (host: string) => matchesStsPolicy(read.policy, host)
    expect(['mx.example.com', 'a.mail.example.com'].map(matches)).toEqual([true, true])
    expect(
      [
        'example.com',
        'mail.example.com',
        'a.b.mail.example.com',
        '.mail.example.com',
        'mx.example.com.evil.com',
      ].map(matches),
    ).toEqual([false, false, false, false, false])
  })

  it('is announced by one record with an id, and by nothing else', () => {
    expect(readStsId(['v=STSv1; id=20160831085700Z;'])).toBe('20160831085700Z')
    expect(readStsId(['v=spf1 -all', 'v=STSv1;id=a'])).toBe('a')
    for (const records of [
      [],
      ['v=STSv1'],
      ['v=STSv1; id=;'],
      ['v=STSv1; id=a b'],
      ['v=STSv1; id=a', 'v=STSv1; id=b'],
      ['v=STSv10; id=a'],
      [`v=STSv1; id=${'a'.repeat(33)}`],
    ])
      expect(readStsId(records), records.join('|')).toBeNull()
  })

  test.prop([fc.string({ maxLength: 300 })])('never throws, whatever is served', (text) => {
    const read = parseStsPolicy(Buffer.from(text))
    expect(typeof read.ok).toBe('boolean')
    expect(readStsId([text]) ?? 'none').toMatch(/^[A-Za-z0-9]+$/)
  })
})
