import { describe, expect, it } from 'vitest'
import type { Queryable } from '../../platform/postgres/index.ts'
import { createHmac } from 'node:crypto'
import { createAccess, createCredentialPepper, hashSecret, mintApiKey } from './index.ts'
import type { Pepperer } from './index.ts'
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

const digestOf = (n: number): Buffer => hashSecret(`secret ${n}`)
const hmac = (digest: Buffer): Buffer => createHmac('sha256', 'a key').update(digest).digest()

/** A keyring that peppers, counts requests and can go away. */
function switchedKeyring() {
  const seen: number[] = []
  const state = { away: false }
  const keyring: Pepperer = {
    pepper: (_name, digests) => {
      if (state.away) return Promise.reject(new Error('the keyring is away'))
      seen.push(digests.length)
      return Promise.resolve(digests.map(hmac))
    },
  }
  return { keyring, seen, state }
}
const pepper = createCredentialPepper({ keyring: switchedKeyring().keyring, name: 'credential' })

const failure = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: { code: string; detail: string }) => ({ code: error.code, detail: error.detail }),
  )

describe('access', () => {
  it('refuses what is no key without asking the database, always in the same words', async () => {
    const { pool, asked } = refusingPool()
    const access = createAccess({ pool, pepper })
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

  it('spends the keyring on a minute’s measure of made-up keys without a checksum, by client', async () => {
    const { keyring, seen } = switchedKeyring()
    let nowMs = 0
    const access = createAccess({
      pool: { query: () => Promise.resolve({ rows: [], rowCount: 0, command: '', oid: 0, fields: [] }) },
      pepper: createCredentialPepper({ keyring, name: 'credential' }),
      clock: () => nowMs,
    })
    const guess = (n: number, address = '192.0.2.1') =>
      failure(
        access.authenticateDoor('mandrill', `md-${String(n).padStart(22, '0')}`, {
          address,
          userAgent: null,
        }),
      ).then((told) => told?.code)
    const codes = await Promise.all(Array.from({ length: 200 }, (_, n) => guess(n)))
    expect(codes.filter((code) => code === 'unauthenticated')).toHaveLength(60)
    expect(codes.filter((code) => code === 'too_many_requests')).toHaveLength(140)
    expect(seen.reduce((sum, count) => sum + count, 0)).toBe(60)
    expect(await guess(300, '192.0.2.2')).toBe('unauthenticated')
    expect(
      await failure(
        access.authenticateSmtp('any', `md-${'9'.repeat(22)}`, { address: '192.0.2.1', userAgent: null }),
      ),
    ).toMatchObject({ code: 'too_many_requests' })
    nowMs += 2_000
    expect([await guess(301), await guess(302), await guess(303)]).toEqual([
      'unauthenticated',
      'unauthenticated',
      'too_many_requests',
    ])
  })

  it('says unavailable, never unauthenticated, while the database is away', async () => {
    const access = createAccess({ pool: refusingPool().pool, pepper })
    const key = mintApiKey().key.reveal()
    expect((await failure(access.authenticateBearer(`Bearer ${key}`)))?.code).toBe('unavailable')
    expect((await failure(access.authenticateSmtp('anyone', key)))?.code).toBe('unavailable')
    expect((await failure(access.authenticateSmtp('anyone', 'secret')))?.code).toBe('unavailable')
  })

  it('knows the operator without the database, and gives it no scope over mail', async () => {
    const access = createAccess({
      pool: refusingPool().pool,
      pepper,
      operatorKeyHash: hashSecret('the-operator').toString('hex'),
    })
    const principal = await access.authenticateBearer('Bearer the-operator')
    expect(principal).toMatchObject({ kind: 'operator' })
    expect(
      principal.scopes.filter(
        (scope) =>
          !/^(workspaces|operations|keyring|installation-audit|installation-alerts|people|quarantine|shaping|sources|queue):/.test(
            scope,
          ),
      ),
    ).toEqual([])
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

describe('the pepper of credentials', () => {
  it('asks for the digests of one turn at once, and keeps nothing that was not found', async () => {
    const { keyring, seen } = switchedKeyring()
    const peppers = createCredentialPepper({ keyring, name: 'credential' })
    const some = [1, 2, 3].map(digestOf)
    expect(await Promise.all(some.map((digest) => peppers.of(digest)))).toEqual(some.map(hmac))
    expect(seen).toEqual([3])
    await peppers.of(digestOf(1))
    expect(seen).toEqual([3, 1])
  })

  it('lets an active credential work for five minutes without the keyring, a new one not at all, and then neither', async () => {
    const { keyring, seen, state } = switchedKeyring()
    let now = 0
    const peppers = createCredentialPepper({ keyring, name: 'credential', clock: () => now })
    const use = async (n: number) => {
      const digest = digestOf(n)
      peppers.keep(digest, await peppers.of(digest))
    }
    await use(1)
    now = 59_000
    await use(1)
    expect(seen).toEqual([1])
    now = 60_000
    await use(1)
    expect(seen).toEqual([1, 1])
    state.away = true
    now = 60_000 + 299_999
    // Used all the time, and yet no younger: only the keyring makes it so.
    await use(1)
    await expect(use(2)).rejects.toThrow('away')
    now = 60_000 + 300_000
    await expect(use(1)).rejects.toThrow('away')
    state.away = false
    await use(1)
  })
})
