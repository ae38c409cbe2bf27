import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRefresher } from './refresher.ts'

function start(costMs = 0) {
  const state = { busy: false, refreshes: 0 }
  const refresher = createRefresher({
    intervalMs: 1_000,
    gatherMs: 200,
    isBusy: () => state.busy,
    refresh: async () => {
      state.refreshes += 1
      if (costMs > 0) await new Promise((resolve) => setTimeout(resolve, costMs))
    },
  })
  return { state, refresher }
}

describe('refreshing on news', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('shows the first news soon and a flood at intervals', () => {
    const { state, refresher } = start()
    refresher.news()
    vi.advanceTimersByTime(200)
    expect(state.refreshes).toBe(1)
    for (let ms = 0; ms < 5_000; ms += 10) {
      refresher.news()
      vi.advanceTimersByTime(10)
    }
    expect(state.refreshes).toBe(6)
  })

  it('refreshes once more after news that came during a refresh', () => {
    const { state, refresher } = start()
    state.busy = true
    refresher.news()
    vi.advanceTimersByTime(5_000)
    expect(state.refreshes).toBe(0)
    state.busy = false
    vi.advanceTimersByTime(1_000)
    expect(state.refreshes).toBe(1)
    vi.advanceTimersByTime(60_000)
    expect(state.refreshes).toBe(1)
  })

  it('asks rarely what is dear to ask', async () => {
    const { state, refresher } = start(500)
    for (let ms = 0; ms < 30_000; ms += 100) {
      refresher.news()
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(state.refreshes).toBeGreaterThan(2)
    expect(state.refreshes).toBeLessThanOrEqual(5)
  })

  it('does nothing after it was stopped', () => {
    const { state, refresher } = start()
    refresher.news()
    refresher.stop()
    vi.advanceTimersByTime(60_000)
    expect(state.refreshes).toBe(0)
  })
})
