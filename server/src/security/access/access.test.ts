import { describe, expect, it } from 'vitest'
import type { Queryable } from '../../platform/postgres/index.ts'
import { createAccess, hashSecret, mintApiKey } from './index.ts'
import { createShortCache } from './short-cache.ts'

/** Counts look-ups; a pool that must not be asked. */
function refusingPool(): { pool: Queryable; asked: () => number } {
  let asked = 0
  const pool: Queryable = {
    query: () => {
      asked += 1
      return Promise.reject(new Error('the database is away'))
    },
  }
  return { pool, asked: () => asked }
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: { code: string; detail: string }) => ({ code: error.code, detail: error.detail }),
  )

describe('access', () => {
  it('refuses what is no key without asking the database, always in the same words', async () => {
    const { pool, asked } = refusingPool()
    const access = createAccess({ pool })
    const key = mintApiKey().key.reveal()
    const swapped = key.slice(0, -1) + (key.endsWith('0') ? '1' : '0')
    const failures = await Promise.all(
      [`Bearer ${swapped}`, 'Bearer nonsense', 'bearer bhk_', `Bearer ${'x'.repeat(400)}`].map((header) =>
        failure(access.authenticateBearer(header)),
      ),
    )
    expect(new Set(failures.map((item) => JSON.stringify(item))).size).toBe(1)
    expect(failures[0]?.code).toBe('unauthenticated')
    for (const header of [
      undefined,
      '',
      'Basic eDp5',
      'Bearer',
      'Bearer a b',
      `Bearer ${'x'.repeat(10_000)}`,
    ]) {
      expect((await failure(access.authenticateBearer(header)))?.code).toBe('unauthenticated')
    }
    expect(asked()).toBe(0)
  })

  it('says unavailable, never unauthenticated, while the database is away', async () => {
    const access = createAccess({ pool: refusingPool().pool })
    const key = mintApiKey().key.reveal()
    expect((await failure(access.authenticateBearer(`Bearer ${key}`)))?.code).toBe('unavailable')
    expect((await failure(access.authenticateSmtp('anyone', key)))?.code).toBe('unavailable')
    expect((await failure(access.authenticateSmtp('anyone', 'secret')))?.code).toBe('unavailable')
  })

  it('knows the operator without the database, and gives it no scope over mail', async () => {
    const access = createAccess({
      pool: refusingPool().pool,
      operatorKeyHash: hashSecret('the-operator').toString('hex'),
    })
    const principal = await access.authenticateBearer('Bearer the-operator')
    expect(principal).toMatchObject({ kind: 'operator' })
    expect(principal.scopes.filter((scope) => !/^(workspaces|operations):/.test(scope))).toEqual([])
  })
})

describe('the short cache', () => {
  it('believes an answer for its time only, shares one look-up and forgets failures', async () => {
    let now = 0
    let loads = 0
    const cache = createShortCache<number>({ clock: () => now, ttlMs: 1_000, entriesMax: 2 })
    const load = () => Promise.resolve(++loads)
    expect(await Promise.all([cache.get('a', load), cache.get('a', load)])).toEqual([1, 1])
    now = 999
    expect(await cache.get('a', load)).toBe(1)
    now = 1_000
    expect(await cache.get('a', load)).toBe(2)
    await expect(cache.get('b', () => Promise.reject(new Error('away')))).rejects.toThrow('away')
    expect(await cache.get('b', load)).toBe(3)
    await cache.get('c', load)
    expect(await cache.get('a', load)).toBe(5)
  })
})
