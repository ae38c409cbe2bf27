/** How many connections a site may have now, by what it answered. */
export interface Window {
  /** Whole, at least 1. */
  size(): number
  /** A message was taken, or refused for a reason of its own. */
  success(): void
  /** A connection failed, or the other side asked for less (421, 4.7.x). */
  failure(): void
  /** True when the last pseudo-cohorts all failed: the site is as good as dead. */
  isDead(): boolean
  /** A site that is tried again begins small. */
  restart(): void
}

export interface WindowOptions {
  /** The limit of the rules; asked for each time, since overlays change it. */
  readonly max: () => number
}

/** What Postfix begins with (initial_destination_concurrency). */
const INITIAL = 5
/** Pseudo-cohorts that fail one after the other before a destination counts as dead (Postfix: 1; a single bad host is not a site). */
const DEAD_COHORTS = 3

/**
 * Concurrency by 1/N feedback (Postfix, README_FILES/SCHEDULER_README): each result counts 1/N of a step, so that N results, a
 * pseudo-cohort, move the window by one. A direction that changes starts from nothing (reverse hysteresis), which keeps it from swinging.
 * Measured there with a limiter that answers 421: 16.5 % of the mail deferred, against 49.7 % with steps of 1.
 */
export function createWindow(options: WindowOptions): Window {
  let size = INITIAL
  let gained = 0
  let lost = 0
  let failedCohorts = 0

  function bounded(): number {
    size = Math.max(1, Math.min(size, options.max()))
    return size
  }

  return {
    size: bounded,
    success() {
      lost = 0
      failedCohorts = 0
      gained += 1 / bounded()
      if (gained < 1 - 1e-9) return
      gained = 0
      if (size < options.max()) size += 1
    },
    failure() {
      gained = 0
      lost += 1 / bounded()
      failedCohorts += 1 / size
      if (lost < 1 - 1e-9) return
      lost = 0
      if (size > 1) size -= 1
    },
    isDead: () => failedCohorts >= DEAD_COHORTS - 1e-9,
    restart() {
      size = 1
      gained = 0
      lost = 0
      failedCohorts = 0
    },
  }
}
