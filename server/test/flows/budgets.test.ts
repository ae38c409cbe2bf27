import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBudgets, createSourcesStore } from '../../src/modules/sources/index.ts'
import type { Budgets } from '../../src/modules/sources/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const log = createLogger({ name: 'test', level: 'error' })

async function openLease(seconds = 60): Promise<string> {
  const { rows } = await database
    .pool('bulkhead_sender')
    .query<{ id: string }>('select engine.open_lease(gen_random_uuid(), $1)::text as id', [seconds])
  return rows[0]!.id
}

interface Sender {
  readonly budgets: Budgets
  readonly lease: string
  /** Questions that went to the database, with what each was about. */
  readonly asked: number[]
  isAway: boolean
  grown: number
}

async function startSender(leaseSeconds = 60): Promise<Sender> {
  const store = createSourcesStore(database.pool('bulkhead_sender'))
  const lease = await openLease(leaseSeconds)
  const asked: number[] = []
  const sender: Sender = {
    lease,
    asked,
    isAway: false,
    grown: 0,
    budgets: createBudgets({
      store: {
        shareBudgets(id, round, questions) {
          asked.push(questions.length)
          return sender.isAway ? Promise.reject(new Error('away')) : store.shareBudgets(id, round, questions)
        },
      },
      leaseId: () => lease,
      log,
      onGrown: () => {
        sender.grown += 1
      },
    }),
  }
  return sender
}

async function endLease(lease: string): Promise<void> {
  await database.pool('bulkhead_sender').query('select engine.release_leases($1)', [lease])
}

/** Asks again and again, as a dispatcher does, until it is so. */
async function until(isSo: () => boolean, ms = 8_000): Promise<number> {
  const startedMs = performance.now()
  while (!isSo()) {
    if (performance.now() - startedMs > ms) throw new Error(`not within ${ms} ms`)
    await sleep(5)
  }
  return performance.now() - startedMs
}

const aKey = (): string => `site:${crypto.randomUUID()}`

