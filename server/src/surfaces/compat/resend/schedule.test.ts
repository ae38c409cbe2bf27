import { describe, expect, it } from 'vitest'
import { instantOf } from './schedule.ts'

/** A Wednesday; New York is four hours behind. */
const NOW = Date.parse('2026-08-05T11:52:01.000Z')

describe('a time of scheduled_at', () => {
  it.each([
    ['2026-08-05T13:00:00.000Z', '2026-08-05T13:00:00.000Z'],
    ['2026-08-05T13:00:00+02:00', '2026-08-05T11:00:00.000Z'],
    ['2026-08-05 13:00:00.178964+00', '2026-08-05T13:00:00.178Z'],
    ['2026-08-05T13:00', '2026-08-05T13:00:00.000Z'],
    ['2026-08-06', '2026-08-06T00:00:00.000Z'],
    ['now', '2026-08-05T11:52:01.000Z'],
    ['in 1 min', '2026-08-05T11:53:01.000Z'],
    ['in 5 mins', '2026-08-05T11:57:01.000Z'],
    ['In an hour', '2026-08-05T12:52:01.000Z'],
    ['in 1 hour and 30 minutes', '2026-08-05T13:22:01.000Z'],
    ['in 30 days', '2026-09-04T11:52:01.000Z'],
    ['2 weeks from now', '2026-08-19T11:52:01.000Z'],
    ['tomorrow at 9am', '2026-08-06T09:00:00.000Z'],
    ['tomorrow 9:30 pm', '2026-08-06T21:30:00.000Z'],
    ['today at 15:00', '2026-08-05T15:00:00.000Z'],
    ['tomorrow', '2026-08-06T09:00:00.000Z'],
    ['at noon', '2026-08-05T12:00:00.000Z'],
    ['at 9am', '2026-08-06T09:00:00.000Z'],
    ['Friday at 3pm ET', '2026-08-07T19:00:00.000Z'],
    ['next monday at 9am PST', '2026-08-10T16:00:00.000Z'],
    ['wednesday at 9am', '2026-08-12T09:00:00.000Z'],
    ['wednesday at 1pm', '2026-08-05T13:00:00.000Z'],
    ['August 20 at 9am', '2026-08-20T09:00:00.000Z'],
    ['Jan 2nd, 2027 at 12am', '2027-01-02T00:00:00.000Z'],
    ['march 1 at noon', '2027-03-01T12:00:00.000Z'],
  ])('%s is %s', (text, instant) => {
    expect(instantOf(text, NOW)?.toISOString()).toBe(instant)
  })

  it('is 9 o’clock by the clocks of its zone on both sides of their change', () => {
    const before = Date.parse('2026-10-31T16:00:00Z')
    expect(instantOf('today at 1pm ET', before)?.toISOString()).toBe('2026-10-31T17:00:00.000Z')
    expect(instantOf('tomorrow at 9am ET', before)?.toISOString()).toBe('2026-11-01T14:00:00.000Z')
  })

  it.each([
    '',
    'whenever',
    'tomorrow at 25:00',
    'at 13pm',
    'in many hours',
    'feb 30',
    '2026-13-01',
    'x'.repeat(10_000),
  ])('means nothing: %s', (text) => {
    expect(instantOf(text, NOW)).toBeNull()
  })
})
