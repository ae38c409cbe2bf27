import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { FINAL_STATES } from '../../kernel/lane.ts'
import { presentLedger } from './ledger.ts'

const STATES = [...FINAL_STATES, 'pending', 'scheduled', 'held']
const counts = fc.record(Object.fromEntries(STATES.map((state) => [state, fc.nat(1_000)])))
const rowsOf = (of: Record<string, number>) =>
  Object.entries(of).map(([state, recipients]) => ({ state, recipients }))
const sumOf = (of: Record<string, number>) => Object.values(of).reduce((sum, n) => sum + n, 0)

describe('the ledger', () => {
  test.prop([counts])('balances when every accepted recipient waits or ended', (of) => {
    const ledger = presentLedger(rowsOf({ ...of, accepted: sumOf(of), doubled: 0 }))
    expect(ledger).toMatchObject({ ...of, balanced: true, lost: 0, doubled: 0 })
  })

  test.prop([counts, fc.integer({ min: 1, max: 50 })])('counts what is lost', (of, lost) => {
    expect(presentLedger(rowsOf({ ...of, accepted: sumOf(of) + lost, doubled: 0 }))).toMatchObject({
      balanced: false,
      lost,
    })
  })

  test.prop([counts, fc.integer({ min: 1, max: 50 }), fc.nat(50)])(
    'something doubled does not hide something lost',
    (of, doubled, lost) => {
      const ledger = presentLedger(rowsOf({ ...of, accepted: sumOf(of) - doubled + lost, doubled }))
      expect(ledger).toMatchObject({ balanced: false, lost, doubled })
    },
  )

  it('of nothing is balanced', () => {
    expect(presentLedger([])).toMatchObject({ accepted: 0, balanced: true })
  })
})
