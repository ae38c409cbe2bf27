import { FINAL_STATES } from '../../kernel/lane.ts'
import type { LedgerRow } from './message-store.ts'

const STATES = [...FINAL_STATES, 'pending', 'scheduled', 'held'] as const

/**
 * The ledger equation (design: accepted = delivered + bounced + expired + suppressed + cancelled + uncertain + pending + held;
 * scheduled is the part of pending whose time has not come). Both sides are counted, neither is derived from the other.
 */
export function presentLedger(rows: readonly LedgerRow[]) {
  const counted = new Map(rows.map((row) => [row.state, row.recipients]))
  const of = (state: string): number => counted.get(state) ?? 0
  const accountedFor = STATES.reduce((sum, state) => sum + of(state), 0)
  const doubled = of('doubled')
  const lost = of('accepted') - accountedFor + doubled
  return {
    accepted: of('accepted'),
    delivered: of('delivered'),
    bounced: of('bounced'),
    expired: of('expired'),
    suppressed: of('suppressed'),
    cancelled: of('cancelled'),
    uncertain: of('uncertain'),
    pending: of('pending'),
    scheduled: of('scheduled'),
    held: of('held'),
    balanced: lost === 0 && doubled === 0,
    lost,
    doubled,
  }
}
