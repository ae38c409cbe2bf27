import { describe, expect, it } from 'vitest'
import { BOUNDS_MS, countsOf, KEPT_DAYS, NOTHING, percentile, rangeOf, ratesOf } from './statistic.ts'

const NOW = Date.parse('2026-11-22T10:07:31.500Z')
const at = (text: string): string => new Date(`2026-${text}Z`).toISOString()

const asked = (wanted: Parameters<typeof rangeOf>[0]) => () => rangeOf(wanted, NOW)
const buckets = (counts: Record<number, number>): number[] =>
  Array.from({ length: BOUNDS_MS.length + 1 }, (_, place) => counts[place] ?? 0)

describe('the range of a question', () => {
  it('is made of whole buckets, the last of which is the present one', () => {
    const range = rangeOf({ since: at('11-22T09:07:31'), step: 'auto' }, NOW)
    expect(range.step).toBe('minute')
    expect(range.timesMs).toHaveLength(61)
    expect(new Date(range.sinceMs).toISOString()).toBe('2026-11-22T09:07:00.000Z')
    expect(new Date(range.untilMs).toISOString()).toBe('2026-11-22T10:08:00.000Z')
  })

  it('takes the finest step that gives a picture and is still kept', () => {
    const stepOf = (since: string, until?: string) =>
      rangeOf({ since: at(since), ...(until === undefined ? {} : { until: at(until) }), step: 'auto' }, NOW)
        .step
    expect(stepOf('11-21T10:07:31')).toBe('quarter')
    expect(stepOf('11-15T10:07:31')).toBe('hour')
    expect(stepOf('10-23T10:07:31')).toBe('day')
    // An hour of last month: its minutes are gone, its hours are not.
    expect(stepOf('10-23T10:00:00', '10-23T11:00:00')).toBe('hour')
    expect(rangeOf({ step: 'auto' }, NOW).step).toBe('quarter')
  })

  it('refuses what makes no sense, is gone or is too much, and says what would fit', () => {
    expect(asked({ since: at('11-22T10:00:00'), until: at('11-22T10:00:00'), step: 'auto' })).toThrow(
      /before until/,
    )
    expect(asked({ since: at('11-23T10:00:00'), until: at('11-24T10:00:00'), step: 'auto' })).toThrow(
      /future/,
    )
    expect(asked({ since: at('11-10T10:00:00'), step: 'minute' })).toThrow(
      /kept for 3 days; ask for step quarter/,
    )
    expect(asked({ since: at('11-20T10:00:00'), step: 'minute' })).toThrow(/2888 points, and 2000/)
  })

  it('begins no earlier than anything is kept', () => {
    const range = rangeOf(
      { since: '1999-01-01T00:00:00.000Z', until: at('11-22T00:00:00'), step: 'auto' },
      NOW,
    )
    expect(range.step).toBe('day')
    expect(range.timesMs.length).toBeLessThanOrEqual(2_000)
  })
})

describe('percentiles', () => {
  it('lie in the bucket that holds them, in proportion', () => {
    expect(percentile([], 0.5)).toBeNull()
    expect(percentile(buckets({}), 0.5)).toBeNull()
    expect(percentile(buckets({ 3: 10 }), 0.5)).toBe(750)
    expect(percentile(buckets({ 0: 95, 5: 5 }), 0.95)).toBe(100)
    expect(percentile(buckets({ 0: 94, 5: 6 }), 0.95)).toBeGreaterThan(2_000)
    expect(percentile(buckets({ [BOUNDS_MS.length]: 1 }), 0.5)).toBe(BOUNDS_MS.at(-1))
  })
})

describe('rates', () => {
  it('are null where there is nothing to divide by, and never above one', () => {
    expect(ratesOf(NOTHING).delivered).toBeNull()
    const counts = countsOf((name) => (name === 'complained' ? 5 : name === 'delivered' ? 3 : 1))
    expect(ratesOf(counts)).toMatchObject({ delivered: 0.5, bounced: 1 / 6, complained: 1 })
  })
})

it('keeps what a plot of 30 days needs', () => {
  expect(KEPT_DAYS.hour).toBeGreaterThan(30)
})
