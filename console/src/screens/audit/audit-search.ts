import { oneOf, textOf } from '../../search-values.ts'

export const PERIODS = ['1h', '24h', '7d', '30d'] as const
export type Period = (typeof PERIODS)[number]

const PERIOD_MS: Readonly<Record<Period, number>> = {
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
}

/** The filters of the audit log and the entry that is open, as they stand in the address. */
export interface AuditSearch {
  readonly action?: string
  readonly actor?: string
  readonly target?: string
  readonly period?: Period
  readonly entry?: number
}

/** Reads the query of the address. What is not a filter is dropped. */
export function parseAuditSearch(search: Record<string, unknown>): AuditSearch {
  const action = textOf(search['action'])
  const actor = textOf(search['actor'])
  const target = textOf(search['target'])
  const period = oneOf(PERIODS, search['period'])
  const entry = Number(search['entry'] ?? Number.NaN)
  return {
    ...(action === undefined ? {} : { action }),
    ...(actor === undefined ? {} : { actor }),
    ...(target === undefined ? {} : { target }),
    ...(period === undefined ? {} : { period }),
    ...(Number.isSafeInteger(entry) && entry >= 0 ? { entry } : {}),
  }
}

/** What the server is asked. */
export function filterOf(
  { action, actor, target, period }: AuditSearch,
  nowMs: number,
): { action?: string; actor?: string; target?: string; after?: string } {
  return {
    ...(action === undefined ? {} : { action }),
    ...(actor === undefined ? {} : { actor }),
    ...(target === undefined ? {} : { target }),
    ...(period === undefined ? {} : { after: new Date(nowMs - PERIOD_MS[period]).toISOString() }),
  }
}
