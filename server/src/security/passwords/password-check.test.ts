import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importPasswords, makeTestDirectory } from '../../platform/breached/breached.test-support.ts'
import { createLogger } from '../../platform/telemetry/index.ts'
import { createBreached, createHashQueue, createPasswordCheck, createPasswords } from './index.ts'

const CHEAP = { memoryKib: 8, passes: 1, lanes: 1 }

function makePasswords() {
  const key = randomBytes(32)
  return createPasswords({
    pepper: { of: async (digest) => createHmac('sha256', key).update(digest).digest() },
    queue: createHashQueue({ waitingMax: 10_000, deadlineMs: 60_000 }),
    costs: CHEAP,
  })
}

// The password half of C-04; sessions are in the replay.
describe('stuffing with 2,000 pairs from a collection of breaches, 40 of which are right', () => {
  it('opens nothing: each right one answers that it is breached', { timeout: 120_000 }, async () => {
    using directory = makeTestDirectory()
    const passwords = makePasswords()
    const pairs = Array.from({ length: 2_000 }, (_, n) => ({
      person: randomUUID(),
      password: `collected no. ${n}`,
    }))
    importPasswords(
      join(directory.path, 'breached.filter'),
      pairs.map(({ password }) => password),
    )
    const people = new Map(
      await Promise.all(
        pairs
          .filter((_, n) => n % 50 === 0)
          .map(async ({ person, password }) => [person, await passwords.hash(person, password)] as const),
      ),
    )
    const breached = createBreached({
      directory: directory.path,
      log: createLogger({ name: 'test', level: 'error', write: () => undefined }),
    })
    const outcomes = async (check: ReturnType<typeof createPasswordCheck>) => {
      const counts = { wrong: 0, right: 0, breached: 0 }
      for (let at = 0; at < pairs.length; at += 100) {
        const answers = await Promise.all(
          pairs
            .slice(at, at + 100)
            .map(({ person, password }) =>
              check.check(people.has(person) ? person : null, password, people.get(person) ?? null),
            ),
        )
        for (const answer of answers) counts[answer] += 1
      }
      return counts
    }
    expect(await outcomes(createPasswordCheck({ passwords, breached }))).toEqual({
      wrong: 1_960,
      right: 0,
      breached: 40,
    })
    // Without the list each of them would have opened.
    const blind = createPasswordCheck({ passwords, breached: { has: async () => false } })
    expect(await outcomes(blind)).toEqual({ wrong: 1_960, right: 40, breached: 0 })
  })
})

describe('a log-in', () => {
  it('asks hash and list for everybody, known or not', async () => {
    const asked: string[] = []
    const check = createPasswordCheck({
      passwords: {
        async verify(personId) {
          asked.push(`hash ${personId}`)
          return personId !== null
        },
      },
      breached: {
        async has() {
          asked.push('list')
          return true
        },
      },
    })
    expect(await check.check(null, 'x', null)).toBe('wrong')
    expect(await check.check('ann', 'x', null)).toBe('breached')
    expect(asked).toEqual(['hash null', 'list', 'hash ann', 'list'])
  })
})
