import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importPasswords, makeTestDirectory } from '../../src/platform/breached/breached.test-support.ts'
import type { TestDirectory } from '../../src/platform/breached/breached.test-support.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { createPasswordSet } from '../../src/security/passwords/index.ts'
import { startKeyringWorld } from '../replays/keyring-world.ts'
import type { KeyringWorld } from '../replays/keyring-world.ts'

const ANN = '0192f000-0000-7000-8000-000000000001'
const EACH = 40

let world: KeyringWorld
let other: KeyringWorld
let directory: TestDirectory
beforeAll(async () => {
  directory = makeTestDirectory()
  world = await startKeyringWorld()
  other = await startKeyringWorld()
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
  await other?.[Symbol.asyncDispose]()
  directory[Symbol.dispose]()
})

function passwordSet(of: KeyringWorld, lines: string[] = []) {
  return createPasswordSet({
    keyring: of.client('api'),
    directory: directory.path,
    rangeUrl: null,
    log: createLogger({ name: 'test', level: 'info', write: (line) => lines.push(line) }),
  })
}

describe('passwords under the pepper of the keyring', () => {
  it('open with the keyring that made them, and none of them with another: a dump cannot be cracked', async () => {
    const { passwords } = passwordSet(world)
    const people = Array.from({ length: EACH }, (_, n) => ({
      id: `0192f000-0000-7000-8000-${String(n).padStart(12, '0')}`,
      password: `true password ${n}`,
    }))
    const dump = await Promise.all(
      people.map(async ({ id, password }) => ({ id, password, stored: await passwords.hash(id, password) })),
    )
    const crackedBy = async (thief: KeyringWorld): Promise<number> => {
      const set = passwordSet(thief)
      const hits = await Promise.all(
        dump.map((row) => set.passwords.verify(row.id, row.password, row.stored)),
      )
      return hits.filter(Boolean).length
    }
    expect(await crackedBy(other)).toBe(0)
    expect(await crackedBy(world)).toBe(EACH)
  })

  it('are peppered for the api process alone', async () => {
    for (const kind of ['smtp', 'sender', 'worker', 'staff', 'audit'] as const)
      await expect(world.client(kind).pepper('password', [Buffer.alloc(32)]), kind).rejects.toThrow()
  })

  it('in a list open nothing but a reset, and a right one that nobody knows opens', async () => {
    importPasswords(join(directory.path, 'breached.filter'), ['collected in a breach'])
    const { passwords, passwordCheck } = passwordSet(world)
    const known = await passwords.hash(ANN, 'collected in a breach')
    const own = await passwords.hash(ANN, 'kornblume am teich')
    expect(await passwordCheck.check(ANN, 'collected in a breach', known)).toBe('breached')
    expect(await passwordCheck.check(ANN, 'kornblume am teich', own)).toBe('right')
    expect(await passwordCheck.check(null, 'collected in a breach', null)).toBe('wrong')
  })
})

describe('a start', () => {
  it('with a damaged list says so and goes on with the shipped one', async () => {
    writeFileSync(join(directory.path, 'breached.filter'), 'rubbish')
    const lines: string[] = []
    const set = passwordSet(world, lines)
    await set.announce()
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        alarm: 'breached.damaged',
        reason: expect.stringContaining('breached.filter is not a file that bulkhead'),
      },
      { msg: 'Lists of breached passwords', shipped: 49_233, imported: 0 },
    ])
    const facts = { singleFactor: false, words: [] }
    expect(await set.passwordCheck.judge('password', facts)).not.toBeNull()
    expect(await set.passwordCheck.judge('collected in a breach', facts)).toBeNull()
  })
})
