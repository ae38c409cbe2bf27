import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPace, type Rate } from './pace.ts'

describe('a pace', () => {
  it('never gives more than its rate and a quarter of a second over any time, whenever it is asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 200 }),
        (count, perSeconds, waits) => {
          let now = 0
          const pace = createPace({ rate: () => ({ count, perSeconds }), nowMs: () => now })
          let taken = 0
          for (const wait of waits) {
            now += wait
            while (pace.take()) taken += 1
          }
          const perMs = count / perSeconds / 1_000
          expect(taken).toBeLessThanOrEqual(Math.max(1, perMs * 250) + perMs * now + 1e-3)
        },
      ),
    )
  })

  it('says when the next unit is there, and it is', () => {
    let now = 0
    const pace = createPace({ rate: () => ({ count: 3, perSeconds: 60 }), nowMs: () => now })
    expect([pace.take(), pace.take()]).toEqual([true, false])
    expect(pace.readyInMs()).toBe(20_000)
    now += 19_999
    expect(pace.take()).toBe(false)
    now += 1
    expect(pace.take()).toBe(true)
  })

  it('is open without a rate, shut at none, and takes a change at once', () => {
    let rate: Rate | null = null
    const pace = createPace({ rate: () => rate, nowMs: () => 0 })
    for (let n = 0; n < 1_000; n++) expect(pace.take()).toBe(true)
    rate = { count: 0, perSeconds: 1 }
    expect([pace.take(), pace.readyInMs()]).toEqual([false, Number.POSITIVE_INFINITY])
  })

  it('gives its first unit at once when the first part of a shared rate comes, and a second one no sooner than that rate', () => {
    let now = 0
    let count = 0
    const pace = createPace({ rate: () => ({ count, perSeconds: 60 }), nowMs: () => now })
    expect([pace.take(), pace.readyInMs()]).toEqual([false, Number.POSITIVE_INFINITY])
    now += 20
    count = 10
    expect(pace.readyInMs()).toBe(0)
    expect([pace.take(), pace.take()]).toEqual([true, false])
    // A part that is lost for a while and had again is no new beginning.
    count = 0
    now += 3_000
    expect(pace.take()).toBe(false)
    count = 10
    expect([pace.take(), pace.readyInMs()]).toEqual([false, 6_000])
  })

  it('takes a clock that jumps back for no time, and one that jumps ahead for a minute at most', () => {
    let now = 1_000_000
    const pace = createPace({ rate: () => ({ count: 1, perSeconds: 3_600 }), nowMs: () => now })
    expect(pace.take()).toBe(true)
    now -= 500_000
    expect(pace.take()).toBe(false)
    now += 86_400_000
    expect(pace.take()).toBe(false)
  })
})
