/** So many in so long a time. */
export interface Rate {
  readonly count: number
  readonly perSeconds: number
}

/** A value of a file, or what is wrong with it and what to write instead. */
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string; readonly fix: string }

const SECONDS_OF: Readonly<Record<string, number>> = {
  s: 1,
  sec: 1,
  second: 1,
  m: 60,
  min: 60,
  minute: 60,
  h: 3_600,
  hour: 3_600,
  d: 86_400,
  day: 86_400,
}
const WEEK_SECONDS = 7 * 86_400
const PAUSES_MAX = 30
const RATE_COUNT_MAX = 100_000_000

export function readInteger(value: unknown, min: number, max: number): Read<number> {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max)
    return { ok: true, value }
  return {
    ok: false,
    problem: `is no whole number from ${min} to ${max}`,
    fix: `write a number from ${min} to ${max}`,
  }
}

/** Seconds, from `90`, `"90s"`, `"5m"`, `"2h"` or `"1d"`. */
export function readDuration(value: unknown, minSeconds: number, maxSeconds: number): Read<number> {
  const seconds = typeof value === 'number' ? value : secondsOf(value)
  if (Number.isInteger(seconds) && seconds >= minSeconds && seconds <= maxSeconds)
    return { ok: true, value: seconds }
  return {
    ok: false,
    problem: `is no duration from ${showDuration(minSeconds)} to ${showDuration(maxSeconds)}`,
    fix: 'write a duration such as "90s", "5m", "2h" or "1d"',
  }
}

/** From `"100/min"`, `"5/s"`, `"1000/h"`, `"20/30s"`. */
export function readRate(value: unknown): Read<Rate> {
  const parts = typeof value === 'string' ? /^(\d{1,9}) ?\/ ?(\d{1,6})?([a-z]{1,6})$/.exec(value) : null
  const unit = SECONDS_OF[parts?.[3] ?? ''] ?? 0
  const count = Number(parts?.[1] ?? 0)
  const perSeconds = Number(parts?.[2] ?? 1) * unit
  if (count >= 1 && count <= RATE_COUNT_MAX && perSeconds >= 1 && perSeconds <= WEEK_SECONDS)
    return { ok: true, value: { count, perSeconds } }
  return {
    ok: false,
    problem: 'is no rate',
    fix: 'write a rate such as "100/min", "5/s", "1000/h" or "20/30s", or "none"',
  }
}

/** 1 to 30 pauses of 1 second to 7 days. */
export function readSchedule(value: unknown): Read<readonly number[]> {
  const fix = 'write a list of durations such as ["5m", "30m", "2h"]'
  if (!Array.isArray(value) || value.length === 0 || value.length > PAUSES_MAX)
    return { ok: false, problem: `is no list of 1 to ${PAUSES_MAX} durations`, fix }
  const pauses: number[] = []
  for (const each of value) {
    const read = readDuration(each, 1, WEEK_SECONDS)
    if (!read.ok) return { ...read, problem: `pause ${pauses.length + 1} ${read.problem}` }
    pauses.push(read.value)
  }
  return { ok: true, value: pauses }
}

export function showDuration(seconds: number): string {
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
  ] as const) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`
  }
  return `${seconds}s`
}

export function showRate(rate: Rate): string {
  const unit = showDuration(rate.perSeconds).replace(/m$/, 'min')
  return `${rate.count}/${/^1\D/.test(unit) ? unit.slice(1) : unit}`
}

function secondsOf(value: unknown): number {
  const parts = typeof value === 'string' ? /^(\d{1,7}) ?([a-z]{1,6})$/.exec(value) : null
  return Number(parts?.[1] ?? Number.NaN) * (SECONDS_OF[parts?.[2] ?? ''] ?? Number.NaN)
}
