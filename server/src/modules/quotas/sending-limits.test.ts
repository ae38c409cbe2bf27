import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Lane } from '../../kernel/lane.ts'
import { createPool, type Pool, type Queryable } from '../../platform/postgres/index.ts'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { createSendingLimits, refusalOf, type SendingItem, type SendingLimits } from './index.ts'

let database: TestDatabase
let pool: Pool
let limits: SendingLimits

beforeAll(async () => {
  database = await createTestDatabase()
  pool = database.pool('bulkhead_api')
  limits = createSendingLimits({ pool, nowMs: Date.now })
})
afterAll(() => database[Symbol.asyncDispose]())

type Limit = readonly [subject: string, lane: string, period: string, amount: number, burst?: number]

async function workspaceWith(...wanted: readonly Limit[]): Promise<string> {
  const id = randomUUID()
  await database.pool('superuser').query("insert into workspace (id, name) values ($1, 'x')", [id])
  for (const subject of new Set(wanted.map(([first]) => first))) {
    await setLimits(
      id,
      subject,
      wanted.filter(([first]) => first === subject),
    )
  }
  return id
}

async function setLimits(id: string, subject: string, wanted: readonly Limit[]): Promise<void> {
  await pool.query('select engine.set_sending_limits($1, $2, $3, $4, $5, $6, $7)', [
    id,
    subject,
    wanted.map((limit) => limit[1]),
    wanted.map((limit) => limit[2]),
    wanted.map((limit) => limit[3]),
    wanted.map((limit) => limit[4] ?? null),
    'test:1',
  ])
}

function item(workspaceId: string, recipients: number, more: Partial<SendingItem> & { lane?: Lane } = {}) {
  return {
    workspaceId,
    actor: 'member:1',
    lane: 'transactional' as Lane,
    recipients: Array.from({ length: recipients }),
    idempotency: undefined,
    ...more,
  }
}

const takeOne = async (wanted: SendingItem, db: Queryable = pool) => (await limits.take(db, [wanted]))[0]!

/** As if so much time had passed since a bucket was last taken from. */
async function pass(workspaceId: string, seconds: number): Promise<void> {
  await database
    .pool('superuser')
    .query('update sending_use set at = at - make_interval(secs => $2) where workspace_id = $1', [
      workspaceId,
      seconds,
    ])
}

const keyOf = (text: string) => ({ keyHash: createHash('sha256').update(text).digest() })

