import { clientKeyOf } from '../../security/limits/index.ts'

/** What one client may do, as a bucket that fills again by the minute. */
export interface ClientRate {
  /** Let through at once at most. */
  readonly burst: number
  readonly perMinute: number
}

export interface ClientRates {
  /** True, and counted, where the client may; a client without an address is one client. */
  take(address: string | null): boolean
}

/** About 150 bytes each. */
const CLIENTS_MAX = 20_000
const MINUTE_MS = 60_000

interface Bucket {
  tokens: number
  atMs: number
}

/**
 * Counts per client (IPv4 address, IPv6 /64) in this process. In memory, because the count must cost nothing under a flood; a process that
 * starts again forgets, which gives a flood one more burst. Of more clients than can be kept, the longest silent one is forgotten.
 */
export function createClientRates(deps: {
  readonly rate: ClientRate
  /** Milliseconds; only differences count. */
  readonly nowMs: () => number
}): ClientRates {
  const { burst, perMinute } = deps.rate
  const buckets = new Map<string, Bucket>()
  return {
    take(address) {
      const key = address === null ? '' : clientKeyOf(address)
      const atMs = deps.nowMs()
      const known = buckets.get(key)
      const filled =
        known === undefined
          ? burst
          : Math.min(burst, known.tokens + ((atMs - known.atMs) * perMinute) / MINUTE_MS)
      const may = filled >= 1
      // Taken out and put in again: the order of the map is that of the last visit.
      buckets.delete(key)
      buckets.set(key, { tokens: may ? filled - 1 : filled, atMs })
      if (buckets.size > CLIENTS_MAX) {
        const [longestSilent] = buckets.keys()
        if (longestSilent !== undefined) buckets.delete(longestSilent)
      }
      return may
    },
  }
}
