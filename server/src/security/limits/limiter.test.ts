import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPool } from '../../platform/postgres/index.ts'
import { createTestDatabase } from '../../../test/support/database.ts'
import type { TestDatabase } from '../../../test/support/database.ts'
import { createKeyedDigest, createLimiter, createLogInLimits } from './index.ts'
import type { Limiter, LogInLimits } from './index.ts'

let database: TestDatabase
let limiter: Limiter
let limits: LogInLimits
const digest = createKeyedDigest({
  pepper: { of: async (text) => createHash('sha256').update('key').update(text).digest() },
})

beforeAll(async () => {
  database = await createTestDatabase()
  const pool = database.pool('bulkhead_api')
  limiter = createLimiter({ pool, digest })
  limits = createLogInLimits({ pool, limiter })
})
afterAll(() => database[Symbol.asyncDispose]())

/** An attempt from a device, null for one that nobody knows. */
function guess(identifier: Buffer, clientKey: string, knownDevice: string | null = null) {
  return limits.admit({ identifier, clientKey, knownDevice })
}

/** So slow that nothing comes back during a test. */
const SLOW = 1 / 20_000
const anIdentifier = (): Buffer => randomBytes(32)

async function passHours(hours: number): Promise<void> {
  await database
    .pool('superuser')
    .query('update detection.bucket set full_at = full_at - make_interval(hours => $1)', [hours])
}

describe('the limiter', () => {
  it('gives a thousand parallel takers exactly what the bucket holds (GHSA-7h8m)', async () => {
    const all = await Promise.all(
      Array.from({ length: 1_000 }, () =>
        limiter.take({ bucket: 'race', key: 'one', capacity: 10, refillPerSecond: SLOW }),
      ),
    )
    expect(all.filter((taken) => taken.allowed)).toHaveLength(10)
    for (const taken of all.filter((item) => !item.allowed))
      expect(taken.retryAfterSeconds).toBeGreaterThan(0)
  })

  it('gives processes together no more than one alone', async () => {
    await using pool = createPool({
      url: database.url.bulkhead_api,
      applicationName: 'another process',
      max: 8,
    })
    const other = createLimiter({ pool, digest })
    const all = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        (n % 2 === 0 ? limiter : other).take({
          bucket: 'race',
          key: 'two',
          capacity: 7,
          refillPerSecond: SLOW,
        }),
      ),
    )
    expect(all.filter((taken) => taken.allowed)).toHaveLength(7)
  })

  it('takes from all buckets or from none, in whatever order they are named', async () => {
    const wide = { bucket: 'wide', key: 'x', capacity: 30, refillPerSecond: SLOW }
    const narrow = { bucket: 'narrow', key: 'x', capacity: 3, refillPerSecond: SLOW }
    const all = await Promise.all(
      Array.from({ length: 60 }, (_, n) => limiter.takeAll(n % 2 === 0 ? [wide, narrow] : [narrow, wide])),
    )
    expect(all.filter((taken) => taken.allowed)).toHaveLength(3)
    expect((await limiter.take({ ...wide, cost: 27 })).allowed).toBe(true)
    expect((await limiter.take(wide)).allowed).toBe(false)
  })

  it('refills at its rate and never beyond its capacity', async () => {
    const bucket = { bucket: 'refill', key: 'x', capacity: 4, refillPerSecond: 1 / 3_600 }
    expect((await limiter.take({ ...bucket, cost: 4 })).allowed).toBe(true)
    const refused = await limiter.take({ ...bucket, cost: 2 })
    expect(refused.allowed).toBe(false)
    expect(refused.retryAfterSeconds).toBeGreaterThan(7_000)
    expect(refused.retryAfterSeconds).toBeLessThanOrEqual(7_200)
    await passHours(1)
    expect((await limiter.take({ ...bucket, cost: 2 })).allowed).toBe(false)
    await passHours(1)
    expect((await limiter.take({ ...bucket, cost: 2 })).allowed).toBe(true)
    await passHours(1_000)
    expect((await limiter.take({ ...bucket, cost: 4 })).allowed).toBe(true)
    expect((await limiter.take(bucket)).allowed).toBe(false)
  })

  it('refuses buckets that can never be', async () => {
    const bucket = { bucket: 'odd', key: 'x', capacity: 4, refillPerSecond: 1 }
    for (const odd of [{ cost: 5 }, { cost: 0 }, { cost: -1 }, { refillPerSecond: 0 }, { capacity: 1e9 }])
      await expect(limiter.take({ ...bucket, ...odd })).rejects.toThrow('no such bucket')
  })

  it('stores nothing of whom it limits but an HMAC, and lets full buckets go', async () => {
    await limiter.take({ bucket: 'private', key: '203.0.113.77/32', capacity: 4, refillPerSecond: 1 })
    const { rows } = await database
      .pool('superuser')
      .query<{ row: string; key: Buffer }>(
        "select b::text as row, key from detection.bucket b where bucket = 'private'",
      )
    expect(rows).toHaveLength(1)
    expect(rows[0]?.row).not.toContain('203.0.113.77')
    const plain = createHash('sha256').update('private\u0000203.0.113.77/32').digest()
    expect(rows[0]?.key.equals(plain)).toBe(false)
    await passHours(2_000)
    await database.pool('bulkhead_worker').query('select engine.trim_detection(1000)')
    const left = await database.pool('superuser').query('select from detection.bucket')
    expect(left.rowCount).toBe(0)
  })
})

