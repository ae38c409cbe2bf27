import { RECIPIENT_STATES, type Ledger, type RecipientState } from '../api/types.ts'

export interface EquationTerm {
  readonly state: RecipientState
  readonly count: number
}

/** The right side of the ledger equation: where accepted recipients are now. What always counts is shown even when it is 0. */
export function equationTerms(ledger: Ledger): EquationTerm[] {
  return ORDER.map((state) => ({ state, count: ledger[state] })).filter(
    ({ state, count }) => count > 0 || ALWAYS.has(state),
  )
}

/** Recipients that wait for their time, their turn or a release. */
export function waitingCount(ledger: Ledger): number {
  return ledger.pending + ledger.scheduled + ledger.held
}

const ALWAYS: ReadonlySet<RecipientState> = new Set(['delivered', 'bounced', 'pending'])
const LAST: ReadonlySet<RecipientState> = new Set(['pending', 'scheduled', 'held'])
/** What ended first, what waits last. */
const ORDER = RECIPIENT_STATES.toSorted((a, b) => Number(LAST.has(a)) - Number(LAST.has(b)))
