import { describe, expect, it } from 'vitest'
import { formatBytes, formatDuration, formatTimeFull, inputTime, nameOf } from './format.ts'

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

  it('shows UTC beside local time, and writes local time into inputs', () => {
    const at = new Date('2026-03-01T10:20:30.000Z')
    expect(formatTimeFull(at)).toContain('2026-03-01 10:20:30.000Z (UTC)')
    expect(new Date(inputTime(at)).getTime()).toBe(new Date('2026-03-01T10:20:00.000Z').getTime())
  })
})
