import { capacityOf, isRate, nameOf, remainingOf, secondsOf, type LimitState } from './limit.ts'

/**
 * The header fields RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10: lists of strings with the parameters q, w, qu and
 * r, t; RFC 9651). The unit is recipients, not the draft's default of requests, so `qu` says it. `q` of a bucket is what it holds and `w` how long
 * it fills, so that q/w is the rate that lasts. `t` is when nothing is used any more, or for a limit that refuses: when the same request is
 * not refused, as Retry-After says. Empty without limits.
 */
export function rateLimitFields(states: readonly LimitState[]): Readonly<Record<string, string>> {
  if (states.length === 0) return {}
  return {
    'ratelimit-policy': states.map(policyOf).join(', '),
    ratelimit: states
      .map((state) => `"${nameOf(state)}";r=${remainingOf(state)};t=${until(state)}`)
      .join(', '),
  }
}

function policyOf(state: LimitState): string {
  const capacity = capacityOf(state)
  const window = isRate(state.period)
    ? Math.max(1, Math.ceil((capacity * secondsOf(state.period)) / state.amount))
    : secondsOf(state.period)
  return `"${nameOf(state)}";q=${capacity};w=${window};qu="recipients"`
}

function until(state: LimitState): number {
  return Math.ceil(state.refuses && state.waitSeconds !== null ? state.waitSeconds : state.resetSeconds)
}

/** Of several messages: each limit as the last of them left it. */
export function latestStates(messages: readonly (readonly LimitState[])[]): LimitState[] {
  const latest = new Map<string, LimitState>()
  for (const states of messages) {
    for (const state of states) {
      const name = nameOf(state)
      const known = latest.get(name)
      if (known === undefined || remainingOf(state) <= remainingOf(known)) latest.set(name, state)
    }
  }
  return [...latest.values()]
}
