import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashSecret, isApiKey, mintApiKey, randomBase62 } from './key-format.ts'

describe('API keys', () => {
  it('have their form, their checksum and do not print', () => {
    for (let i = 0; i < 200; i++) {
      const { key, prefix, hash } = mintApiKey()
      expect(isApiKey(key.reveal())).toBe(true)
      expect(key.reveal().startsWith(`${prefix}_`)).toBe(true)
      expect(hash.equals(hashSecret(key.reveal()))).toBe(true)
      expect(`${String(key)} ${JSON.stringify(key)}`).not.toContain(prefix)
    }
  })

  it('with any one character changed are refused without a look-up', () => {
    const key = mintApiKey().key.reveal()
    fc.assert(
      fc.property(fc.nat(key.length - 1), fc.constantFrom('a', 'c', 'X', 'Z', '0', '9', '_'), (at, char) => {
        fc.pre(key.charAt(at) !== char)
        expect(isApiKey(key.slice(0, at) + char + key.slice(at + 1))).toBe(false)
      }),
    )
  })

  it('are never found in other text', () => {
    fc.assert(fc.property(fc.string({ maxLength: 100 }), (text) => !isApiKey(text)))
  })

  it('use every character about equally often', () => {
    const counts = new Map<string, number>()
    for (const char of randomBase62(62_000)) counts.set(char, (counts.get(char) ?? 0) + 1)
    expect(counts.size).toBe(62)
    // 1,000 expected each; six standard deviations.
    for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(190)
  })
})
