import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { Fault } from '../../kernel/faults.ts'
import { createCredentialPepper } from '../access/index.ts'
import { createHashQueue, createPasswords } from './index.ts'

const ANN = '0192f000-0000-7000-8000-000000000001'
const BOB = '0192f000-0000-7000-8000-000000000002'
/** The least that RFC 9106 allows: what is tested here does not depend on costs. */
const CHEAP = { memoryKib: 8, passes: 1, lanes: 1 }

/** The keyring's part, by the same primitive; the real one is in server/test/flows/passwords.test.ts. */
function makePepper(key: Buffer = randomBytes(32)) {
  const asked: Buffer[] = []
  const pepper = createCredentialPepper({
    name: 'password',
    keyring: {
      async pepper(name, digests) {
        expect(name).toBe('password')
        asked.push(...digests)
        return digests.map((digest) => createHmac('sha256', key).update(digest).digest())
      },
    },
  })
  return { pepper, asked }
}

function make(costs?: typeof CHEAP) {
  const { pepper, asked } = makePepper()
  const queue = createHashQueue()
  return { passwords: createPasswords({ pepper, queue, ...(costs && { costs }) }), pepper, queue, asked }
}

describe('passwords', () => {
  it('open with the right password and with no other, at the costs of today', async () => {
    const { passwords } = make()
    const stored = await passwords.hash(ANN, 'correct horse battery')
    expect(stored.params).toBe('argon2id,v=19,m=19456,t=2,p=1')
    expect([stored.hash.length, stored.salt.length]).toEqual([32, 16])
    expect(await passwords.verify(ANN, 'correct horse battery', stored)).toBe(true)
    expect(await passwords.verify(ANN, 'correct horse batterY', stored)).toBe(false)
    expect(await passwords.verify(ANN, 'correct horse battery ', stored)).toBe(false)
  })

  it('have a salt of their own each time', async () => {
    const { passwords } = make(CHEAP)
    const [one, two] = await Promise.all([
      passwords.hash(ANN, 'x'.repeat(8)),
      passwords.hash(ANN, 'x'.repeat(8)),
    ])
    expect(one.salt).not.toEqual(two.salt)
    expect(one.hash).not.toEqual(two.hash)
  })

  it('open nothing once the row is moved, weakened or planted', async () => {
    const { passwords } = make(CHEAP)
    const stored = await passwords.hash(ANN, 'correct horse battery')
    const planted = await passwords.hash(BOB, 'correct horse battery')
    const rows = [
      planted,
      { ...stored, salt: planted.salt },
      { ...stored, hash: planted.hash },
      { ...stored, params: 'argon2id,v=19,m=16,t=1,p=1' },
      { ...stored, params: 'argon2id,v=19,m=8,t=01,p=1' },
      { ...stored, params: 'argon2id,v=19,m=0,t=1,p=1' },
      { ...stored, params: 'argon2id,v=19,m=999999,t=99,p=9' },
      { ...stored, params: 'plain' },
      { ...stored, hash: Buffer.alloc(0) },
      { ...stored, salt: Buffer.alloc(0) },
    ]
    for (const row of rows) expect(await passwords.verify(ANN, 'correct horse battery', row)).toBe(false)
    expect(await passwords.verify(BOB, 'correct horse battery', stored)).toBe(false)
    expect(await passwords.verify(ANN.toUpperCase(), 'correct horse battery', stored)).toBe(true)
  })

  it('take the same steps for people who do not exist', async () => {
    const { passwords, asked } = make(CHEAP)
    const stored = await passwords.hash(ANN, 'correct horse battery')
    asked.length = 0
    expect(await passwords.verify(null, 'correct horse battery', null)).toBe(false)
    expect(await passwords.verify(ANN, 'correct horse battery', null)).toBe(false)
    expect(await passwords.verify(null, 'correct horse battery', stored)).toBe(false)
    expect(await passwords.verify(ANN, 'x'.repeat(5_000), stored)).toBe(false)
    expect(asked).toHaveLength(4)
  })

  it('never ask the keyring for the same digest again from memory', async () => {
    const { passwords, asked } = make(CHEAP)
    const stored = await passwords.hash(ANN, 'correct horse battery')
    asked.length = 0
    for (let n = 0; n < 3; n++) await passwords.verify(ANN, 'correct horse battery', stored)
    expect(asked).toHaveLength(3)
  })

  it('are hashed anew when costs are raised, and not before', async () => {
    const { passwords: today } = make()
    const { passwords: earlier, pepper, queue } = make(CHEAP)
    const stored = await earlier.hash(ANN, 'correct horse battery')
    expect(earlier.needsRehash(stored)).toBe(false)
    expect(today.needsRehash(stored)).toBe(true)
    const dearer = createPasswords({ pepper, queue })
    expect(await dearer.verify(ANN, 'correct horse battery', stored)).toBe(true)
  })

  it('are unavailable while the keyring is away, and never wrong', async () => {
    const passwords = createPasswords({
      queue: createHashQueue(),
      costs: CHEAP,
      pepper: { of: async () => Promise.reject(new Error('away')) },
    })
    const verify = passwords.verify(ANN, 'x', null)
    await expect(verify).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
    await expect(verify).rejects.toBeInstanceOf(Fault)
  })

  it('cannot be cracked from a dump without the pepper, and all of them can with it', async () => {
    const key = randomBytes(32)
    const { pepper } = makePepper(key)
    const passwords = createPasswords({ pepper, queue: createHashQueue({ waitingMax: 1_000 }), costs: CHEAP })
    const people = Array.from({ length: 200 }, (_, n) => ({
      id: randomUUID(),
      password: `true password ${n}`,
    }))
    const dump = await Promise.all(
      people.map(async ({ id, password }) => ({ id, password, stored: await passwords.hash(id, password) })),
    )
    const crackedBy = async (pepperKey: Buffer) => {
      const thief = createPasswords({
        pepper: makePepper(pepperKey).pepper,
        queue: createHashQueue({ waitingMax: 1_000 }),
        costs: CHEAP,
      })
      const hits = await Promise.all(dump.map((row) => thief.verify(row.id, row.password, row.stored)))
      return hits.filter(Boolean).length
    }
    expect(await crackedBy(randomBytes(32))).toBe(0)
    expect(await crackedBy(Buffer.alloc(32))).toBe(0)
    expect(await crackedBy(key)).toBe(200)
  })

  test.prop([fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 })], { numRuns: 60 })(
    'written in another form of Unicode are the same',
    async (password) => {
      const { passwords } = make(CHEAP)
      const stored = await passwords.hash(ANN, password).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'invalid_request' })
        return null
      })
      if (stored === null) return
      for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD'] as const)
        expect(await passwords.verify(ANN, password.normalize(form), stored)).toBe(true)
    },
  )
})
