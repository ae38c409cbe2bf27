import { createHash, randomBytes } from 'node:crypto'
import type { Binder } from './factor-binding.ts'
import { bindFactor, fits } from './factor-binding.ts'
import type { ChallengePurpose, FactorsStore } from './factors-store.ts'

/** How long a browser may take to ask its person. */
export const CHALLENGE_MS = 300_000
const CHALLENGE_BYTES = 32

/** For what a challenge is made; an answer must name the same. */
export interface ChallengeUse {
  readonly purpose: ChallengePurpose
  /** Who answers; null where the passkey says who. */
  readonly personId: string | null
  /** The session, or the attempt to log in: at most 100 characters. */
  readonly boundTo: string
}

/**
 * Challenges: random, good for one answer within five minutes, for one purpose, person and session. Presenting one burns it, whatever becomes
 * of the answer; a row with a later end or another use than it was made with is none.
 */
export function createChallenges(deps: {
  readonly store: FactorsStore
  readonly keyring: Binder
  readonly nowMs: () => number
}) {
  return {
    /** A new one, base64url. */
    async make(use: ChallengeUse): Promise<string> {
      const challenge = randomBytes(CHALLENGE_BYTES).toString('base64url')
      const expiresAt = new Date(deps.nowMs() + CHALLENGE_MS)
      const binding = await bindFactor(deps.keyring, 'challenge', fieldsOf(challenge, use, expiresAt))
      await deps.store.putChallenge({ ...use, hash: hashOf(challenge), expiresAt, binding })
      return challenge
    },

    /** Burns it; whether it was one for this use. */
    async take(challenge: string, use: ChallengeUse): Promise<boolean> {
      const row = await deps.store.takeChallenge(hashOf(challenge))
      if (row === undefined || !row.alive) return false
      if (row.purpose !== use.purpose || row.person_id !== use.personId || row.bound_to !== use.boundTo)
        return false
      return fits(deps.keyring, 'challenge', fieldsOf(challenge, use, row.expires_at), row.binding)
    },
  }
}

function fieldsOf(challenge: string, use: ChallengeUse, expiresAt: Date): (string | null)[] {
  return [challenge, use.purpose, use.personId, use.boundTo, String(Number(expiresAt))]
}

function hashOf(challenge: string): Buffer {
  return createHash('sha256').update(challenge).digest()
}
