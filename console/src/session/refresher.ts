export interface RefresherDependencies {
  /** Between two refreshes at least so long, ms; the first news is shown after `gatherMs`. */
  readonly intervalMs: number
  readonly gatherMs: number
  /** Whether an earlier refresh is still under way. */
  isBusy(): boolean
  refresh(): Promise<void>
}

export interface Refresher {
  /** Something happened. */
  news(): void
  stop(): void
}

/** A refresh that took a second is followed by twenty without one: what is dear to ask is asked rarely. */
const REST_FACTOR = 20

/**
 * Turns a flood of events into few refreshes: the first soon, later ones at intervals, none while one is under way (a cancelled
 * refresh under a steady flood would never end), and always one after the last event.
 */
export function createRefresher(deps: RefresherDependencies): Refresher {
  let timer: ReturnType<typeof setTimeout> | undefined
  let lastMs = Number.NEGATIVE_INFINITY
  let tookMs = 0

  function schedule(): void {
    const dueMs = Math.max(
      deps.gatherMs,
      lastMs + Math.max(deps.intervalMs, tookMs * REST_FACTOR) - Date.now(),
    )
    timer = setTimeout(fire, dueMs)
  }

  function fire(): void {
    lastMs = Date.now()
    if (deps.isBusy()) return schedule()
    timer = undefined
    const begunMs = lastMs
    void deps.refresh().finally(() => {
      tookMs = Date.now() - begunMs
    })
  }

  return {
    news() {
      if (timer === undefined) schedule()
    },
    stop() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
