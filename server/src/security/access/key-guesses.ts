import { Fault } from '../../kernel/faults.ts'
import { clientKeyOf } from '../../platform/networks/index.ts'
import type { CredentialClient } from './credential-uses.ts'

/** Unknown keys of one client at once, and in a minute. Nobody guesses 131 bits; this bounds what the guesses cost. */
const BURST = 60
const PER_MINUTE = 60
const MINUTE_MS = 60_000
/** About 150 bytes each. */
const CLIENTS_MAX = 20_000
const FAMILIAR_MAX = 20_000

export interface KeyGuesses {
  /**
   * Looks a key up that anybody can make up, since its form has no checksum: each look-up costs the keyring a digest. Throws
   * `too_many_requests` where the client has shown too many that nobody has; keys that were found before are always looked up.
   */
  lookUp<Found>(
    digest: string,
    client: CredentialClient | undefined,
    load: () => Promise<Found | undefined>,
  ): Promise<Found | undefined>
}

/** Counts in this process per client (IPv4 address, IPv6 /64), since counting must cost less than what it saves. */
export function createKeyGuesses(clock: () => number): KeyGuesses {
  const misses = new Map<string, { count: number; atMs: number }>()
  const familiar = new Set<string>()

  /** Unknown keys of the client that are not forgotten yet. */
  function missesOf(clientKey: string): number {
    const known = misses.get(clientKey)
    return known === undefined
      ? 0
      : Math.max(0, known.count - ((clock() - known.atMs) * PER_MINUTE) / MINUTE_MS)
  }

  function count(clientKey: string, change: 1 | -1): void {
    const counted = Math.max(0, missesOf(clientKey) + change)
    // Taken out and put in again: the order is that of the last visit.
    misses.delete(clientKey)
    misses.set(clientKey, { count: counted, atMs: clock() })
    trim(misses, CLIENTS_MAX)
  }

  return {
    async lookUp(digest, client, load) {
      if (client === undefined || familiar.has(digest)) return load()
      const clientKey = client.address === null ? '' : clientKeyOf(client.address)
      if (missesOf(clientKey) + 1 > BURST) {
        throw new Fault('too_many_requests', {
          detail: 'Too many unknown keys from here in the last minute; try again.',
          retryAfterSeconds: Math.ceil(MINUTE_MS / PER_MINUTE / 1_000),
        })
      }
      // Counted before it is known, so that many at once are not all let through.
      count(clientKey, 1)
      const found = await load()
      if (found === undefined) return undefined
      count(clientKey, -1)
      familiar.add(digest)
      trim(familiar, FAMILIAR_MAX)
      return found
    },
  }
}

function trim(kept: Map<string, unknown> | Set<string>, max: number): void {
  if (kept.size <= max) return
  const [oldest] = kept.keys()
  if (oldest !== undefined) kept.delete(oldest)
}
