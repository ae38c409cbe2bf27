import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'

/** How often the database is asked for its time. */
const ASK_MS = 10_000
/** An answer that took longer says too little; what was known holds. */
const ANSWER_MAX_MS = 1_000
/** From here on an operator should look at this host's clock. */
const TELL_MS = 5_000

export interface SharedClock {
  /** Milliseconds since 1970 as the database has them, to within the time of an answer. */
  readonly nowMs: () => number
}

/**
 * The time that all senders have in common. Expiry, retries and leases stand in the database by its clock; a sender that went by its own
 * would end mail a day early, or try it without pauses, when that one jumps. Between two questions a monotonic clock counts on, so a step of
 * this host's clock is not seen at all. Rejects where the first question fails; later ones that fail change nothing.
 */
export async function startSharedClock(deps: {
  /** The time of the database, in milliseconds since 1970. */
  readonly ask: () => Promise<number>
  readonly log: Logger
  readonly signal: AbortSignal
}): Promise<SharedClock> {
  let offsetMs = await offset(Infinity)
  let told = false

  async function offset(answerMaxMs: number): Promise<number> {
    const askedMs = performance.now()
    const theirMs = await deps.ask()
    const tookMs = performance.now() - askedMs
    if (tookMs > answerMaxMs) throw new Error(`the answer took ${Math.round(tookMs)} ms`)
    return theirMs - (askedMs + tookMs / 2)
  }

  async function keep(): Promise<void> {
    while (!deps.signal.aborted) {
      try {
        await wait(ASK_MS, undefined, { signal: deps.signal, ref: false })
        offsetMs = await offset(ANSWER_MAX_MS)
        tell()
      } catch (error) {
        if (!deps.signal.aborted) deps.log.debug({ err: error }, 'The time of the database could not be had')
      }
    }
  }

  function tell(): void {
    const differenceMs = Math.round(Date.now() - (performance.now() + offsetMs))
    const differs = Math.abs(differenceMs) > TELL_MS
    if (differs && !told)
      deps.log.warn({ differenceMs }, 'The clock of this host is not that of the database, which is used')
    told = differs
  }

  tell()
  void keep()
  return { nowMs: () => Math.floor(performance.now() + offsetMs) }
}
