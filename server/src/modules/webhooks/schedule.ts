/** Pauses after the first, second, … failed try; together about 24 hours. */
const PAUSES_MS = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800].map(
  (seconds) => seconds * 1_000,
)
const TOTAL_MS = PAUSES_MS.reduce((sum, pause) => sum + pause, 0)
const JITTER = 0.2
/** A Retry-After beyond this is not believed. */
const RETRY_AFTER_MAX_MS = 3_600_000

export type Try =
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfterSeconds: number | null }
  | { readonly kind: 'no_answer'; readonly error: string }

export interface TrySettlement {
  readonly state: 'delivered' | 'pending' | 'failed'
  /** Until the next try, in milliseconds. */
  readonly pauseMs: number | null
  readonly status: number | null
  readonly error: string | null
  /** Set: the endpoint is switched off, with this reason. */
  readonly disable: string | null
}

/**
 * What follows from a try. 2xx is success; a redirect is a failure, because it is not followed; 410 says that the endpoint is gone.
 * A delivery has eleven tries; when they are used up and the endpoint took nothing in all that time, it is switched off. `scale`
 * multiplies all pauses; `random` is 0 to 1.
 */
export function settleTry(
  result: Try,
  context: {
    /** Tries before this one. */
    readonly triesBefore: number
    /** For how long nothing has succeeded, in milliseconds; 0 where this is the first failure. */
    readonly failingForMs: number
    readonly scale: number
    readonly random: number
  },
): TrySettlement {
  const status = result.kind === 'answer' ? result.status : null
  if (result.kind === 'answer' && result.status >= 200 && result.status < 300) {
    return { state: 'delivered', pauseMs: null, status, error: null, disable: null }
  }
  const error = describe(result)
  if (status === 410) {
    return { state: 'failed', pauseMs: null, status, error, disable: 'The endpoint answered 410 Gone.' }
  }
  const pause = PAUSES_MS[context.triesBefore]
  if (pause === undefined) {
    const isDead = context.failingForMs >= TOTAL_MS * context.scale * (1 - JITTER) * 0.9
    const disable = isDead ? `No delivery has succeeded for a day. The last failure: ${error}` : null
    return { state: 'failed', pauseMs: null, status, error, disable }
  }
  const asked = result.kind === 'answer' ? (result.retryAfterSeconds ?? 0) * 1_000 : 0
  const jitter = 1 - JITTER + 2 * JITTER * context.random
  const pauseMs = Math.max(pause * context.scale * jitter, Math.min(asked, RETRY_AFTER_MAX_MS))
  return { state: 'pending', pauseMs, status, error, disable: null }
}

function describe(result: Try): string {
  if (result.kind === 'no_answer') return result.error
  if (result.status >= 300 && result.status < 400)
    return `The endpoint answered ${result.status}; redirects are not followed.`
  return `The endpoint answered ${result.status}.`
}
