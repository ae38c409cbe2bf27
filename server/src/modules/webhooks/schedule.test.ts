import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { settleTry } from './schedule.ts'

const context = { triesBefore: 0, failingForMs: 0, scale: 1, random: 0.5 }
const answer = (status: number, retryAfterSeconds: number | null = null) =>
  ({ kind: 'answer', status, retryAfterSeconds }) as const

describe('the retry schedule', () => {
  it('spreads eleven tries over about a day, whatever the chance', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (random) => {
        let total = 0
        let tries = 0
        for (;;) {
          const end = settleTry(answer(500), { ...context, triesBefore: tries, random })
          tries += 1
          if (end.state === 'failed') break
          total += end.pauseMs!
        }
        expect(tries).toBe(11)
        expect(total / 3_600_000).toBeGreaterThan(18)
        expect(total / 3_600_000).toBeLessThan(29)
      }),
    )
  })

  it('takes 2xx for success, and redirects for failures', () => {
    for (const status of [200, 201, 204, 299])
      expect(settleTry(answer(status), context).state).toBe('delivered')
    for (const status of [199, 301, 302, 307, 400, 404, 500, 503]) {
      expect(settleTry(answer(status), context)).toMatchObject({ state: 'pending', status, disable: null })
    }
    expect(settleTry(answer(302), context).error).toContain('redirects are not followed')
  })

  it('switches off at 410, and when a delivery used up its tries while nothing succeeded', () => {
    expect(settleTry(answer(410), context)).toMatchObject({
      state: 'failed',
      disable: 'The endpoint answered 410 Gone.',
    })
    const last = { ...context, triesBefore: 10 }
    const day = 24 * 3_600_000
    expect(settleTry(answer(500), { ...last, failingForMs: day }).disable).toContain('500')
    expect(settleTry(answer(500), { ...last, failingForMs: 3_600_000 })).toMatchObject({
      state: 'failed',
      disable: null,
    })
  })

  it('waits as long as the endpoint asks, up to an hour', () => {
    expect(settleTry(answer(429, 100), context).pauseMs).toBe(100_000)
    expect(settleTry(answer(503, 999_999), context).pauseMs).toBe(3_600_000)
  })
})
