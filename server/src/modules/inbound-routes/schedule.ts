/** Pauses after the first, second, … failed try; the last one again and again until the mail expires. */
const PAUSES_MS = [30, 60, 300, 900, 1_800, 3_600, 7_200, 14_400].map((seconds) => seconds * 1_000)
const JITTER = 0.2

export type Try =
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfterSeconds: number | null }
  | { readonly kind: 'no_answer'; readonly error: string }

export interface Settlement {
  readonly state: 'delivered' | 'pending' | 'failed' | 'expired'
  readonly pauseMs: number | null
  readonly status: number | null
  readonly error: string | null
}

/** Statuses of 4xx that say "not now" and not "never". */
const LATER: ReadonlySet<number> = new Set([408, 425, 429])

/**
 * What follows from a try: 2xx has it; another 4xx refuses it for good, as at the vendor; all else is tried again until `expiresInMs`. A
 * redirect is not followed. `scale` multiplies the pauses; `random` is 0 to 1.
 */
export function settleTry(
  result: Try,
  context: {
    readonly triesBefore: number
    readonly expiresInMs: number
    readonly scale: number
    readonly random: number
  },
): Settlement {
  const status = result.kind === 'answer' ? result.status : null
  if (status !== null && status >= 200 && status < 300)
    return { state: 'delivered', pauseMs: null, status, error: null }
  const error = result.kind === 'answer' ? `The receiver answered ${result.status}.` : result.error
  if (status !== null && status >= 400 && status < 500 && !LATER.has(status))
    return { state: 'failed', pauseMs: null, status, error }
  if (context.expiresInMs <= 0) return { state: 'expired', pauseMs: null, status, error }
  const pause = PAUSES_MS[Math.min(context.triesBefore, PAUSES_MS.length - 1)] ?? 0
  const asked = result.kind === 'answer' ? (result.retryAfterSeconds ?? 0) * 1_000 : 0
  const jittered = pause * context.scale * (1 - JITTER + 2 * JITTER * context.random)
  // The last try is made when the time is over, and not some hours before.
  const pauseMs = Math.min(Math.max(jittered, Math.min(asked, 3_600_000)), context.expiresInMs)
  return { state: 'pending', pauseMs, status, error }
}
