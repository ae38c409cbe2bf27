/** Time that never runs backwards. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly nowMs: () => number
}

/**
 * A clock that a wrong wall clock cannot stretch: from the start it runs with the monotonic clock, so setting the wall clock back
 * lengthens no lease and keeps no spool key. Where the wall clock is ahead (after a suspended host woke, or a correction) it
 * follows at once: keys then end too early, never too late.
 */
export function createClock(deps: { wallMs: () => number; monotonicMs: () => number }): Clock {
  let anchorWallMs = deps.wallMs()
  let anchorMonotonicMs = deps.monotonicMs()
  return {
    nowMs() {
      const monotonicMs = deps.monotonicMs()
      const wallMs = deps.wallMs()
      const steadyMs = anchorWallMs + (monotonicMs - anchorMonotonicMs)
      if (wallMs <= steadyMs) return steadyMs
      anchorWallMs = wallMs
      anchorMonotonicMs = monotonicMs
      return wallMs
    },
  }
}
