import { expect, it } from 'vitest'
import { literalReplacer } from './replace-literals.ts'

it('replaces every literal once, the longest first, and looks into no value again', () => {
  const replace = literalReplacer({ '-a-': '-b-', '-b-': 'B', '-a-b': 'AB', '$&': '.*', '': 'never' }, 100)
  expect(replace('-a- -b- -a-b $& .*')).toBe('-b- B AB .* .*')
  expect(literalReplacer({}, 1)('as it is')).toBe('as it is')
})

it('makes nothing that is longer than it may be', () => {
  const replace = literalReplacer({ a: 'x'.repeat(1_000) }, 9_990)
  expect(replace('a'.repeat(10))).toHaveLength(10_000)
  expect(() => replace('a'.repeat(11))).toThrow(RangeError)
  expect(() => replace('a'.repeat(1_000_000))).toThrow(RangeError)
})
