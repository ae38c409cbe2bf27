import type { BulkheadError } from './errors.ts'

const BASE_MS = 250
const CAP_MS = 8_000
/** A server that asks for a longer pause than this is not waited for: the caller should know. */
const RETRY_AFTER_MAX_SECONDS = 60

/**
 * How long to wait before try `attempt` + 1 (0 is the first), or null where trying again makes no sense. Without Retry-After:
 * full jitter on a doubling bound, so that many clients do not come back at the same instant. With it: at least that long, and up
 * to a quarter more.
 */
export function retryDelayMs(error: BulkheadError, attempt: number, random: () => number): number | null {
  if (!isTemporary(error)) return null
  const asked = error.retryAfterSeconds
  if (asked !== undefined) {
    return asked > RETRY_AFTER_MAX_SECONDS ? null : asked * 1000 * (1 + random() * 0.25)
  }
  return backoffMs(attempt, random)
}

/** Full jitter: anything from 0 to min(8 s, 250 ms · 2^attempt). */
export function backoffMs(attempt: number, random: () => number): number {
  return random() * Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt, 10))
}

function isTemporary(error: BulkheadError): boolean {
  return (
    error.status === 429 || error.status === 503 || error.code === 'unreachable' || error.code === 'timeout'
  )
}

/** Waits, or throws the signal's reason as soon as it is aborted. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
