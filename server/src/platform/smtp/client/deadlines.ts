/**
 * Two deadlines of one connection, checked by one coarse ticker: nothing is armed or cleared per command, which keeps timers off
 * the hot path. They fire up to one tick late (a quarter of the shortest timeout, at most a second).
 */
export interface Deadlines {
  /** The deadline of the present phase, `ms` from now. Only a change of phase moves it, never arriving bytes. */
  phase(ms: number): void
  /** The deadline over all phases of the present stretch (set-up, or one transaction), `ms` from now. */
  absolute(ms: number): void
  stop(): void
}

/** Starts ticking. `onMissed` may be called again until a deadline moves or `stop()`. */
export function startDeadlines(tickMs: number, onMissed: (which: 'phase' | 'absolute') => void): Deadlines {
  let phaseAt = Infinity
  let absoluteAt = Infinity
  const ticker = setInterval(() => {
    const now = performance.now()
    if (now >= absoluteAt) onMissed('absolute')
    else if (now >= phaseAt) onMissed('phase')
  }, tickMs)
  return {
    phase(ms) {
      phaseAt = performance.now() + ms
    },
    absolute(ms) {
      absoluteAt = performance.now() + ms
    },
    stop() {
      clearInterval(ticker)
    },
  }
}