describe('limits of sending', () => {
  it('give a thousand parallel requests over several processes exactly the limit, and tell each what is left', async () => {
    const id = await workspaceWith(['installation', 'all', 'day', 300], ['workspace', 'all', 'month', 5_000])
    await using other = createPool({ url: database.url.bulkhead_smtp, applicationName: 'smtp', max: 8 })
    await using third = createPool({ url: database.url.bulkhead_api, applicationName: 'api 2', max: 8 })
    const pools = [pool, other, third]
    const all = await Promise.all(Array.from({ length: 1_000 }, (_, n) => takeOne(item(id, 1), pools[n % 3])))
    expect(all.filter((verdict) => verdict.allowed)).toHaveLength(300)
    const used = all.filter((verdict) => verdict.allowed).map((verdict) => verdict.states[0]?.used)
    expect(new Set(used).size).toBe(300)
    for (const verdict of all.filter((each) => !each.allowed))
      expect(verdict.states).toMatchObject([
        { scope: 'installation', period: 'day', used: 300, refuses: true },
        { scope: 'workspace', period: 'month', used: 300, refuses: false, waitSeconds: 0 },
      ])
  })

  it('take nothing for what is rolled back', async () => {
    const id = await workspaceWith(['workspace', 'all', 'day', 5])
    const failed = pool.transaction(async (db) => {
      expect((await takeOne(item(id, 5), db)).allowed).toBe(true)
      throw new Error('the disk is full')
    })
    await expect(failed).rejects.toThrow('the disk is full')
    expect((await takeOne(item(id, 5))).allowed).toBe(true)
    expect((await takeOne(item(id, 1))).allowed).toBe(false)
  })

  it('judge the messages of a batch one by one', async () => {
    const id = await workspaceWith(['workspace', 'all', 'day', 10])
    const verdicts = await limits.take(pool, [item(id, 4), item(id, 7), item(id, 6), item(id, 1)])
    expect(verdicts.map((verdict) => verdict.allowed)).toEqual([true, false, true, false])
    expect(verdicts.map((verdict) => verdict.states[0]?.used)).toEqual([4, 4, 10, 10])
  })

  it('cost nothing for a repeated request, in a batch, after it, and beside it', async () => {
    const id = await workspaceWith(['workspace', 'all', 'day', 3])
    const repeated = item(id, 2, { idempotency: keyOf('a') })
    const twice = await limits.take(pool, [repeated, repeated])
    expect(twice.map((verdict) => [verdict.allowed, verdict.states[0]?.used])).toEqual([
      [true, 2],
      [true, 2],
    ])
    await database
      .pool('superuser')
      .query(
        "insert into idempotency (workspace_id, key_hash, body_hash, message_id, expires_at) values ($1, $2, '', gen_random_uuid(), now() + interval '1 day')",
        [id, repeated.idempotency?.keyHash],
      )
    expect(await takeOne(repeated)).toMatchObject({ allowed: true, states: [{ used: 2 }] })
    // One accepts and is not committed yet; its repetition waits for it, and then sees it.
    const beside = item(id, 1, { idempotency: keyOf('b') })
    let second: Promise<unknown> | undefined
    await pool.transaction(async (db) => {
      expect((await takeOne(beside, db)).allowed).toBe(true)
      second = takeOne(beside)
      await expect
        .poll(
          async () =>
            (
              await database
                .pool('superuser')
                .query(
                  "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
                )
            ).rowCount,
        )
        .toBe(1)
      await database
        .pool('superuser')
        .query(
          "insert into idempotency (workspace_id, key_hash, body_hash, message_id, expires_at) values ($1, $2, '', gen_random_uuid(), now() + interval '1 day')",
          [id, beside.idempotency?.keyHash],
        )
    })
    expect(await second).toMatchObject({ allowed: true, states: [{ used: 3 }] })
  })

  it('hold for critical mail of its own, whatever marketing has used', async () => {
    const id = await workspaceWith(['workspace', 'all', 'day', 10], ['workspace', 'critical', 'day', 3])
    expect((await takeOne(item(id, 10, { lane: 'bulk' }))).allowed).toBe(true)
    expect((await takeOne(item(id, 1, { lane: 'transactional' }))).allowed).toBe(false)
    expect((await takeOne(item(id, 3, { lane: 'critical' }))).allowed).toBe(true)
    expect((await takeOne(item(id, 1, { lane: 'critical' }))).allowed).toBe(false)
  })

  it('hold for a credential beside the workspace, and take from both or from none', async () => {
    const key = `api_key:${randomUUID()}`
    const id = await workspaceWith(['workspace', 'all', 'day', 10], [key, 'all', 'day', 4])
    expect((await takeOne(item(id, 4, { actor: key }))).states).toMatchObject([
      { scope: 'credential', used: 4 },
      { scope: 'workspace', used: 4 },
    ])
    expect(await takeOne(item(id, 1, { actor: key }))).toMatchObject({
      allowed: false,
      states: [
        { scope: 'credential', used: 4, refuses: true },
        { scope: 'workspace', used: 4, refuses: false },
      ],
    })
    expect((await takeOne(item(id, 6, { actor: `api_key:${randomUUID()}` }))).allowed).toBe(true)
    expect((await takeOne(item(id, 1))).allowed).toBe(false)
  })

  it('are not loosened by a lane of the workspace’s own where the installation limits all lanes', async () => {
    const id = await workspaceWith(['installation', 'all', 'day', 5], ['workspace', 'bulk', 'day', 1_000_000])
    expect((await takeOne(item(id, 5, { lane: 'bulk' }))).allowed).toBe(true)
    expect((await takeOne(item(id, 1, { lane: 'bulk' }))).allowed).toBe(false)
  })

  it('of many workspaces are taken by batches of several processes without waiting for each other in a circle', async () => {
    const ids = await Promise.all(
      Array.from({ length: 6 }, () =>
        workspaceWith(['installation', 'all', 'day', 50], ['workspace', 'bulk', 'month', 1_000]),
      ),
    )
    await using other = createPool({ url: database.url.bulkhead_smtp, applicationName: 'smtp', max: 8 })
    const batches = await Promise.all(
      Array.from({ length: 120 }, (_, n) =>
        limits.take(
          n % 2 === 0 ? pool : other,
          // Each in an order of its own.
          ids.map((__, place) => item(ids[(place * (n % 5) + n) % ids.length] ?? '', 1, { lane: 'bulk' })),
        ),
      ),
    )
    const allowed = batches.flat().filter((verdict) => verdict.allowed).length
    const { rows } = await database
      .pool('superuser')
      .query<{ used: number }>(
        "select used from sending_use where workspace_id = any($1) and period = 'day'",
        [ids],
      )
    expect(rows.reduce((sum, row) => sum + row.used, 0)).toBe(allowed)
    for (const { used } of rows) expect(used).toBeLessThanOrEqual(50)
    expect(allowed).toBeGreaterThan(250)
  })

  it('never stop what Bulkhead itself writes', async () => {
    const id = await workspaceWith(['workspace', 'all', 'day', 1])
    await takeOne(item(id, 1))
    expect((await takeOne(item(id, 9, { actor: 'system:dsn' }))).allowed).toBe(true)
  })

  it('keep what was counted when they are set again, lower or higher', async () => {
    const id = await workspaceWith(['workspace', 'all', 'day', 10])
    await takeOne(item(id, 8))
    await setLimits(id, 'workspace', [])
    await setLimits(id, 'workspace', [['workspace', 'all', 'day', 5]])
    expect(await takeOne(item(id, 1))).toMatchObject({ allowed: false, states: [{ used: 8 }] })
    await setLimits(id, 'workspace', [['workspace', 'all', 'day', 9]])
    expect((await takeOne(item(id, 1))).allowed).toBe(true)
  })

  it('wait as long as they say and no longer: then the same is allowed (rates, random sizes)', async () => {
    for (let round = 0; round < 60; round++) {
      const amount = 1 + Math.floor(Math.random() * 500)
      const burst = 1 + Math.floor(Math.random() * amount * 2)
      const period = round % 2 === 0 ? 'minute' : 'hour'
      const id = await workspaceWith(['workspace', 'all', period, amount, burst])
      const cost = 1 + Math.floor(Math.random() * burst)
      let verdict = await takeOne(item(id, cost))
      let taken = 0
      for (; verdict.allowed && taken < 400; taken++) verdict = await takeOne(item(id, cost))
      if (verdict.allowed) continue
      const fault = refusalOf(verdict.states, cost, Date.now())
      expect(fault.code).toBe('rate_limited')
      const wait = fault.retryAfterSeconds ?? 0
      const what = `${cost} of ${amount} a ${period}, burst ${burst}: ${wait} s`
      expect(wait, what).toBeGreaterThanOrEqual(1)
      const tooEarly = (verdict.states[0]?.waitSeconds ?? 0) - 1
      if (tooEarly > 1) {
        await pass(id, tooEarly)
        expect((await takeOne(item(id, cost))).allowed, what).toBe(false)
        await pass(id, wait - tooEarly)
      } else await pass(id, wait)
      expect((await takeOne(item(id, cost))).allowed, what).toBe(true)
    }
  })

  it('never answer a wait to what never fits', async () => {
    const id = await workspaceWith(['workspace', 'all', 'hour', 100, 20])
    const verdict = await takeOne(item(id, 21))
    expect(verdict).toMatchObject({ allowed: false, states: [{ waitSeconds: null, used: 0 }] })
    const fault = refusalOf(verdict.states, 21, Date.now())
    expect(fault).toMatchObject({ code: 'too_many_recipients', retryAfterSeconds: undefined })
    expect(fault.detail).toContain('at most 20')
    expect((await takeOne(item(id, 20))).allowed).toBe(true)
  })
})

