import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from '../telemetry/index.ts'

interface LoopOptions {
  /** For the log: what is done. */
  readonly name: string
  /** The pause between the end of a round and the beginning of the next, in milliseconds; a round may answer another one. */
  readonly everyMs: number
  readonly log: Logger
  readonly signal: AbortSignal
  /** One round. A number it answers is the pause before the next round, in milliseconds. */
  readonly round: () => Promise<number | undefined>
}

const TROUBLE_MAX_MS = 60_000

/**
 * Runs rounds until the signal aborts; resolves after the last one. A round that fails is logged once per row of failures and
 * tried again, at growing pauses of up to a minute.
 */
export async function runLoop(options: LoopOptions): Promise<void> {
  const { name, log, signal } = options
  let failures = 0
  while (!signal.aborted) {
    let pauseMs = options.everyMs
    try {
      pauseMs = (await options.round()) ?? options.everyMs
      if (failures > 0) log.info({ loop: name }, 'A background loop works again')
      failures = 0
    } catch (error) {
      failures += 1
      if (failures === 1) log.warn({ err: error, loop: name }, 'A background loop failed; it is tried again')
      pauseMs = Math.min(TROUBLE_MAX_MS, options.everyMs * 2 ** Math.min(failures, 6))
    }
    // The only failure is the signal's, which the loop's condition sees.
    await wait(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}
