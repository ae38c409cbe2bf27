/** What a job has worked takes longer than it may. */
export class OutOfTime extends Error {
  constructor() {
    super('rendering takes too long')
    this.name = 'OutOfTime'
  }
}

/** Time that this process has worked, in milliseconds. */
export function workedMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

export interface JobClock {
  check(): void
}

/**
 * How long a job may still work. Counted is what the process works and not what passes: on a busy host a template waits for its turn, and that
 * is no fault of the template. `check` throws OutOfTime; it is called for every tag, so that it asks for the work done only once so much has passed.
 */
export function createJobClock(limitMs: number): JobClock {
  const endsAtMs = workedMs() + limitMs
  let askAtMs = performance.now() + limitMs
  return {
    check() {
      if (performance.now() < askAtMs) return
      const leftMs = endsAtMs - workedMs()
      if (leftMs <= 0) throw new OutOfTime()
      askAtMs = performance.now() + leftMs
    },
  }
}
