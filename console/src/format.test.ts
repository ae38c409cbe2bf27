import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatDuration,
  formatMoment,
  formatShare,
  formatTime,
  formatTimeFull,
  inputTime,
  nameOf,
} from './format.ts'

describe('format', () => {
  it('shows sizes with at most two figures behind which nobody looks', () => {
    expect([0, 999, 1000, 1234, 12_345, 999_499, 1_500_000].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1 kB',
      '1.2 kB',
      '12 kB',
      '999 kB',
      '1.5 MB',
    ])
  })

  it('shows shares, and does not call all what is not all', () => {
    expect([1, 0.9999, 0.5, 0, null].map(formatShare)).toEqual(['100 %', '99.9 %', '50.0 %', '0 %', '–'])
  })

  it('shows durations from milliseconds to days', () => {
    expect([83, 1240, 12_400, 95_000, 3_600_000, 5_400_000, 200_000_000].map(formatDuration)).toEqual([
      '83 ms',
      '1.2 s',
      '12 s',
      '1 min 35 s',
      '1 h',
      '1 h 30 min',
      '2 d 7 h',
    ])
  })

  it('takes the name out of an address, and the address where there is no name', () => {
    expect(nameOf('Ann Lee <ann@example.com>')).toBe('Ann Lee')
    expect(nameOf('"Lee, Ann" <ann@example.com>')).toBe('Lee, Ann')
    expect(nameOf('ann@example.com')).toBe('ann@example.com')
    expect(nameOf('<ann@example.com>')).toBe('ann@example.com')
  })

  it('shows dates and clocks in one way, whatever the language of the browser', () => {
    const midnight = new Date(2026, 2, 1, 0, 5, 9)
    expect(formatTime(midnight, new Date(2026, 2, 1, 12))).toBe('00:05:09')
    expect(formatTime(midnight, new Date(2026, 2, 2))).toBe('01 Mar, 00:05')
    expect(formatTime(midnight, new Date(2027, 0, 1))).toBe('01 Mar 2026, 00:05')
    expect(formatMoment(midnight)).toBe('01 Mar, 00:05')
    expect(formatTimeFull(new Date(2026, 2, 1, 15, 5, 9))).toMatch(
      /^Sunday,? 1 March 2026 at 15:05:09 \(local\)/,
    )
  })

  it('shows UTC where that is chosen, and says so, also where the day is another there', () => {
    const at = new Date('2026-03-01T23:30:05Z')
    expect(formatTime(at, new Date('2026-03-01T00:10:00Z'), 'utc')).toBe('23:30:05 UTC')
    expect(formatTime(at, new Date('2026-03-02T00:10:00Z'), 'utc')).toBe('01 Mar, 23:30 UTC')
    expect(formatTime(at, new Date('2027-01-01T00:10:00Z'), 'utc')).toBe('01 Mar 2026, 23:30 UTC')
    expect(formatMoment(at, 'utc')).toBe('01 Mar, 23:30 UTC')
  })

  it('shows UTC beside local time, and writes local time into inputs', () => {
    const at = new Date('2026-03-01T10:20:30.000Z')
    expect(formatTimeFull(at)).toContain('2026-03-01 10:20:30.000Z (UTC)')
    expect(new Date(inputTime(at)).getTime()).toBe(new Date('2026-03-01T10:20:00.000Z').getTime())
  })
})