describe('a limit that senders share', () => {
  it('is whole for a single sender after one question, however many keys it asks about', async () => {
    const one = await startSender()
    const keys = Array.from({ length: 200 }, aKey)
    expect(keys.map((key) => one.budgets.share(key, 10))).toEqual(keys.map(() => 0))
    await Promise.all(keys.map((key) => one.budgets.known(key)))
    expect(keys.map((key) => one.budgets.share(key, 10))).toEqual(keys.map(() => 10))
    expect(one.asked).toEqual([200])
    expect(one.grown).toBe(1)
    await one.budgets[Symbol.asyncDispose]()
  })

  it('is divided by need: who needs little leaves the rest, who needs nothing gives it back', async () => {
    const [busy, quiet] = [await startSender(), await startSender()]
    const key = aKey()
    const shares = { busy: 0, quiet: 0 }
    let need = 3
    const look = (): void => {
      shares.busy = busy.budgets.share(key, 20)
      if (need > 0) shares.quiet = quiet.budgets.share(key, 20, { need })
    }
    await until(() => (look(), shares.busy === 17 && shares.quiet === 3))
    need = 0
    quiet.budgets.share(key, 20, { need: 0 })
    await until(() => (look(), shares.busy === 20), 15_000)
    need = 20
    await until(() => (look(), shares.busy === 10 && shares.quiet === 10), 15_000)
    await busy.budgets[Symbol.asyncDispose]()
    await until(() => ((need = 20), (shares.quiet = quiet.budgets.share(key, 20)), shares.quiet === 20))
    await quiet.budgets[Symbol.asyncDispose]()
  })

  it('never cuts a share below what is in use, and hands it on as it falls idle', async () => {
    const [first, second] = [await startSender(), await startSender()]
    const key = aKey()
    await until(() => first.budgets.share(key, 4, { inUse: 0 }) === 4)
    let inUse = 4
    let got = 0
    // Its renewals go on, and the other one asks: nothing moves while all four are in use.
    for (const end = performance.now() + 3_200; performance.now() < end; await sleep(20)) {
      expect(first.budgets.share(key, 4, { inUse })).toBe(4)
      got = second.budgets.share(key, 4)
      expect(got).toBe(0)
    }
    inUse = 3
    await until(() => {
      first.budgets.share(key, 4, { inUse })
      got = second.budgets.share(key, 4)
      return got === 1
    })
    inUse = 0
    await until(() => {
      got = second.budgets.share(key, 4)
      return first.budgets.share(key, 4, { inUse }) === 2 && got === 2
    })
    await first.budgets[Symbol.asyncDispose]()
    await second.budgets[Symbol.asyncDispose]()
  })

  it('goes round where there are fewer units than senders', async () => {
    const senders = await Promise.all([1, 2, 3].map(() => startSender()))
    const key = aKey()
    const had = new Set<number>()
    await until(() => {
      const shares = senders.map(({ budgets }) => budgets.share(key, 1))
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(1)
      for (const [index, share] of shares.entries()) if (share === 1) had.add(index)
      return had.size === 3
    }, 90_000)
    for (const { budgets } of senders) await budgets[Symbol.asyncDispose]()
  }, 60_000)

  it('comes back from a sender whose lease is gone, and from one that the database hears nothing of', async () => {
    const [dead, silent, heir] = [await startSender(), await startSender(), await startSender()]
    const keys = [aKey(), aKey()] as const
    await until(() => dead.budgets.share(keys[0], 5) === 5 && silent.budgets.share(keys[1], 5) === 5)
    dead.isAway = true
    silent.isAway = true
    await endLease(dead.lease)
    expect(await until(() => heir.budgets.share(keys[0], 5) === 5)).toBeLessThan(4_000)
    // The silent one still uses its own until it runs out, and stops before somebody else has it.
    await until(() => {
      const own = silent.budgets.share(keys[1], 5)
      const others = heir.budgets.share(keys[1], 5)
      expect(own + others).toBeLessThanOrEqual(5)
      return others === 5
    }, 90_000)
    expect(silent.budgets.share(keys[1], 5)).toBe(0)
    silent.isAway = false
    await until(() => {
      heir.budgets.share(keys[1], 5, { need: 2 })
      return silent.budgets.share(keys[1], 5) === 3
    })
    for (const { budgets } of [dead, silent, heir]) await budgets[Symbol.asyncDispose]()
  }, 90_000)

  it('is nobody’s who has no lease', async () => {
    const sender = await startSender()
    const key = aKey()
    await endLease(sender.lease)
    sender.budgets.share(key, 5)
    await sender.budgets.known(key)
    expect(sender.budgets.share(key, 5)).toBe(0)
    await sender.budgets[Symbol.asyncDispose]()
  })

  it('is never exceeded by what senders use together, whatever they do and whoever falls silent', async () => {
    const limits: Readonly<Record<string, number>> = { [aKey()]: 7, [aKey()]: 2, [aKey()]: 1, [aKey()]: 40 }
    const keys = Object.keys(limits)
    const senders = await Promise.all([1, 2, 3, 4, 5].map(() => startSender()))
    const uses = senders.map(() => new Map(keys.map((key) => [key, 0])))
    let seed = 7
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below
    let peak = 0
    for (const end = performance.now() + 10_000; performance.now() < end; await sleep(2)) {
      const index = random(senders.length)
      const key = keys[random(keys.length)]!
      const [sender, use, limit] = [senders[index]!, uses[index]!, limits[key]!]
      // Now and then one is cut off from the database for a while.
      if (random(300) === 0) sender.isAway = !sender.isAway
      let inUse = Math.max(0, use.get(key)! - random(3))
      const may = sender.budgets.share(key, limit, {
        inUse,
        need: Math.min(limit, inUse + random(limit + 1)),
      })
      inUse = may < inUse ? may : Math.min(may, inUse + random(4))
      sender.budgets.share(key, limit, { inUse, need: inUse })
      use.set(key, inUse)
      // Whoever holds units looks after them: it lets go of what has run out.
      for (const [other, entry] of uses.entries())
        entry.set(
          key,
          Math.min(
            entry.get(key)!,
            senders[other]!.budgets.share(key, limit, { inUse: entry.get(key)!, need: entry.get(key)! }),
          ),
        )
      const together = uses.reduce((sum, item) => sum + item.get(key)!, 0)
      expect(together).toBeLessThanOrEqual(limit)
      peak = Math.max(peak, together / limit)
    }
    // It was used: a test in which nobody gets anything shows nothing.
    expect(peak).toBe(1)
    for (const { budgets } of senders) await budgets[Symbol.asyncDispose]()
  }, 90_000)

  it('stands in the database as no more than there is, with many questions at the same moment', async () => {
    const pool = database.pool('bulkhead_sender')
    const leases = await Promise.all(Array.from({ length: 8 }, () => openLease()))
    const limits: Readonly<Record<string, number>> = { [aKey()]: 5, [aKey()]: 1, [aKey()]: 100 }
    const keys = Object.keys(limits)
    const store = createSourcesStore(pool)
    let seed = 11
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below
    const stop = new AbortController()
    const ask = async (lease: string): Promise<void> => {
      const held = new Map(keys.map((key) => [key, 0]))
      for (let round = 1; round <= 60; round += 1) {
        const chosen = keys.filter(() => random(3) > 0).toSorted(() => random(3) - 1)
        const questions = chosen.map((key) => ({
          key,
          limit: limits[key]!,
          keep: random(held.get(key)! + 1),
          want: random(limits[key]! + 1),
        }))
        for (const answer of await store.shareBudgets(lease, round, questions))
          held.set(answer.key, answer.amount)
      }
    }
    const watch = async (): Promise<number> => {
      let looks = 0
      while (!stop.signal.aborted) {
        const { rows } = await database
          .pool('superuser')
          .query<{ budget: string; amount: number }>(
            'select budget, sum(amount)::int as amount from sources.budget_share where budget = any($1) group by 1',
            [keys],
          )
        for (const row of rows) expect(row.amount).toBeLessThanOrEqual(limits[row.budget]!)
        looks += 1
      }
      return looks
    }
    const watching = watch()
    await Promise.all(leases.map(ask))
    stop.abort()
    expect(await watching).toBeGreaterThan(20)
  })

  it('takes no notice of a question that comes behind a later one', async () => {
    const store = createSourcesStore(database.pool('bulkhead_sender'))
    const [one, other] = [await openLease(), await openLease()]
    const key = aKey()
    const ask = (lease: string, round: number, keep: number, want: number) =>
      store.shareBudgets(lease, round, [{ key, limit: 10, keep, want }])
    expect(await ask(one, 2, 0, 10)).toMatchObject([{ amount: 10 }])
    expect(await ask(one, 1, 0, 1)).toEqual([])
    expect(await ask(other, 1, 0, 10)).toMatchObject([{ amount: 0, target: 5 }])
  })
})
