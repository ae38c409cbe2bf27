import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePattern } from './pattern.ts'

function test(source: string, text: string): boolean {
  const read = compilePattern(source)
  if (!read.ok) throw new Error(`${source} ${read.problem}`)
  return read.pattern.test(text)
}

/** Patterns of everything that is supported, over few letters so that texts match often. */
const atom = fc.constantFrom(
  'a',
  'b',
  'C',
  '.',
  '\\d',
  '\\w',
  '\\s',
  '\\.',
  '[ab]',
  '[^a]',
  '[a-c1]',
  '[\\d-]',
  '1',
  ' ',
  '-',
  '^',
  '$',
  '\\b',
  '\\B',
  '\\D',
  '\\W',
  '\\S',
  'ab',
  '\\[',
)
const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    atom,
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `${a}${b}`),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{0,2}', '{1,}', '*?', '+?'))
      .map(([a, times]) => `(${a})${times}`),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `${a}|${b}`),
  ),
}))
const text = fc.string({
  maxLength: 12,
  unit: fc.constantFrom('a', 'b', 'c', 'A', '1', ' ', '-', '.', '[', '\n'),
})

describe('a pattern', () => {
  it('agrees with regular expressions wherever it is supported', () => {
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 1, maxLength: 4 }), (source, texts) => {
        fc.pre(source.length <= 500)
        const read = compilePattern(source)
        if (!read.ok) {
          expect(read.problem).toMatch(/too large|repeats/)
          return
        }
        const expected = new RegExp(source, 'i')
        for (const each of texts) expect([each, read.pattern.test(each)]).toEqual([each, expected.test(each)])
      }),
      { numRuns: 5_000 },
    )
  })

  it('takes linear time where a backtracking engine takes for ever', () => {
    for (const source of [
      '(a+)+$',
      '(a|aa)+$',
      '(?:a*)*b',
      '(.*)(.*)(.*)(.*)(.*)x',
      '((a?){30}){3}b',
      '((((()*)*)*)*)*x',
    ]) {
      const started = performance.now()
      expect(test(source, `${'a'.repeat(900)}!`)).toBe(false)
      expect(performance.now() - started, source).toBeLessThan(1_000)
    }
  })

  it('looks at the beginning of a text only, and at upper and lower case alike', () => {
    expect(test('x', `${'a'.repeat(1_000)}x`)).toBe(false)
    expect(test('TEMPORARILY deferred', 'Messages temporarily Deferred due to')).toBe(true)
    expect(test('\\[TSS?0[45]\\]', '421 4.7.0 [TSS04] Messages from 192.0.2.1')).toBe(true)
  })

  it.each([
    '',
    '(',
    ')',
    'a)',
    '[',
    '[]',
    '[^]',
    '*',
    'a**',
    'a{',
    'a{2',
    'a{3,2}',
    'a{101}',
    '\\1',
    '\\x41',
    '\\p{L}',
    '(?=a)',
    '(?!a)',
    '(?<=a)',
    '(?<n>a)',
    '^*',
    '\\b+',
    '[z-a]',
    '[[a]',
    '\\',
    '(a{100}){100}',
    'a'.repeat(501),
    `${'('.repeat(40)}${')'.repeat(40)}`,
  ])('%j is refused with a reason', (source) => {
    const read = compilePattern(source)
    expect(read.ok ? 'accepted' : read.problem).toMatch(/at character \d+$|too large|characters long/)
  })

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.string({
          maxLength: 40,
          unit: fc.constantFrom(
            '(',
            ')',
            '[',
            ']',
            '{',
            '}',
            '*',
            '+',
            '?',
            '|',
            '\\',
            '^',
            '$',
            '-',
            ',',
            '1',
            'a',
            '.',
            '\0',
            'é',
          ),
        }),
        text,
        (source, each) => {
          const read = compilePattern(source)
          if (read.ok) read.pattern.test(each)
        },
      ),
      { numRuns: 5_000 },
    )
  })
})
