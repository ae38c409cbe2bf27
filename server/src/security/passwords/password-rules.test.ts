import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { judgePassword } from './index.ts'
import { preparePassword } from './password-rules.ts'

const ALONE = { singleFactor: true, words: [] }
const SECOND = { singleFactor: false, words: [] }
const words = fc.string({ unit: 'grapheme', minLength: 0, maxLength: 40 })

describe('what may be a password', () => {
  it('depends on the second factor: 15 characters alone, 8 beside one', () => {
    expect(judgePassword('kornblume7', ALONE)).toMatchObject({ problem: 'must have 15 characters or more' })
    expect(judgePassword('kornblume7', SECOND)).toBeNull()
    expect(judgePassword('korn7bl', SECOND)).toMatchObject({ problem: 'must have 8 characters or more' })
    expect(judgePassword('kornblume teich', ALONE)).toBeNull()
  })

  it('counts characters and not bytes, and a character that stands for many as one', () => {
    expect(judgePassword('🦊🐻🐼🐨🐯🦁🐮🐷', SECOND)).toBeNull()
    expect(judgePassword('🦊🐻🐼🐨', SECOND)).not.toBeNull()
    expect(preparePassword('ﷺ')).toMatchObject({ ok: true, text: expect.stringMatching(/.{18}/) })
    expect(judgePassword('ﷺa', ALONE)).toMatchObject({ problem: 'must have 15 characters or more' })
  })

  it('may be long: 256 characters, and not one more', () => {
    const long = Array.from({ length: 256 }, (_, n) => String.fromCodePoint(0x4e00 + n * 7)).join('')
    expect(judgePassword(long, ALONE)).toBeNull()
    expect(judgePassword(`${long}x`, ALONE)).toMatchObject({ problem: expect.stringContaining('256') })
    expect(judgePassword('ﷺ'.repeat(100), ALONE)).toMatchObject({ problem: expect.stringContaining('256') })
    expect(judgePassword('x'.repeat(10_000_000), ALONE)).not.toBeNull()
  })

  it('is not what repeats or counts up', () => {
    for (const weak of [
      'aaaaaaaaaaaaaaaa',
      'abcabcabcabcabcabc',
      'AbAbAbAbAbAbAbAb',
      '1234567890123456',
      'zyxwvutsrqponmlk',
      'passwordpassword',
      'Kornblume7kornblume7',
    ])
      expect(judgePassword(weak, ALONE), weak).toMatchObject({ problem: expect.stringContaining('repeats') })
  })

  it('is not made of words that others know', () => {
    const facts = { singleFactor: true, words: ['ann.smith@example.com', 'Ann Smith', 'Nordlicht GmbH'] }
    for (const weak of [
      'ann.smith@example.com',
      'AnnSmith-2026-2026',
      'Nordlicht12345!!',
      'bulkheadbulkhead1',
      'Bulkhead.Nordlicht.1',
    ])
      expect(judgePassword(weak, facts), weak).toMatchObject({ problem: expect.stringContaining('words') })
    expect(judgePassword('nordlicht über der kornblume', facts)).toBeNull()
    expect(judgePassword('8271 9920 2633 4455', { ...facts, words: ['ann 992'] })).toBeNull()
    expect(
      judgePassword('ann isst gern zwetschgen', { ...facts, words: ['', 'an', ...facts.words] }),
    ).toBeNull()
  })

  it('holds no control characters, no halves of characters and nothing unassigned', () => {
    for (const odd of [
      'tab\tin the middle of',
      'null\0in the middle of',
      'half \ud800 a character',
      'not \u0378 assigned yet',
    ])
      expect(judgePassword(odd, ALONE), JSON.stringify(odd)).toMatchObject({
        problem: expect.stringContaining('not written the same'),
      })
  })

  // NIST SP 800-63B-4 §3.1.1.2: no composition rules, 64 characters and more, every printing character.
  test.prop([
    fc.uniqueArray(fc.integer({ min: 0x21, max: 0x7e }), { minLength: 15, maxLength: 80 }),
    fc.constantFrom(/[a-z]/g, /[A-Z]/g, /[0-9]/g, /[^A-Za-z0-9]/g),
  ])('needs no kind of character: what is left when one kind is taken out may be one', (codes, kind) => {
    const text = String.fromCharCode(...codes).replaceAll(kind, '') + ' q'
    fc.pre(text.length >= 15 && !/^(.)\1*$/.test(text))
    expect(judgePassword(text, ALONE)).toBeNull()
  })

  test.prop([words, fc.boolean(), fc.array(words, { maxLength: 4 })])(
    'is judged without an exception, and never below its length',
    (text, singleFactor, known) => {
      const problem = judgePassword(text, { singleFactor, words: known })
      if (Array.from(text).length < (singleFactor ? 15 : 8)) expect(problem).not.toBeNull()
    },
  )

  test.prop([words])('is prepared the same again: normalising is done once and for all', (text) => {
    const once = preparePassword(text)
    if (once.ok) expect(preparePassword(once.text)).toEqual(once)
  })
})
