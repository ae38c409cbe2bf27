import { randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { describe, expect, it } from 'vitest'
import { matchingStep, totpCode } from './totp.ts'

/** RFC 6238 appendix B has eight digits; six are the last six of them. */
const RFC_SEED = Buffer.from('12345678901234567890')
const RFC_VECTORS: readonly (readonly [seconds: number, code: string])[] = [
  [59, '287082'],
  [1111111109, '081804'],
  [1111111111, '050471'],
  [1234567890, '005924'],
  [2000000000, '279037'],
  [20000000000, '353130'],
]

describe('codes of authenticator apps', () => {
  it.each(RFC_VECTORS)('are those of RFC 6238 at %d s', (seconds, code) => {
    const step = Math.floor(seconds / 30)
    expect(totpCode(RFC_SEED, step)).toBe(code)
    expect(matchingStep(RFC_SEED, code, 0, seconds * 1000)).toBe(step)
  })

  it('are those that another implementation makes', () => {
    for (let n = 0; n < 300; n++) {
      const seed = randomBytes(20)
      const atMs = Math.floor(Math.random() * 4e12)
      const app = new TOTP({ secret: new Secret({ buffer: new Uint8Array(seed).buffer }) })
      expect(totpCode(seed, Math.floor(atMs / 30_000))).toBe(app.generate({ timestamp: atMs }))
    }
  })

  it('are accepted one step either way, and no further', () => {
    const nowMs = 1_800_000_000_000
    const step = nowMs / 30_000
    const answer = (offset: number) =>
      matchingStep(RFC_SEED, totpCode(RFC_SEED, step + offset), 0, nowMs) === null ? 'no' : 'yes'
    expect([-2, -1, 0, 1, 2].map(answer)).toEqual(['no', 'yes', 'yes', 'yes', 'no'])
  })

  it('of a step that was used, and of those before it, are refused', () => {
    const nowMs = 1_800_000_000_000
    const step = nowMs / 30_000
    const match = (offset: number, last: number) =>
      matchingStep(RFC_SEED, totpCode(RFC_SEED, step + offset), step + last, nowMs)
    expect(match(0, 0)).toBeNull()
    expect(match(-1, 0)).toBeNull()
    expect(match(0, -1)).toBe(step)
    expect(match(1, 0)).toBe(step + 1)
  })
})
