import type { QueueAct, Statistics } from '@bulkhead/sdk'
import { LANES, type Lane } from '../../api/types.ts'
import { formatDuration, formatShare } from '../../format.ts'
import type { Access } from '../../session/access.ts'
import type { Tone } from '../../ui/chip.tsx'

export type Series = Statistics['series'][number]
export type Containment = Access['containments'][number]

export type HealthWord =
  | 'healthy'
  | 'slow'
  | 'bouncing'
  | 'failing'
  | 'paused'
  | 'contained'
  | 'quiet'
  | 'nothing sent'

export const HEALTH_TONES: Readonly<Record<HealthWord, Tone>> = {
  healthy: 'ok',
  slow: 'warn',
  bouncing: 'warn',
  failing: 'bad',
  paused: 'warn',
  contained: 'bad',
  quiet: 'neutral',
  'nothing sent': 'neutral',
}

export interface HealthRow {
  readonly lane: Lane
  /** Null: nothing of this lane was tried. */
  readonly provider: string | null
  readonly word: HealthWord
  /** Why, in a few words. */
  readonly because: string
  readonly series: Series | null
}

/** Of attempts: so many deferrals are no accident. */
const DEFERRED_SLOW = 0.2
const FAILING = 0.5
/** Receivers begin to distrust a sender of whose mail so much goes to nobody. */
const BOUNCING = 0.1
/** Fewer attempts say nothing. */
const ATTEMPTS_TELLING = 3
/** Somebody waits for a code; nobody waits for a newsletter. ms. */
const SLOW_MS: Readonly<Record<Lane, number>> = {
  critical: 60_000,
  transactional: 300_000,
  bulk: 7_200_000,
  internal: 600_000,
}
/** The state is that of the last part of the period, the numbers are those of all of it. */
const LATEST_PART = 4

/** One row for each lane and each way that its mail took; a lane without any has one too. Internal mail only where there is some. */
export function healthRows(
  series: readonly Series[],
  facts: { readonly containments: readonly Containment[]; readonly acts: readonly QueueAct[] },
): readonly HealthRow[] {
  return LANES.flatMap((lane): HealthRow[] => {
    const own = series
      .filter((one) => one.lane === lane && one.provider !== '' && one.provider !== null)
      .toSorted((a, b) => b.totals.attempts - a.totals.attempts)
    if (own.length === 0) {
      if (lane === 'internal') return []
      const stopped = stoppedBy(lane, null, facts)
      return [
        {
          lane,
          provider: null,
          series: null,
          word: stopped?.word ?? 'nothing sent',
          because: stopped?.because ?? 'No mail of this lane was tried in this time.',
        },
      ]
    }
    return own.map((one) => ({
      lane,
      provider: one.provider,
      series: one,
      ...(stoppedBy(lane, one.provider, facts) ?? judged(lane, one)),
    }))
  })
}

type Judgement = Pick<HealthRow, 'word' | 'because'>

function stoppedBy(
  lane: Lane,
  provider: string | null,
  facts: Parameters<typeof healthRows>[1],
): Judgement | undefined {
  const contained = facts.containments.find(
    ({ scope, capabilities }) =>
      (scope === 'workspace' || scope === 'installation') &&
      capabilities.some((one) => ['deliver', `deliver:${lane}`, 'send', `send:${lane}`].includes(one)),
  )
  if (contained !== undefined) return { word: 'contained', because: contained.reason }
  const pause = facts.acts.find(
    (act) => act.kind === 'pause' && act.state !== 'ended' && stops(act, lane, provider),
  )
  return pause === undefined ? undefined : { word: 'paused', because: pause.reason }
}

/** Whether a pause stops all of it: one that names tags, domains or sites stops a part, and is told elsewhere. */
function stops({ filter }: QueueAct, lane: Lane, provider: string | null): boolean {
  const { lanes, providers, ...others } = filter
  if (Object.values(others).some((value) => value !== undefined)) return false
  return (
    (lanes === undefined || lanes.includes(lane)) &&
    (providers === undefined || (provider !== null && providers.includes(provider)))
  )
}

function judged(lane: Lane, { points }: Series): Judgement {
  const from = Math.floor(points.attempts.length * (1 - 1 / LATEST_PART))
  const sum = (values: readonly number[]): number => values.slice(from).reduce((all, one) => all + one, 0)
  const attempts = sum(points.attempts)
  if (attempts === 0) return { word: 'quiet', because: 'Nothing was tried lately.' }
  const deferred = (sum(points.deferred) + sum(points.unanswered)) / attempts
  const delivered = sum(points.delivered)
  const failed = sum(points.bounced) + sum(points.expired)
  if (attempts >= ATTEMPTS_TELLING && delivered === 0 && deferred >= FAILING)
    return { word: 'failing', because: 'Lately every attempt was deferred.' }
  if (failed >= ATTEMPTS_TELLING && failed / (failed + delivered) >= FAILING)
    return {
      word: 'failing',
      because: `Lately ${formatShare(failed / (failed + delivered))} did not arrive.`,
    }
  if (failed >= ATTEMPTS_TELLING && failed / (failed + delivered) >= BOUNCING)
    return {
      word: 'bouncing',
      because: `Lately ${formatShare(failed / (failed + delivered))} did not arrive.`,
    }
  if (attempts >= ATTEMPTS_TELLING && deferred >= DEFERRED_SLOW)
    return { word: 'slow', because: `Lately ${formatShare(deferred)} of attempts were deferred.` }
  const slowest = Math.max(0, ...points.deliveryP95Ms.slice(from).map((ms) => ms ?? 0))
  if (slowest > SLOW_MS[lane])
    return { word: 'slow', because: `Lately delivery took up to ${formatDuration(slowest)}.` }
  return { word: 'healthy', because: 'Mail arrives as it should.' }
}

/** Where mail goes, in words. */
export function routeName(provider: string | null): string {
  return provider === 'other' ? 'other servers' : (provider ?? 'no mail yet')
}
