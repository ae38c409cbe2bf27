import type { StatisticsGetInput } from '@bulkhead/sdk'
import type { Period } from './home-search.ts'

interface PeriodFacts {
  /** As in "than in the … before". */
  readonly words: string
  readonly short: string
  readonly step: NonNullable<StatisticsGetInput['step']>
  readonly stepMs: number
  readonly points: number
}

const MINUTE_MS = 60_000

export const PERIOD_FACTS: Readonly<Record<Period, PeriodFacts>> = {
  '1h': { words: 'hour', short: '1 h', step: 'minute', stepMs: MINUTE_MS, points: 60 },
  '24h': { words: '24 hours', short: '24 h', step: 'quarter', stepMs: 15 * MINUTE_MS, points: 96 },
  '7d': { words: '7 days', short: '7 d', step: 'hour', stepMs: 60 * MINUTE_MS, points: 168 },
  '30d': { words: '30 days', short: '30 d', step: 'day', stepMs: 1_440 * MINUTE_MS, points: 30 },
}

interface Asked {
  readonly since: string
  readonly until: string
  readonly step: PeriodFacts['step']
}

/** The buckets of a period, the last of which is the present one, and as many before them. */
export function rangesOf(period: Period, nowMs: number): { readonly now: Asked; readonly before: Asked } {
  const { step, stepMs, points } = PERIOD_FACTS[period]
  const endMs = (Math.floor(nowMs / stepMs) + 1) * stepMs
  const beginMs = endMs - points * stepMs
  return {
    now: { since: iso(beginMs), until: iso(nowMs), step },
    before: { since: iso(beginMs - points * stepMs), until: iso(beginMs), step },
  }
}

/** How much more than before, in whole per cent; null where before was nothing to compare with. */
export function changeOf(now: number, before: number): number | null {
  return before === 0 ? null : Math.round((now / before - 1) * 100)
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
