import { z } from 'zod'
import { LANES } from '../../kernel/lane.ts'

/** `minute` and `hour` are token buckets, `day` and `month` (UTC) counters. */
export const PERIODS = ['minute', 'hour', 'day', 'month'] as const
export type Period = (typeof PERIODS)[number]
export const LIMIT_LANES = ['all', ...LANES] as const
export type LimitLane = (typeof LIMIT_LANES)[number]

/** Who set a limit: the operator for the workspace, its own people for it, or its people for one credential. */
export const LIMIT_SCOPES = ['installation', 'workspace', 'credential'] as const
export type LimitScope = (typeof LIMIT_SCOPES)[number]

const SECONDS = { minute: 60, hour: 3_600, day: 86_400, month: 30 * 86_400 } as const satisfies Record<
  Period,
  number
>

/** Seconds of a period; a month counts as 30 days. */
export function secondsOf(period: Period): number {
  return SECONDS[period]
}

export function isRate(period: Period): boolean {
  return period === 'minute' || period === 'hour'
}

const AMOUNT_MAX = 1_000_000_000

/** A limit as people write it. */
export const WantedLimit = z.strictObject({
  lane: z
    .enum(LIMIT_LANES)
    .default('all')
    .describe('all: every lane that has no limit of its own for this period.'),
  period: z.enum(PERIODS).describe('minute and hour refill all the time; day and month (UTC) start anew.'),
  amount: z.int().min(1).max(AMOUNT_MAX).describe('Recipients.'),
  burst: z
    .int()
    .min(1)
    .max(AMOUNT_MAX)
    .optional()
    .describe('Of minute and hour: how many at once; without it as many as amount.'),
})
export type WantedLimit = z.output<typeof WantedLimit>

/** A limit and what is used of it, as acceptance sees it. */
export interface LimitState {
  readonly scope: LimitScope
  readonly lane: LimitLane
  readonly period: Period
  readonly amount: number
  readonly burst: number | null
  /** Recipients; parts of one where a bucket refills. */
  readonly used: number
  /** Until nothing of it is used. */
  readonly resetSeconds: number
  readonly refuses: boolean
  /** Until it refuses this message no more; 0 where it does not, null where it always will. */
  readonly waitSeconds: number | null
}

type Sized = Pick<LimitState, 'amount' | 'burst' | 'used'>

/** How many recipients fit at once when nothing is used. */
export function capacityOf(limit: Pick<LimitState, 'amount' | 'burst'>): number {
  return limit.burst ?? limit.amount
}

/** Whole recipients that fit now. */
export function remainingOf(limit: Sized): number {
  // Sums of parts are not exact: 4.9999999 is five.
  return Math.max(0, Math.floor(capacityOf(limit) - limit.used + 1e-6))
}

/** Of what fits once, never more than it holds. */
export function usedOf(limit: Sized): number {
  return Math.max(0, capacityOf(limit) - remainingOf(limit))
}

/** The name of a limit in header fields, problems and lists: `workspace-day`, `credential-critical-minute`. */
export function nameOf(limit: Pick<LimitState, 'scope' | 'lane' | 'period'>): string {
  return [limit.scope, ...(limit.lane === 'all' ? [] : [limit.lane]), limit.period].join('-')
}
