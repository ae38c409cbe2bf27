import { describe, expect, it } from 'vitest'
import { idleHint, stateOf, whatBreaks, type Credential } from './credential-state.ts'

const NOW = Date.parse('2026-11-22T12:00:00Z')
const KEY: Credential = {
  id: 'key_1',
  name: 'shop',
  allowedCidrs: [],
  allowedSenders: [],
  createdAt: '2026-01-01T00:00:00Z',
  expiresAt: null,
  endsAt: null,
  rotatedFrom: null,
  revokedAt: null,
  killed: false,
  lastUsedAt: '2026-11-22T11:00:00Z',
  lastUsedFrom: { network: '192.0.2.0/24', program: 'curl/8' },
}

describe('what a credential is', () => {
  it('is told by what ended it first', () => {
    expect(stateOf(KEY, NOW)).toMatchObject({ word: 'active', isAlive: true, at: null })
    expect(stateOf({ ...KEY, expiresAt: '2026-11-22T11:59:59Z' }, NOW)).toMatchObject({
      word: 'expired',
      isAlive: false,
    })
    const rotated = { ...KEY, expiresAt: '2027-01-01T00:00:00Z', endsAt: '2026-11-23T00:00:00Z' }
    expect(stateOf(rotated, NOW)).toMatchObject({ word: 'ending', at: '2026-11-23T00:00:00Z' })
    expect(stateOf({ ...rotated, leakedAt: '2026-11-22T00:00:00Z' }, NOW).word).toBe('leaked')
    expect(stateOf({ ...rotated, killed: true }, NOW)).toMatchObject({ word: 'ended', isAlive: false })
    expect(stateOf({ ...KEY, killed: true, revokedAt: '2026-11-01T00:00:00Z' }, NOW).word).toBe('revoked')
  })

  it('looks forgotten after 90 days, or 14 where it was never used', () => {
    expect(idleHint(KEY, NOW)).toBeUndefined()
    expect(idleHint({ ...KEY, lastUsedAt: '2026-08-01T00:00:00Z' }, NOW)).toBe('unused for 113 days')
    expect(idleHint({ ...KEY, lastUsedAt: null }, NOW)).toBe('never used')
    expect(idleHint({ ...KEY, lastUsedAt: null, createdAt: '2026-11-20T00:00:00Z' }, NOW)).toBeUndefined()
    expect(idleHint({ ...KEY, lastUsedAt: null, revokedAt: '2026-11-01T00:00:00Z' }, NOW)).toBeUndefined()
  })

  it('says what stops with it', () => {
    expect(whatBreaks(KEY, NOW)).toContain('curl/8 from 192.0.2.0/24')
    expect(whatBreaks({ ...KEY, lastUsedAt: null, lastUsedFrom: null }, NOW)).toContain('never used')
    expect(whatBreaks({ ...KEY, lastUsedAt: '2026-11-12T11:00:00Z' }, NOW)).toContain('10 days ago')
  })
})
