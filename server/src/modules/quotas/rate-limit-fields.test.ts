import { describe, expect, it } from 'vitest'
import type { LimitState } from './limit.ts'
import { latestStates, rateLimitFields } from './rate-limit-fields.ts'
import { refusalOf } from './refusal.ts'

const state = (more: Partial<LimitState> = {}): LimitState => ({
  scope: 'workspace',
  lane: 'all',
  period: 'minute',
  amount: 60,
  burst: null,
  used: 0,
  resetSeconds: 0,
  refuses: false,
  waitSeconds: 0,
  ...more,
})

const left = (used: number) => rateLimitFields([state({ used })])['ratelimit']

describe('the header fields of limits', () => {
  it('say nothing where nothing is limited', () => {
    expect(rateLimitFields([])).toEqual({})
  })

  it('give a bucket the window in which it fills, so that q over w is the rate that lasts', () => {
    const fields = rateLimitFields([
      state({ amount: 60, burst: 90 }),
      state({ lane: 'bulk', period: 'hour', amount: 7 }),
    ])
    expect(fields['ratelimit-policy']).toBe(
      '"workspace-minute";q=90;w=90;qu="recipients", "workspace-bulk-hour";q=7;w=3600;qu="recipients"',
    )
  })

  it('never promise a recipient that is not whole, and never less than nothing', () => {
    expect(left(0.5)).toContain('r=59')
    // What is left of a sum of parts is a whole one.
    expect(left(58.999_999_9)).toContain('r=1;')
    // The limit was lowered below what is used.
    expect(left(75)).toContain('r=0')
  })

  it('show each limit once for a batch, as it was when least was left', () => {
    const all = latestStates([
      [state({ used: 1 }), state({ period: 'day', used: 1 })],
      [state({ used: 3 })],
      [state({ used: 2 })],
    ])
    expect(all.map((each) => [each.period, each.used])).toEqual([
      ['minute', 3],
      ['day', 1],
    ])
  })
})

describe('a refusal', () => {
  it('names the limit with the longest wait, and RateLimit says the same as Retry-After', () => {
    const fault = refusalOf(
      [
        state({ used: 60, resetSeconds: 60, refuses: true, waitSeconds: 0.2 }),
        state({ period: 'day', used: 60, resetSeconds: 7_000.5, refuses: true, waitSeconds: 7_000.5 }),
      ],
      1,
      0,
    )
    expect(fault).toMatchObject({
      code: 'quota_exceeded',
      retryAfterSeconds: 7_001,
      limit: { name: 'workspace-day', retryAfterSeconds: 7_001, resetsAt: '1970-01-01T01:56:40.500Z' },
    })
    expect(fault.headers['ratelimit']).toBe('"workspace-minute";r=0;t=1, "workspace-day";r=0;t=7001')
  })

  it('of what never fits goes before all waits', () => {
    const fault = refusalOf(
      [
        state({ period: 'month', amount: 50, used: 50, refuses: true, waitSeconds: 1e6 }),
        state({ amount: 5, refuses: true, waitSeconds: null }),
      ],
      6,
      0,
    )
    expect(fault).toMatchObject({ code: 'too_many_recipients', retryAfterSeconds: undefined })
    expect(fault.detail).toContain('at most 5')
  })
})
