import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RECORD_STATES } from './domain.ts'
import type { RecordCheck } from './domain.ts'
import { publishedKey } from './judge.ts'
import { expectedRecords, selectorsFor } from './records.ts'
import { GRACE_MS, afterCheck, nextCheckInMs, publishedAfter } from './transitions.ts'
import type { Standing } from './transitions.ts'
import { zoneText } from './zone.ts'

const WORKSPACE = '0190a000-0000-7000-8000-00000000000a'
const DOMAIN = '0190a000-0000-7000-8000-00000000000b'
const selectors = selectorsFor(WORKSPACE, DOMAIN).map((selector, i) => ({
  ...selector,
  publicKey: `KEY${i}`,
}))
const expected = expectedRecords({ id: DOMAIN, name: 'shop.example' }, selectors, null)
const now = new Date('2026-11-21T20:00:00Z')

const names = (workspace: string, domain: string) =>
  selectorsFor(workspace, domain).map((item) => item.selector)

const minutes = (standing: Standing, ageMs: number) => nextCheckInMs(standing, ageMs, 0.5) / 60_000

const check = (purpose: RecordCheck['purpose'], state: RecordCheck['state']): RecordCheck => ({
  purpose,
  state,
  found: [],
  advice: null,
})
const anyState = fc.constantFrom(...RECORD_STATES)

describe('what a check makes of a domain', () => {
  it('verifies only when both required keys are found', () => {
    fc.assert(
      fc.property(anyState, anyState, anyState, (dkim, standby, ed25519) => {
        const checks = [check('dkim', dkim), check('dkim-standby', standby), check('dkim-ed25519', ed25519)]
        const after = afterCheck({ state: 'pending', failingSince: null }, expected, checks, now)
        expect(after.state === 'verified').toBe(dkim === 'ok' && standby === 'ok')
      }),
    )
  })

  it('never changes a domain by what DNS could not say', () => {
    const unknown = [check('dkim', 'unknown'), check('dkim-standby', 'ok')]
    const standings: Standing[] = [
      { state: 'pending', failingSince: null },
      { state: 'verified', failingSince: null },
      { state: 'verified', failingSince: now },
      { state: 'failing', failingSince: now },
    ]
    for (const before of standings) {
      expect(afterCheck(before, expected, unknown, new Date(now.getTime() + 2 * GRACE_MS))).toEqual(before)
    }
  })

  it('gives a verified domain 72 hours, during which no key is switched off', () => {
    const absent = [check('dkim', 'missing'), check('dkim-standby', 'ok')]
    const first = afterCheck({ state: 'verified', failingSince: null }, expected, absent, now)
    expect(first).toEqual({ state: 'verified', failingSince: now })
    const almost = new Date(now.getTime() + GRACE_MS - 1)
    expect(afterCheck(first, expected, absent, almost)).toEqual(first)
    expect(publishedAfter(first, check('dkim', 'missing'))).toBeNull()
    const late = afterCheck(first, expected, absent, new Date(now.getTime() + GRACE_MS))
    expect(late.state).toBe('failing')
    expect(publishedAfter(late, check('dkim', 'missing'))).toBe(false)
    expect(publishedAfter(late, check('dkim', 'unknown'))).toBeNull()
  })

  it('looks again soon while somebody waits, and daily later', () => {
    expect(minutes({ state: 'pending', failingSince: null }, 0)).toBe(1)
    expect(minutes({ state: 'pending', failingSince: null }, 40 * 60_000)).toBe(10)
    expect(minutes({ state: 'pending', failingSince: null }, 1e12)).toBe(360)
    expect(minutes({ state: 'verified', failingSince: null }, 0)).toBe(1440)
    expect(minutes({ state: 'verified', failingSince: now }, 0)).toBe(60)
  })
})

describe('records', () => {
  it('read a key in any way that DKIM allows it to be written', () => {
    for (const text of [
      'v=DKIM1; k=rsa; p=AB CD',
      'p=ABCD',
      'k=rsa;p=AB\tCD;',
      'v=DKIM1;n=a=b;p=ABCD ; t=s',
    ]) {
      expect(publishedKey(text)).toBe('ABCD')
    }
    expect(publishedKey('v=DKIM1; p=')).toBe('')
    expect(publishedKey('v=spf1 -all')).toBeNull()
    expect(publishedKey('v=DKIM2; p=ABCD')).toBeNull()
    fc.assert(fc.property(fc.string({ maxLength: 500 }), (text) => publishedKey(text) !== undefined))
  })

  it('differ between workspaces and between additions of one domain', () => {
    const other = '0190a000-0000-7000-8000-0000000000ff'
    expect(names(WORKSPACE, DOMAIN)).not.toEqual(names(other, DOMAIN))
    expect(names(WORKSPACE, DOMAIN)).not.toEqual(names(WORKSPACE, other))
    for (const name of names(WORKSPACE, DOMAIN)) expect(name).toMatch(/^bh[12e]-[0-9a-z]{8}$/)
  })

  it('stand in the delegation zone under the names that domains point to', () => {
    const delegated = expectedRecords({ id: DOMAIN, name: 'shop.example' }, selectors, 'z.example')
    const text = zoneText({
      zone: 'z.example',
      hostname: 'mx.example',
      rows: selectors.map((item) => ({
        domain_id: DOMAIN,
        selector: item.selector,
        algorithm: item.algorithm,
        public_key: 'A'.repeat(400),
      })),
    })
    for (const record of delegated.filter((item) => item.publicKey !== undefined)) {
      expect(text).toContain(`\n${record.value.replace('.z.example', '')} 300 IN TXT "v=DKIM1`)
    }
    for (const part of text.match(/"[^"]*"/g) ?? []) expect(part.length).toBeLessThanOrEqual(257)
  })
})