describe('the limits of log-in', () => {
  it('slow an address that guesses, but not the known devices behind it', async () => {
    const office = '192.0.2.1/32'
    const guesses = await Promise.all(Array.from({ length: 200 }, () => guess(anIdentifier(), office)))
    expect(guesses.filter((item) => item.admitted)).toHaveLength(30)
    expect(await guess(anIdentifier(), office)).toMatchObject({ admitted: false, reason: 'pace' })
    for (let colleague = 0; colleague < 50; colleague++)
      expect(await guess(anIdentifier(), office, `laptop ${colleague}`)).toEqual({ admitted: true })
  })

  it('slow one that moves through the /64s of its /48', async () => {
    const guesses = await Promise.all(
      Array.from({ length: 300 }, (_, n) => guess(anIdentifier(), `2001:db8:66:${n.toString(16)}::/64`)),
    )
    expect(guesses.filter((item) => item.admitted)).toHaveLength(120)
    expect(await guess(anIdentifier(), '2001:db8:67:1::/64')).toEqual({ admitted: true })
  })

  it('slow a thousand addresses that guess at one account, and leave the owner on his device alone', async () => {
    const owner = anIdentifier()
    const guesses = await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => guess(owner, `198.51.${n >> 8}.${n & 255}/32`)),
    )
    expect(guesses.filter((item) => item.admitted)).toHaveLength(20)
    expect(await guess(owner, '192.0.2.9/32', 'laptop')).toEqual({ admitted: true })
  })

  it('end 50 failures in a row from unknown devices and 50 from known ones, so that an account fails at most 100 times', async () => {
    const owner = anIdentifier()
    const from = async (knownDevice: string | null) => {
      let admitted = 0
      for (let round = 0; round < 30; round++) {
        const all = await Promise.all(
          Array.from({ length: 4 }, (_, n) =>
            guess(owner, `203.0.113.${n}/32`, knownDevice === null ? null : `${knownDevice} ${n}`),
          ),
        )
        admitted += all.filter((item) => item.admitted).length
        await passHours(24)
      }
      return admitted
    }
    expect(await from(null)).toBe(50)
    expect(await guess(owner, '203.0.113.1/32')).toMatchObject({ admitted: false, reason: 'failures' })
    expect(await guess(owner, '203.0.113.1/32', 'own')).toEqual({ admitted: true })
    expect(await from('own')).toBe(49)
    expect(await guess(owner, '203.0.113.1/32', 'own 1')).toMatchObject({ reason: 'failures' })
    await limits.succeeded(owner)
    expect(await guess(owner, '203.0.113.1/32')).toEqual({ admitted: true })
  })

  it('count a guess before it is judged, and take it back only where nobody judged it', async () => {
    const owner = anIdentifier()
    const count = async () => {
      const { rows } = await database
        .pool('superuser')
        .query<{ n: number }>('select unknown_devices as n from detection.failures where identifier = $1', [
          owner,
        ])
      return rows[0]?.n ?? 0
    }
    const attempt = { identifier: owner, clientKey: '192.0.2.77/32', knownDevice: null }
    expect(await limits.admit(attempt)).toEqual({ admitted: true })
    expect(await count()).toBe(1)
    await limits.notChecked(attempt)
    expect(await count()).toBe(0)
    await limits.notChecked(attempt)
    expect(await count()).toBe(0)
  })
})
