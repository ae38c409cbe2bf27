const DAY_S = 86_400

/** A ramp grows fast: with all of it in sight nobody would see today. */
const AHEAD_DAYS = 5

interface Ramp {
  /** The first day, `2026-11-30`. */
  readonly start: string
  readonly ramp: readonly number[]
  /** Of the ramp, from 1; below 1 before the first day. */
  readonly day: number
  readonly history: readonly {
    readonly day: string
    readonly used: number
    readonly allowed: number | null
  }[]
}

/**
 * The days of a warm-up, the past as it was and the days to come as the ramp has them. Days on which nothing was sent used nothing; the
 * future has no use, and no more of it is shown than the next five days.
 */
export function rampPlot(
  { start, ramp, day, history }: Ramp,
  now: Date,
): {
  readonly times: readonly number[]
  readonly allowed: readonly (number | null)[]
  readonly used: readonly (number | null)[]
} {
  const today = secondsOf(now.toISOString().slice(0, 10))
  const known = new Map(history.map((entry) => [secondsOf(entry.day), entry]))
  const first = Math.min(
    secondsOf(start),
    history[0] === undefined ? today : secondsOf(history[0].day),
    today,
  )
  const last = today + Math.min(AHEAD_DAYS, Math.max(0, ramp.length - Math.max(day, 1))) * DAY_S
  const times: number[] = []
  const allowed: (number | null)[] = []
  const used: (number | null)[] = []
  for (let at = first; at <= last; at += DAY_S) {
    const entry = known.get(at)
    const step = day - 1 + Math.round((at - today) / DAY_S)
    times.push(at)
    allowed.push(at < today && entry !== undefined ? entry.allowed : (ramp[step] ?? null))
    used.push(at > today ? null : (entry?.used ?? 0))
  }
  return { times, allowed, used }
}

function secondsOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / 1000
}
