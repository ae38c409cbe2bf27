import { describe, expect, it } from 'vitest'
import { rampPlot } from './warm-up-plot.ts'

describe('the plot of a warm-up', () => {
  const now = new Date('2026-11-22T13:00:00Z')

  it('shows the past as it was and the days to come as the ramp has them', () => {
    const { times, allowed, used } = rampPlot(
      {
        start: '2026-11-20',
        ramp: [50, 100, 200, 400],
        day: 3,
        history: [
          { day: '2026-11-20', used: 50, allowed: 50 },
          { day: '2026-11-22', used: 20, allowed: 200 },
        ],
      },
      now,
    )
    expect(times.map((time) => new Date(time * 1000).toISOString().slice(0, 10))).toEqual([
      '2026-11-20',
      '2026-11-21',
      '2026-11-22',
      '2026-11-23',
    ])
    expect(allowed).toEqual([50, 100, 200, 400])
    expect(used).toEqual([50, 0, 20, null])
  })

  it('moves the ramp to where pauses have set it back', () => {
    const { allowed } = rampPlot({ start: '2026-11-20', ramp: [50, 100, 200], day: 1, history: [] }, now)
    expect(allowed.slice(-3)).toEqual([50, 100, 200])
  })
})
