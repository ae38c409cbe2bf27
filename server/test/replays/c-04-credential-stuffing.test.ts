import { join } from 'node:path'
import { expect } from 'vitest'
import { importPasswords, makeTestDirectory } from '../../src/platform/breached/breached.test-support.ts'
import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { startAudit } from '../support/audit.ts'
import { aBrowser, aPerson, setPolicy } from '../support/people.ts'
import { forAll } from './keyring-world.ts'
import { deviations, replay } from './replay.ts'

/** Each try costs a hash of argon2id, for people who do not exist too: the whole collection takes minutes. */
const PAIRS = process.env['BULKHEAD_TEST_LONG'] === '1' ? 10_000 : 1_000
const VALID_EACH = 50
const VALID = PAIRS / VALID_EACH
const TRIES_MAX = 20

interface Pair {
  readonly email: string
  readonly password: string
}

interface World extends AsyncDisposable {
  readonly api: ApiFixture
  readonly pairs: readonly Pair[]
}

interface Loot {
  readonly pairs: number
  readonly valid: number
  /** Answers after which the password counted as right. */
  readonly accepted: number
  readonly sessions: number
  /** Answers that were not the one answer for everything wrong. */
  readonly otherAnswers: number
  readonly mustReset: number
}

/**
 * A collection of breached pairs, two in a hundred of which are of people here who use the same password everywhere. Their workspace asks
 * for no second factor, so that nothing else stands in the way.
 */
async function startWorld(isListed: boolean): Promise<World> {
  const directory = makeTestDirectory()
  const pairs = Array.from({ length: PAIRS }, (_, n) => ({
    email: `collected-${n}@people.test`,
    password: `collected password ${n}`,
  }))
  if (isListed) {
    importPasswords(
      join(directory.path, 'breached.filter'),
      pairs.map(({ password }) => password),
    )
  }
  const api = await startApi({ trustedProxies: ['127.0.0.1'], dataDirectory: directory.path })
  const audit = startAudit(api.database)
  const { id } = await api.workspace()
  await setPolicy(api, id, 'optional')
  for (const pair of pairs.filter((_, n) => n % VALID_EACH === 0))
    await aPerson(api, { ...pair, memberOf: [{ workspace: id, role: 'developer' }] })
  return {
    api,
    pairs,
    async [Symbol.asyncDispose]() {
      await audit[Symbol.asyncDispose]()
      await api[Symbol.asyncDispose]()
      directory[Symbol.dispose]()
    },
  }
}

/** Each pair once, each from an address of its own: no limit per address or account sees more than one try. */
async function stuff({ api, pairs }: World): Promise<Loot> {
  const statuses = await forAll(pairs, async (pair, n) => {
    const browser = aBrowser(api, `198.18.${n >> 8}.${n & 255}`)
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const { status } = await browser.call('POST', '/v1/log-in', pair)
      // The hash queue is full: whoever stuffs comes again.
      if (status !== 503) return status
    }
    return 503
  })
  const accepted = statuses.filter((status) => status === 200).length
  const count = async (what: string): Promise<number> => {
    const { rows } = await api.database
      .pool('superuser')
      .query<{ n: number }>(`select count(*)::int as n from ${what}`)
    return rows[0]?.n ?? -1
  }
  const mustReset = () => count('account.person where must_reset')
  // What follows a breached password comes after the answer, so that answers take the same time.
  if (accepted === 0) await expect.poll(mustReset, { timeout: 30_000 }).toBe(VALID)
  return {
    pairs: pairs.length,
    valid: VALID,
    accepted,
    sessions: await count('account.session'),
    otherAnswers: statuses.filter((status) => status !== 200 && status !== 401).length,
    mustReset: await mustReset(),
  }
}

replay<World, Loot>(
  {
    id: 'C-04',
    source: 'C:36',
    attack:
      'whoever has a collection of breached pairs, some of them right here → tries each once, each from another address',
    bound:
      '0 sessions: a right password that is in a breach list opens nothing, reads like a wrong one, and must be reset',
    control: 'no list of breached passwords was imported: every right pair is accepted',
  },
  {
    real: () => startWorld(true),
    control: () => startWorld(false),
    attack: stuff,
    judge: (loot) => ({
      breaches: deviations({ accepted: 0, sessions: 0, otherAnswers: 0, mustReset: VALID }, { ...loot }),
      evidence: { ...loot },
    }),
    succeeded({ accepted, sessions, valid }) {
      if (accepted !== valid) throw new Error(`${accepted} of ${valid} right pairs were accepted`)
      // Detection asks some of them for a code by mail; the first ones are in by then.
      if (sessions === 0) throw new Error('no session was made')
    },
    close: (world) => world[Symbol.asyncDispose](),
    timeoutMs: 1_200_000,
  },
)
