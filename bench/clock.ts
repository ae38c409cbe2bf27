import { setTimeout as delay } from 'node:timers/promises'

/**
 * Milliseconds since 1970 with a fraction. The load generators stamp messages with it and the sink reads it in another process:
 * both take it from the machine's wall clock, so the difference is the latency as long as nobody sets the clock.
 */
export function wallMs(): number {
  return performance.timeOrigin + performance.now()
}

/** Waits until `condition` gives something other than null or false; throws naming `what` when `timeoutMs` has passed or the signal comes. */
export async function waitFor<T>(
  what: string,
  timeoutMs: number,
  condition: () => T | null | false | Promise<T | null | false>,
  options: { readonly everyMs?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const answer = await condition()
    if (answer !== null && answer !== false) return answer
    if (performance.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`)
    if (options.signal?.aborted === true) throw new Error(`${what}: interrupted`)
    await delay(options.everyMs ?? 25)
  }
}
