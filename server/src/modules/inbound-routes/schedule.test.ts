import { describe, expect, it } from 'vitest'
import { settleTry } from './schedule.ts'

const context = { triesBefore: 0, expiresInMs: 72 * 3_600_000, scale: 1, random: 0.5 }
const answer = (status: number, retryAfterSeconds: number | null = null) =>
  ({ kind: 'answer', status, retryAfterSeconds }) as const

describe('a mail for a program', () => {
  it('is delivered with 2xx, refused with 4xx, and tried again after all else', () => {
    const stateOf = (status: number) => settleTry(answer(status), context).state
    expect([200, 202, 204].map(stateOf)).toEqual(['delivered', 'delivered', 'delivered'])
    expect([400, 401, 404, 410].map(stateOf)).toEqual(['failed', 'failed', 'failed', 'failed'])
    expect([301, 408, 429, 500, 503].map(stateOf)).toEqual(Array(5).fill('pending'))
    expect(settleTry({ kind: 'no_answer', error: 'The connection was refused.' }, context)).toEqual({
      state: 'pending',
      pauseMs: 30_000,
      status: null,
      error: 'The connection was refused.',
    })
  })

  it('is tried for three days, ever more rarely, and once more at their end', () => {
    let leftMs = 72 * 3_600_000
    let tries = 0
    for (;;) {
      const end = settleTry(answer(500), { ...context, triesBefore: tries, expiresInMs: leftMs })
      tries += 1
      if (end.state === 'expired') break
      leftMs -= end.pauseMs ?? 0
      expect(leftMs).toBeGreaterThanOrEqual(0)
    }
    expect(leftMs).toBe(0)
    expect(tries).toBeGreaterThan(20)
    expect(tries).toBeLessThan(40)
  })

  it('waits as long as the receiver asks, an hour at most', () => {
    expect(settleTry(answer(503, 600), context).pauseMs).toBe(600_000)
    expect(settleTry(answer(503, 1_000_000), context).pauseMs).toBe(3_600_000)
  })
})
