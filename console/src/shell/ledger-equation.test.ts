import { describe, expect, it } from 'vitest'
import { equationTerms, waitingCount } from './ledger-equation.ts'

const LEDGER = {
  accepted: 10,
  delivered: 6,
  bounced: 0,
  expired: 0,
  suppressed: 1,
  cancelled: 0,
  uncertain: 0,
  pending: 2,
  scheduled: 1,
  held: 0,
  balanced: true,
  lost: 0,
  doubled: 0,
}

describe('the ledger equation', () => {
  it('shows every term that is not 0, so that what is seen adds up to what was accepted', () => {
    const terms = equationTerms(LEDGER)
    expect(terms.map((term) => `${term.count} ${term.state}`)).toEqual([
      '6 delivered',
      '0 bounced',
      '1 suppressed',
      '2 pending',
      '1 scheduled',
    ])
    expect(terms.reduce((sum, term) => sum + term.count, 0)).toBe(LEDGER.accepted)
  })

  it('counts as waiting what waits for its time too', () => {
    expect(waitingCount(LEDGER)).toBe(3)
  })
})
