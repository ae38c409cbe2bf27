import { randomBytes } from 'node:crypto'
import { Secret, URI } from 'otpauth'
import { describe, expect, it } from 'vitest'
import { base32, makeRecoveryCode, otpauthUri, readRecoveryCode, readTotpCode } from './codes.ts'

describe('codes', () => {
  it('seeds are written as authenticator apps read them', () => {
    for (let bytes = 0; bytes < 41; bytes++) {
      const seed = randomBytes(bytes)
      expect(base32(seed)).toBe(new Secret({ buffer: new Uint8Array(seed).buffer }).base32)
    }
  })

  it('the link holds the seed, the issuer and the account, whatever is in the address', () => {
    const seed = randomBytes(20)
    for (const account of ['ann@example.com', 'ann+a?b=c&d#e:f/g%@example.com', 'ünï@exämple.com']) {
      const app = URI.parse(otpauthUri(seed, account))
      expect({ issuer: app.issuer, label: app.label }).toEqual({ issuer: 'Bulkhead', label: account })
      expect(Buffer.from(app.secret.bytes).equals(seed)).toBe(true)
    }
  })

  it('recovery codes have 80 bits, and are read however they are typed', () => {
    const codes = Array.from({ length: 2_000 }, makeRecoveryCode)
    expect(new Set(codes).size).toBe(2_000)
    for (const code of codes) {
      expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/)
      expect(readRecoveryCode(` ${code.toUpperCase().replaceAll('-', ' ')} `)).toBe(code.replaceAll('-', ''))
    }
    expect(new Set(codes.join('').replaceAll('-', '')).size).toBe(32)
    expect(readRecoveryCode('oooo-iiii-llll-0000')).toBe('0000111111110000')
    for (const none of ['', '0000', '0000-0000-0000-000u', '0'.repeat(17), ' '.repeat(65), '０'.repeat(16)])
      expect(readRecoveryCode(none)).toBeNull()
  })

  it('codes of apps are six digits', () => {
    expect(readTotpCode(' 123 456')).toBe('123456')
    for (const none of ['', '12345', '1234567', '１２３４５６', '12345x', ' '.repeat(11) + '123456'])
      expect(readTotpCode(none)).toBeNull()
  })
})
