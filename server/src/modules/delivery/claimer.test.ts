import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createClaimer, type ClaimerDependencies } from './claimer.ts'
import type { ClaimedRow } from './job.ts'

const log = pino({ level: 'silent' })

/** Rows are only counted and told apart by workspace here. */
const rowsOf = (count: number, workspaceId = 'w'): ClaimedRow[] =>
  Array.from({ length: count }, (_, number) => ({ workspaceId, number }) as ClaimedRow)

function start(
  answer: (call: number, after: string, limit: number) => { rows: ClaimedRow[]; stoppedAt?: string },
  over: Partial<ClaimerDependencies> = {},
) {
  const stop = new AbortController()
  const calls: { after: string; limit: number; atMs: number }[] = []
  const claimed: ClaimedRow[] = []
  const claimer = createClaimer({
    lane: 'transactional',
    store: {
      claim: (_lane, _lease, limit, after) => {
        calls.push({ after, limit, atMs: Date.now() })
        const { rows, stoppedAt } = answer(calls.length, after, limit)
        return Promise.resolve({ rows, stoppedAt })
      },
      returnStrays: () => Promise.resolve(0),
    },
    log,
    signal: stop.signal,
    lease: () => '1',
    room: () => 512,
    held: () => [],
    avoid: () => [],
    onClaimed: (rows) => claimed.push(...rows),
    ...over,
  })
  const running = claimer.run()
  return {
    claimer,
    calls,
    claimed,
    async end() {
      stop.abort()
      await vi.advanceTimersByTimeAsync(5_000)
      await running
    },
  }
}

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

describe('the claimer', () => {
  it('looks twice a second while there is nothing, and at once when it is woken', async () => {
    const test = start(() => ({ rows: [] }))
    await vi.advanceTimersByTimeAsync(2_100)
    expect(test.calls.length).toBe(5)
    test.claimer.wake()
    await vi.advanceTimersByTimeAsync(1)
    expect(test.calls.length).toBe(6)
    await test.end()
  })

  it('does not lose a wake-up that comes while it is claiming', async () => {
    const test = start((call) => {
      if (call === 2) test.claimer.wake()
      return { rows: [] }
    })
    await vi.advanceTimersByTimeAsync(510)
    expect(test.calls.length).toBe(3)
    await test.end()
  })

  it('does not spin when hundreds of workspaces have only rows that are not due', async () => {
    const stops = ['a', 'b', 'c']
    const test = start((_call, after) => {
      const stoppedAt = stops[stops.indexOf(after) + 1]
      return stoppedAt === undefined ? { rows: [] } : { rows: [], stoppedAt }
    })
    await vi.advanceTimersByTimeAsync(2_100)
    expect(test.calls.length).toBe(20)
    expect(test.calls.slice(0, 4).map(({ after }) => after.slice(0, 1))).toEqual(['0', 'a', 'b', 'c'])
    await test.end()
  })

  it('goes on at once while claims are full, also where a busy workspace only got its share', async () => {
    const full = start((call, _after, limit) => ({ rows: call < 10 ? rowsOf(limit) : [] }))
    await vi.advanceTimersByTimeAsync(100)
    expect(full.calls.length).toBe(10)
    await full.end()
    const shared = start((call, _after, limit) => ({
      rows:
        call < 10
          ? [
              ...rowsOf(Math.ceil(limit / 10)),
              ...rowsOf(1, 'x'),
              ...Array.from({ length: 8 }, (_, n) => rowsOf(1, `y${n}`)).flat(),
            ]
          : [],
    }))
    await vi.advanceTimersByTimeAsync(400)
    expect(shared.calls.length).toBeGreaterThanOrEqual(10)
    await shared.end()
  })

  it('claims nothing without a lease or room, does not spin, and resumes when room is freed', async () => {
    let room = 0
    const test = start(() => ({ rows: [] }), { room: () => room })
    for (let n = 0; n < 50; n++) {
      test.claimer.wake()
      await vi.advanceTimersByTimeAsync(1)
    }
    expect(test.calls.length).toBe(0)
    room = 512
    test.claimer.roomFreed()
    await vi.advanceTimersByTimeAsync(1)
    expect(test.calls.length).toBe(1)
    await test.end()
    const unleased = start(() => ({ rows: [] }), { lease: () => null })
    await vi.advanceTimersByTimeAsync(3_000)
    expect(unleased.calls.length).toBe(0)
    await unleased.end()
  })

  it('survives a database that is away, a try every half second', async () => {
    let away = true
    const test = start(() => {
      if (away) throw new Error('connect ECONNREFUSED')
      return { rows: rowsOf(1) }
    })
    await vi.advanceTimersByTimeAsync(2_100)
    expect(test.calls.length).toBeLessThanOrEqual(6)
    away = false
    await vi.advanceTimersByTimeAsync(600)
    expect(test.claimed.length).toBeGreaterThan(0)
    await test.end()
  })
})