describe('days and months', () => {
  it('begin in UTC, and a wait until then is enough', async () => {
    const own = await createTestDatabase()
    await using _own = own
    const at = (instant: string) =>
      own
        .pool('superuser')
        .query(
          `create or replace function engine.sending_now() returns timestamptz language sql volatile as $$ select timestamptz '${instant}' $$`,
        )
    const ownLimits = createSendingLimits({ pool: own.pool('bulkhead_api'), nowMs: Date.now })
    const id = randomUUID()
    await own.pool('superuser').query("insert into workspace (id, name) values ($1, 'x')", [id])
    await own
      .pool('bulkhead_api')
      .query(
        "select engine.set_sending_limits($1, 'workspace', '{all,all}', '{day,month}', '{4,6}', '{null,null}', 'test:1')",
        [id],
      )
    const take = async (recipients: number) =>
      (await ownLimits.take(own.pool('bulkhead_api'), [item(id, recipients)]))[0]!
    await at('2028-02-28 23:59:30.5+00')
    expect((await take(4)).allowed).toBe(true)
    const refused = await take(1)
    expect(refused.states).toMatchObject([
      { period: 'day', refuses: true, waitSeconds: 29.5 },
      { period: 'month', refuses: false, used: 4 },
    ])
    expect(refusalOf(refused.states, 1, 0)).toMatchObject({ code: 'quota_exceeded', retryAfterSeconds: 30 })
    // 2028 has a 29 February.
    await at('2028-02-29 00:00:00+00')
    expect((await take(2)).allowed).toBe(true)
    const ofMonth = await take(1)
    expect(ofMonth.states).toMatchObject([
      { period: 'day', used: 2, refuses: false },
      { period: 'month', used: 6, refuses: true, waitSeconds: 86_400 },
    ])
    await at('2028-03-01 00:00:00+00')
    expect(await take(4)).toMatchObject({ allowed: true, states: [{ used: 4 }, { used: 4 }] })
    // A clock that was set back gives nothing back.
    await at('2028-02-29 12:00:00+00')
    expect((await take(4)).allowed).toBe(false)
  })
})

