/** So many units in so many seconds; null as a rate is no limit. */
export interface Rate {
  readonly count: number
  readonly perSeconds: number
}

export interface Pace {
  /** Takes one unit. False: none is there before `readyInMs`. */
  take(): boolean
  giveBack(): void
  /** Milliseconds until a unit is there; 0: now. Infinity: none comes at this rate. */
  readyInMs(): number
}

/** Units that may come at once: a quarter of a second's worth, so that a rate is kept within a second too. */
const BURST_SECONDS = 0.25

/** A token bucket whose rate may change from call to call, as shares of a rate that senders have in common do. */
export function createPace(deps: { readonly rate: () => Rate | null; readonly nowMs: () => number }): Pace {
  let tokens = Number.NaN
  let atMs = deps.nowMs()

  /** Units a millisecond; null: no limit. */
  function refill(): number | null {
    const rate = deps.rate()
    const now = deps.nowMs()
    if (rate === null) {
      tokens = Number.NaN
      atMs = now
      return null
    }
    const perMs = rate.count / rate.perSeconds / 1_000
    // A share that is not known yet is nothing; the first one that is begins with its burst.
    if (perMs <= 0) {
      atMs = now
      return 0
    }
    const burst = Math.max(1, perMs * BURST_SECONDS * 1_000)
    // A clock that was set back must not stop a site, and one that was set forward must not open it.
    const elapsed = Math.min(Math.max(0, now - atMs), 60_000)
    tokens = Number.isNaN(tokens) ? burst : Math.min(burst, tokens + elapsed * perMs)
    atMs = now
    return perMs
  }

  return {
    take() {
      const perMs = refill()
      if (perMs === null) return true
      if (perMs === 0) return false
      // Rounding of many small refills must not cost a unit.
      if (tokens < 1 - 1e-6) return false
      tokens -= 1
      return true
    },
    giveBack() {
      if (!Number.isNaN(tokens)) tokens += 1
    },
    readyInMs() {
      const perMs = refill()
      if (perMs === 0) return Number.POSITIVE_INFINITY
      return perMs === null || tokens >= 1 - 1e-6 ? 0 : Math.ceil((1 - tokens) / perMs)
    },
  }
}
