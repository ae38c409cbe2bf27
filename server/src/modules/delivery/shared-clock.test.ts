import { afterEach, describe, expect, it, vi } from 'vitest'
import { createLogger } from '../../platform/telemetry/index.ts'
import { startSharedClock } from './shared-clock.ts'

const log = createLogger({ name: 'test', level: 'error' })
const DAY_MS = 86_400_000
const stop = new AbortController()
afterEach(() => vi.restoreAllMocks())

describe('the clock that senders share', () => {
  it('is that of the database, whatever this host believes, and does not see it jump', async () => {
    const clock = await startSharedClock({
      ask: () => Promise.resolve(Date.now() + 3 * DAY_MS),
      log,
      signal: stop.signal,
    })
    const before = clock.nowMs()
    expect(Math.abs(before - (Date.now() + 3 * DAY_MS))).toBeLessThan(1_000)
    const real = Date.now()
    vi.spyOn(Date, 'now').mockReturnValue(real + DAY_MS)
    expect(clock.nowMs() - before).toBeLessThan(1_000)
    vi.spyOn(Date, 'now').mockReturnValue(real - DAY_MS)
    expect(clock.nowMs() - before).toBeGreaterThanOrEqual(0)
  })

  it('rejects where the database cannot be asked at the start', async () => {
    const deps = { ask: () => Promise.reject(new Error('away')), log, signal: stop.signal }
    await expect(startSharedClock(deps)).rejects.toThrow('away')
  })
})
