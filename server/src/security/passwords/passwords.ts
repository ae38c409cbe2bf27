import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { Fault } from '../../kernel/faults.ts'
import { argon2id } from '../../platform/argon2/index.ts'
import type { Argon2Costs } from '../../platform/argon2/index.ts'
import type { CredentialPepper } from '../access/index.ts'
import type { HashQueue } from './hash-queue.ts'
import { preparePassword } from './password-rules.ts'

/** What the database holds of a password. */
export interface StoredPassword {
  /** 32 bytes: what the keyring makes of the digest of everything else. */
  readonly hash: Buffer
  readonly salt: Buffer
  /** Costs of the hash: `argon2id,v=19,m=19456,t=2,p=1`. */
  readonly params: string
}

export interface Passwords {
  /**
   * A new stored form, bound to the person. The password was judged before. `client` is the key of who asks, for a fair queue. Throws
   * `invalid_request` for what can be no password, `unavailable` or `too_many_requests` where the queue is full, `unavailable` where the
   * keyring is away.
   */
  hash(personId: string, password: string, client?: string): Promise<StoredPassword>
  /**
   * Whether it is the person's password. The same work is done where there is no person, no password or a row that somebody else wrote:
   * give null. Throws as `hash`, but never for what the password looks like.
   */
  verify(
    personId: string | null,
    password: string,
    stored: StoredPassword | null,
    client?: string,
  ): Promise<boolean>
  /** Whether costs have been raised since: hash anew at the next right password. */
  needsRehash(stored: Pick<StoredPassword, 'params'>): boolean
}

/** OWASP's minimum for argon2id and what @node-rs/argon2 has as default. */
export const CURRENT_COSTS: Argon2Costs = { memoryKib: 19_456, passes: 2, lanes: 1 }
/** What is computed at most, whatever a row says: whoever writes to the database must not make a log-in take all memory. */
const COSTS_MAX: Argon2Costs = { memoryKib: 262_144, passes: 10, lanes: 4 }
const SALT_BYTES = 16
const HASH_BYTES = 32
/** No other digest that the keyring peppers begins like this. */
const LABEL = 'bulkhead password 1'
const NOBODY = '00000000-0000-0000-0000-000000000000'

/**
 * Hashes and verifies passwords: argon2id, then the pepper of the keyring over person, costs, salt and output. A stolen database is
 * nothing to guess against (S-03), and a row that was moved to another person, weakened or planted opens nothing. No answer is kept.
 */
export function createPasswords(deps: {
  readonly pepper: Pick<CredentialPepper, 'of'>
  readonly queue: HashQueue
  readonly costs?: Argon2Costs
}): Passwords {
  const costs = deps.costs ?? CURRENT_COSTS
  const params = writeCosts(costs)
  const nobodySalt = randomBytes(SALT_BYTES)
  const noHash = Buffer.alloc(HASH_BYTES)

  /** The keyring's answer about what argon2id made. */
  async function peppered(
    of: { personId: string; params: string; salt: Buffer },
    password: string,
    at: Argon2Costs,
    client?: string,
  ): Promise<Buffer> {
    const output = await deps.queue.run(() => argon2id(password, of.salt, at), client)
    try {
      return await deps.pepper.of(digestOf(of.personId, of.params, of.salt, output))
    } catch (error) {
      throw new Fault('unavailable', {
        detail: 'Passwords cannot be checked right now; try again.',
        internal: 'the keyring does not pepper passwords',
        retryAfterSeconds: 2,
        cause: error,
      })
    }
  }

  return {
    async hash(personId, password, client) {
      const prepared = preparePassword(password)
      if (!prepared.ok)
        throw new Fault('invalid_request', {
          detail: `The password ${prepared.problem.problem}.`,
          fields: [prepared.problem],
        })
      const salt = randomBytes(SALT_BYTES)
      const hash = await peppered({ personId, params, salt }, prepared.text, costs, client)
      return { hash, salt, params }
    },

    async verify(personId, password, stored, client) {
      const prepared = preparePassword(password)
      const known = personId === null || stored === null ? null : readRow(stored)
      const subject =
        personId === null || stored === null || known === null
          ? { personId: NOBODY, params, salt: nobodySalt }
          : { personId, params: stored.params, salt: stored.salt }
      const answer = await peppered(subject, prepared.ok ? prepared.text : '', known ?? costs, client)
      const isSame = timingSafeEqual(answer, known === null || stored === null ? noHash : stored.hash)
      return isSame && known !== null && prepared.ok
    },

    needsRehash(stored) {
      const known = readCosts(stored.params)
      return (
        known === null ||
        known.memoryKib < costs.memoryKib ||
        known.passes < costs.passes ||
        known.lanes !== costs.lanes
      )
    },
  }
}

function writeCosts({ memoryKib, passes, lanes }: Argon2Costs): string {
  return `argon2id,v=19,m=${memoryKib},t=${passes},p=${lanes}`
}

/** Null for what we never wrote, and for costs beyond every bound. */
function readCosts(params: string): Argon2Costs | null {
  const match = /^argon2id,v=19,m=(\d{1,6}),t=(\d{1,2}),p=(\d)$/.exec(params)
  if (match === null) return null
  const costs = { memoryKib: Number(match[1]), passes: Number(match[2]), lanes: Number(match[3]) }
  const isPossible =
    costs.lanes >= 1 &&
    costs.passes >= 1 &&
    // RFC 9106 §3.1: eight blocks for each lane at least.
    costs.memoryKib >= 8 * costs.lanes &&
    costs.memoryKib <= COSTS_MAX.memoryKib &&
    costs.passes <= COSTS_MAX.passes &&
    costs.lanes <= COSTS_MAX.lanes
  return isPossible ? costs : null
}

function readRow(stored: StoredPassword): Argon2Costs | null {
  if (stored.hash.length !== HASH_BYTES || stored.salt.length !== SALT_BYTES) return null
  return readCosts(stored.params)
}

/** JSON keeps the fields apart, whatever stands in them. */
function digestOf(personId: string, params: string, salt: Buffer, output: Buffer): Buffer {
  return createHash('sha256')
    .update(
      JSON.stringify([LABEL, personId.toLowerCase(), params, salt.toString('hex'), output.toString('hex')]),
    )
    .digest()
}