describe('a workspace without limits', () => {
  it('costs a look into memory, and one that got some hears of them within two seconds', async () => {
    let nowMs = 0
    let asked = 0
    const counting: Queryable = {
      query: (statement, values) => {
        asked += 1
        return pool.query(statement, values)
      },
    }
    const own = createSendingLimits({ pool: counting, nowMs: () => nowMs })
    const id = await workspaceWith()
    for (let n = 0; n < 100; n++) expect(await own.concern([id, id])).toBe(false)
    expect(asked).toBe(1)
    await setLimits(id, 'workspace', [['workspace', 'all', 'day', 5]])
    nowMs = 1_999
    expect(await own.concern([id])).toBe(false)
    nowMs = 2_000
    expect(await own.concern([id])).toBe(true)
    await setLimits(id, 'workspace', [])
    nowMs = 4_000
    expect(await own.concern([id])).toBe(false)
    expect(asked).toBe(3)
  })
})

describe('upkeep of limits', () => {
  it('tells of four fifths and of the end once in a period, and trims what is old', async () => {
    const owner = database.pool('superuser')
    const worker = database.pool('bulkhead_worker')
    const warn = async () =>
      (await worker.query<{ n: number }>('select engine.warn_sending(100) as n')).rows[0]?.n
    const alerts = async (id: string) =>
      (
        await owner.query<{ kind: string }>(
          'select kind, severity, detail from security_alert where workspace_id = $1 order by id',
          [id],
        )
      ).rows
    await warn()
    const id = await workspaceWith(['workspace', 'all', 'day', 10], ['workspace', 'all', 'hour', 10])
    await takeOne(item(id, 7))
    expect(await warn()).toBe(0)
    await takeOne(item(id, 1))
    expect(await warn()).toBe(1)
    expect(await warn()).toBe(0)
    await takeOne(item(id, 2))
    expect(await warn()).toBe(1)
    expect(await warn()).toBe(0)
    expect(await alerts(id)).toMatchObject([
      { kind: 'quota.near', severity: 'medium', detail: { period: 'day', amount: 10, used: 8 } },
      { kind: 'quota.reached', severity: 'high', detail: { subject: 'workspace', used: 10 } },
    ])
    await owner.query("update sending_use set at = at - interval '63 days' where workspace_id = $1", [id])
    const trimmed = await worker.query<{ n: number }>('select engine.trim_sending(100) as n')
    expect(trimmed.rows[0]?.n).toBe(2)
  })
})
