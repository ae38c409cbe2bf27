import { describe, expect, it } from 'vitest'
import { createClock } from './clock.ts'

describe('the clock', () => {
  it('is not turned back or slowed by the wall clock, and follows it forward at once', () => {
    let wallMs = 1_000_000
    let monotonicMs = 50
    const clock = createClock({ wallMs: () => wallMs, monotonicMs: () => monotonicMs })
    expect(clock.nowMs()).toBe(1_000_000)
    // Five minutes back: time goes on from where it was.
    wallMs -= 300_000
    monotonicMs += 10_000
    expect(clock.nowMs()).toBe(1_010_000)
    monotonicMs += 290_000
    wallMs += 290_000
    expect(clock.nowMs()).toBe(1_300_000)
    // A host that slept: its monotonic clock stood still.
    wallMs = 5_000_000
    expect(clock.nowMs()).toBe(5_000_000)
    monotonicMs += 1
    expect(clock.nowMs()).toBe(5_000_001)
  })
})
