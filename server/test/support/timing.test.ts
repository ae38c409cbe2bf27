import { describe, expect, it } from 'vitest'
import { measurePairs, separation } from './timing.ts'

/** Repeatable, uniform in [0, 1). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

describe('the timing classifier', () => {
  it('says 0.5 of two equal samples, 1 and 0 of separate ones, and counts ties half', () => {
    expect(separation([1, 2, 3], [1, 2, 3]).auc).toBe(0.5)
    expect(separation([1, 2, 3], [4, 5, 6]).auc).toBe(1)
    expect(separation([4, 5, 6], [1, 2, 3]).auc).toBe(0)
    // By hand: 1.5 of (2 > 1, 2 = 2) and 2 of (3 > 1, 3 > 2), out of 4.
    expect(separation([1, 2], [2, 3]).auc).toBe(3.5 / 4)
  })

  it('has an interval that holds 0.5 about 95 times of 100 where there is nothing to find', () => {
    const next = numbers(7)
    const sample = (): number[] => Array.from({ length: 60 }, next)
    const held = Array.from({ length: 400 }, () => separation(sample(), sample())).filter(
      ({ low, high }) => low <= 0.5 && 0.5 <= high,
    )
    expect(held.length / 400).toBeGreaterThan(0.9)
    expect(held.length / 400).toBeLessThan(0.99)
  })

  it('finds a leak that is a tenth of the noise, given enough pairs, and not by the order of the pair', async () => {
    const next = numbers(11)
    const leaky = await measurePairs({
      pairs: 4_000,
      warmUp: 10,
      first: async () => next() * 10,
      second: async () => next() * 10 + 1,
    })
    expect(leaky.low).toBeGreaterThan(0.53)
    let calls = 0
    const ordered = await measurePairs({
      pairs: 2_000,
      warmUp: 0,
      first: async () => calls++ % 2,
      second: async () => calls++ % 2,
    })
    expect(Math.abs(ordered.auc - 0.5)).toBeLessThan(0.06)
  })
})
