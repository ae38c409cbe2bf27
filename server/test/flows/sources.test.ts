import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { WORKSPACE, dayFromNow, openLease, planOf, startHost } from './sources-fixture.ts'
import type { Host } from './sources-fixture.ts'

let database: TestDatabase
let hosts: Host[] = []
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(async () => {
  for (const host of hosts) await host[Symbol.asyncDispose]()
  hosts = []
  await database[Symbol.asyncDispose]()
})

async function host(
  ...rest: Parameters<typeof startHost> extends [unknown, ...infer Rest] ? Rest : never
): Promise<Host> {
  const made = await startHost(database, ...rest)
  hosts.push(made)
  return made
}

async function sql<Row extends Record<string, unknown>>(
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  return (await database.pool('superuser').query<Row>(text, [...values])).rows
}

const TWO = `
[[source]]
name = "old"
address = "127.0.0.2"
weight = 1
[[source]]
name = "new"
address = "127.0.0.3"
weight = 1
`
const ONE = `
[[source]]
name = "new"
address = "127.0.0.3"
`

function warming(ramp: readonly number[], start = dayFromNow(0)): string {
  return `[[warm_up]]\nsource = "new"\nprovider = "google"\nstart = ${start}\nramp = [${ramp.join(', ')}]\n`
}

describe('sources and pools', () => {
  it('is the host’s own way where the file names nothing', async () => {
    const one = await host('')
    expect(await one.pick()).toEqual({
      kind: 'source',
      source: { name: 'default', ehloName: 'mail.example.net', weight: 1, pools: ['default'] },
      receipt: null,
    })
  })

  it('spreads mail by weight', async () => {
    const one = await host(TWO.replace('weight = 1', 'weight = 3'))
    expect(await one.counts(100)).toEqual({ old: 75, new: 25 })
  })

  it('uses no address that the host does not have, and no mail waits for one', async () => {
    const toml = `${TWO}\n[[source]]\nname = "far"\naddress = "192.0.2.9"\npools = ["far"]\n`
    await sql(`insert into workspace (id, name) values ($1, 'W')`, [WORKSPACE])
    await database
      .pool('bulkhead_api')
      .query(`select engine.set_routing($1, '{bulk}', 'far', 'operator:1')`, [WORKSPACE])
    const here = await host(toml, { host: 'here' })
    // Nobody has it: the mail takes the pool's fallback.
    expect(await here.counts(4)).toEqual({ old: 2, new: 2 })
    // A host that has it comes up: mail is left to it.
    const there = await host(toml, { host: 'there', addresses: ['192.0.2.9'] })
    expect(await there.counts(2)).toEqual({ far: 2 })
    await expect.poll(async () => (await here.pick()).kind, { timeout: 15_000 }).toBe('wait')
    expect(await here.pick()).toMatchObject({ reason: 'the sources of the pool "far" are on other hosts' })
    expect(await here.counts(2, 'yahoo')).toEqual({ wait: 2 })
    expect(await here.pick({ lane: 'critical' })).toMatchObject({ kind: 'source' })
    // That host dies.
    await there[Symbol.asyncDispose]()
    await sql(`update sources.presence set seen_at = seen_at - interval '1 minute' where host = 'there'`)
    await expect.poll(() => here.counts(2), { timeout: 15_000 }).toEqual({ old: 1, new: 1 })
    // The file forgets the pool: what was set for the workspace is as if it were not.
    here.sources.replacePlan(planOf(ONE))
    expect(await here.counts(2)).toEqual({ new: 2 })
  })

  it('hears what the operator set, and that it was cleared', async () => {
    const toml = `${TWO}\n[[source]]\nname = "own"\naddress = "127.0.0.4"\npools = ["own"]\n`
    await sql(`insert into workspace (id, name) values ($1, 'W')`, [WORKSPACE])
    const one = await host(toml)
    expect(await one.counts(2)).toEqual({ old: 1, new: 1 })
    const api = database.pool('bulkhead_api')
    await api.query(`select engine.set_routing($1, '{bulk,internal}', 'own', 'operator:1')`, [WORKSPACE])
    await expect.poll(() => one.counts(2), { timeout: 15_000 }).toEqual({ own: 2 })
    expect((await one.sources.pick({ workspaceId: randomUUID(), lane: 'bulk', provider: null })).kind).toBe(
      'source',
    )
    await api.query(`select engine.clear_routing($1, '{bulk}')`, [WORKSPACE])
    await expect.poll(() => one.counts(2), { timeout: 15_000 }).toEqual({ old: 1, new: 1 })
  })

  it('rests where the operator says so, until it is resumed', async () => {
    const one = await host(TWO)
    const api = database.pool('bulkhead_api')
    await api.query(
      `select engine.pause_source($1, 'old', 'google', 'a new PTR record', 'operator:1', null)`,
      [randomUUID()],
    )
    await expect.poll(() => one.counts(4), { timeout: 15_000 }).toEqual({ new: 4 })
    expect(await one.counts(4, 'yahoo')).toEqual({ old: 2, new: 2 })
    await api.query(
      `select engine.pause_source($1, 'new', null, 'it moves', 'operator:1', now() + interval '1 hour')`,
      [randomUUID()],
    )
    await expect.poll(() => one.counts(4), { timeout: 15_000 }).toEqual({ wait: 4 })
    expect(await one.pick()).toMatchObject({
      reason: 'source old rests: a new PTR record; source new rests: it moves',
    })
    expect(await one.counts(2, 'yahoo')).toEqual({ old: 2 })
    const { rows } = await api.query<{ n: number }>(
      `select engine.resume_source('old', null, 'operator:1') as n`,
    )
    expect(rows[0]?.n).toBe(1)
    await expect.poll(() => one.counts(4), { timeout: 15_000 }).toEqual({ old: 4 })
  })
})

describe('a source that warms up', () => {
  it('sends no more than the day’s number, all senders together; the rest waits for tomorrow and says why', async () => {
    const toml = ONE + warming([50])
    const three = [await host(toml), await host(toml), await host(toml)]
    const found = await Promise.all(three.map((one) => one.counts(200)))
    expect(found.reduce((sum, counts) => sum + (counts['new'] ?? 0), 0)).toBe(50)
    const pick = await three[0]!.pick()
    if (pick.kind !== 'wait') throw new Error('it was let through')
    expect(pick.reason).toBe(
      `source new has sent the 50 recipients that its warm-up allows to google on ${dayFromNow(0)}`,
    )
    const midnight = Date.parse(`${dayFromNow(1)}T00:00:00Z`)
    expect(pick.untilMs).toBeGreaterThanOrEqual(midnight)
    expect(pick.untilMs).toBeLessThan(midnight + 3_600_000)
    // Other providers have days of their own, or none.
    expect(await three[0]!.counts(60, 'yahoo')).toEqual({ new: 60 })
  })

  it('leaves what is too much for it to the warm sources of its pool', async () => {
    const one = await host(TWO + warming([20]))
    expect(await one.counts(100)).toEqual({ new: 20, old: 80 })
  })

  it('sends nothing before its first day, and everything after the last', async () => {
    const early = await host(ONE + warming([20], dayFromNow(2)))
    const pick = await early.pick()
    expect(pick).toMatchObject({
      kind: 'wait',
      reason: `source new waits for the first day of its warm-up, ${dayFromNow(2)}`,
    })
    const warm = await host(ONE + warming([20, 40], dayFromNow(-2)))
    expect(await warm.counts(100)).toEqual({ new: 100 })
  })

  it('gives back what was granted and not tried', async () => {
    const one = await host(ONE + warming([10]))
    const picks = await Promise.all(Array.from({ length: 10 }, () => one.pick()))
    expect(await one.counts(1)).toEqual({ wait: 1 })
    for (const pick of picks.slice(0, 4))
      if (pick.kind === 'source' && pick.receipt !== null) one.sources.giveBack(pick.receipt)
    expect(await one.counts(6)).toEqual({ new: 4, wait: 2 })
  })

  it('loses nothing to a sender that ends, and only what was on its way to one that dies', async () => {
    const toml = ONE + warming([200])
    const [ending, dying, heir] = [await host(toml), await host(toml), await host(toml)]
    expect(await ending.counts(30)).toEqual({ new: 30 })
    expect(await dying.counts(30)).toEqual({ new: 30 })
    await ending[Symbol.asyncDispose]()
    dying.isAway = true
    await database.pool('bulkhead_sender').query('select engine.release_leases($1)', [dying.lease])
    // Whatever it believes to have, a sender that lost its lease may use a little that was counted, and nothing else.
    const late = (await dying.counts(100))['new'] ?? 0
    const rest = (await heir.counts(400))['new'] ?? 0
    expect(30 + 30 + late + rest).toBeLessThanOrEqual(200)
    expect(rest).toBeGreaterThanOrEqual(200 - 60 - 70)
  })

  it('goes on with what was counted while the database is away, and no further', async () => {
    const one = await host(TWO + warming([1_000]))
    const picks = await Promise.all(Array.from({ length: 40 }, () => one.pick()))
    for (const pick of picks)
      if (pick.kind === 'source' && pick.receipt !== null) one.sources.giveBack(pick.receipt)
    one.isAway = true
    const found = await one.counts(400)
    expect(found).toEqual({ new: 20, old: 380 })
    const [row] = await sql<{ opened: number }>(
      `select sum(opened)::int as opened from sources.warm_up_share`,
    )
    expect(row?.opened).toBe(20)
    expect(await one.counts(10)).toEqual({ old: 10 })
  })

  it('keeps each day by the clock of the database', async () => {
    const { store, lease } = await host(ONE)
    const question = {
      source: 'new',
      provider: 'google',
      start: dayFromNow(-1),
      ramp: [10, 30],
      used: 0,
      hold: 0,
      more: 100,
      workspaceIds: [],
    }
    const [first] = await store.takeAllowance(lease, 1, [{ ...question, day: null }])
    expect(first).toMatchObject({ state: 'warming', day: dayFromNow(0), open: 30, allowed: 30 })
    // As if the night were between: what is left of yesterday is worth nothing, and today is whole.
    for (const table of ['warm_up_share', 'warm_up_day'])
      await sql(`update sources.${table} set day = day - 1`)
    const [second] = await store.takeAllowance(lease, 2, [
      { ...question, start: dayFromNow(0), day: dayFromNow(-1), used: 7, hold: 23 },
    ])
    expect(second).toMatchObject({ day: dayFromNow(0), open: 10, taken: 10 })
    expect(await sql('select day::text, used, opened from sources.warm_up_share order by day')).toEqual([
      { day: dayFromNow(-1), used: 7, opened: 7 },
      { day: dayFromNow(0), used: 0, opened: 10 },
    ])
    // An earlier question that comes late changes nothing.
    expect(await store.takeAllowance(lease, 2, [{ ...question, day: null }])).toMatchObject([
      { state: 'lost', open: 0 },
    ])
  })

  it('never passes the number, whatever senders say at the same moment, and whoever dies', async () => {
    const { store } = await host(ONE)
    let seed = 5
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below
    const stop = new AbortController()
    let used = 0
    const sender = async (): Promise<void> => {
      let lease = await openLease(database)
      const own = { day: null as string | null, used: 0, open: 0 }
      for (let round = 1; round <= 50; round += 1) {
        const spent = random(own.open + 1)
        own.used += spent
        own.open -= spent
        used += spent
        if (random(12) === 0) {
          await database.pool('bulkhead_sender').query('select engine.release_leases($1)', [lease])
          lease = await openLease(database)
          Object.assign(own, { day: null, used: 0, open: 0 })
        }
        const [answer] = await store.takeAllowance(lease, round, [
          {
            source: 'new',
            provider: 'google',
            start: dayFromNow(0),
            ramp: [300],
            day: own.day,
            used: own.used,
            hold: random(own.open + 1),
            more: random(20),
            workspaceIds: [WORKSPACE],
          },
        ])
        own.open = answer!.open
        own.day = answer!.day
      }
      used += own.open
    }
    const watching = (async () => {
      while (!stop.signal.aborted) {
        const [row] = await sql<{ n: number }>(
          `select ((select coalesce(sum(spent), 0) from sources.warm_up_day) + (select coalesce(sum(opened), 0) from sources.warm_up_share))::int as n`,
        )
        expect(row?.n).toBeLessThanOrEqual(300)
      }
    })()
    await Promise.all(Array.from({ length: 6 }, sender))
    stop.abort()
    await watching
    expect(used).toBeLessThanOrEqual(300)
    expect(used).toBeGreaterThan(150)
  })
})

describe('the rest of a source that warms up', () => {
  const listed = {
    source: 'new',
    provider: 'google',
    workspaceId: WORKSPACE,
    code: 550,
    enhanced: '5.7.1',
    text: '<ann@example.com>: blocked using zen.spamhaus.org',
  }

  it('begins by itself when replies say that its address is listed, with the replies as evidence', async () => {
    const one = await host(TWO + warming([10, 20, 30], dayFromNow(-2)))
    await one.counts(20)
    for (let count = 0; count < 3; count += 1) one.sources.observe(listed)
    await expect
      .poll(async () => (await sql('select 1 from sources.pause')).length, { timeout: 15_000 })
      .toBe(1)
    await expect.poll(() => one.counts(4), { timeout: 15_000 }).toEqual({ old: 4 })
    expect((await one.pick()).kind).toBe('source')
    const [pause] = await sql<{ reason: string; evidence: { text: string }[]; hours: number }>(
      `select reason, evidence, extract(epoch from until_at - began_at)::int / 3600 as hours from sources.pause`,
    )
    expect(pause?.reason).toMatch(/^3 of \d+ recipients: replies say that its address is on a block list$/)
    expect(pause?.evidence).toHaveLength(3)
    expect(pause?.evidence[0]?.text).toBe('<(address)>: blocked using zen.spamhaus.org')
    expect(pause?.hours).toBe(24)
    // Another provider is another reputation, and the warm source was never the matter.
    expect(await one.counts(4, 'yahoo')).toEqual({ old: 2, new: 2 })
    // When it is over, the source goes on a step before: the third day's number was 30.
    await sql(`update sources.pause set until_at = clock_timestamp() - interval '1 second'`)
    await sql(`update sources.warm_up_day set day = day - 1`)
    await sql(`delete from sources.warm_up_share`)
    await expect.poll(async () => (await one.counts(2))['new'], { timeout: 15_000 }).toBe(1)
    const [up] = await sql<{ allowed: number }>(
      `select allowed from sources.warm_up_day where day = (now() at time zone 'utc')::date`,
    )
    expect(up?.allowed).toBe(20)
  })

  it('does not begin because of one workspace’s bad mail beside others', async () => {
    const one = await host(TWO + warming([1_000]))
    const other = randomUUID()
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => one.pick({ workspaceId: index % 4 < 2 ? WORKSPACE : other })),
    )
    const refuse = (workspaceId: string): void => {
      for (let count = 0; count < 25; count += 1)
        one.sources.observe({ ...listed, workspaceId, text: 'rejected by policy' })
    }
    refuse(WORKSPACE)
    await expect
      .poll(async () => (await sql<{ hits: number }>('select hits from sources.trouble'))[0]?.hits, {
        timeout: 15_000,
      })
      .toBe(25)
    expect(await sql('select 1 from sources.pause')).toEqual([])
    refuse(other)
    await expect
      .poll(async () => (await sql('select 1 from sources.pause')).length, { timeout: 15_000 })
      .toBe(1)
  })

  it('does not begin at small servers because of what one or two of them say', async () => {
    const one = await host(TWO + warming([1_000]).replace('google', 'other'))
    const other = randomUUID()
    await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        one.pick({ provider: null, workspaceId: index % 4 < 2 ? WORKSPACE : other }),
      ),
    )
    const says = (site: string, workspaces = [WORKSPACE, other]): void => {
      for (const workspaceId of [...workspaces, ...workspaces])
        one.sources.observe({ ...listed, provider: null, workspaceId, site })
    }
    const sites = async () => (await sql<{ sites: string[] }>('select sites from sources.trouble'))[0]?.sites
    says('mx.hostile.test')
    says('{",\\" mx2.hostile.test')
    await expect.poll(async () => (await sites())?.length, { timeout: 15_000 }).toBe(2)
    expect(await sql('select 1 from sources.pause')).toEqual([])
    says('mx.third.test')
    await expect
      .poll(async () => (await sql('select 1 from sources.pause')).length, { timeout: 15_000 })
      .toBe(1)
  })

  it('does not begin at small servers because of what the servers of one workspace say', async () => {
    const one = await host(TWO + warming([1_000]).replace('google', 'other'))
    const other = randomUUID()
    await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        one.pick({ provider: null, workspaceId: index % 4 < 2 ? WORKSPACE : other }),
      ),
    )
    const says = (workspaceId: string, site: string): void =>
      one.sources.observe({ ...listed, provider: null, workspaceId, site })
    for (const site of ['mx1.own.test', 'mx2.own.test', 'mx3.own.test']) says(WORKSPACE, site)
    await expect
      .poll(async () => (await sql<{ hits: number }>('select hits from sources.trouble'))[0]?.hits, {
        timeout: 15_000,
      })
      .toBe(3)
    expect(await sql('select 1 from sources.pause')).toEqual([])
    says(other, 'mx.partner.test')
    await expect
      .poll(async () => (await sql('select 1 from sources.pause')).length, { timeout: 15_000 })
      .toBe(1)
  })

  it('does not begin because of complaints about one workspace’s mail beside others', async () => {
    const one = await host(TWO + warming([1_000]))
    const other = randomUUID()
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => one.pick({ workspaceId: index % 4 < 2 ? WORKSPACE : other })),
    )
    for (const id of [WORKSPACE, other]) await sql(`insert into workspace (id, name) values ($1, 'W')`, [id])
    const complain = async (workspaceId: string): Promise<void> => {
      const message = randomUUID()
      await sql(
        `insert into outcome (message_id, number, workspace_id, event_id, state, attempts, detail)
         values ($1, 1, $2, gen_random_uuid(), 'delivered', 1, '{"source": "new", "provider": "google"}')`,
        [message, workspaceId],
      )
      await sql(
        `insert into event (id, message_id, number, workspace_id, type) values (gen_random_uuid(), $1, 1, $2, 'message.complained')`,
        [message, workspaceId],
      )
    }
    const judged = async (hits: number): Promise<void> => {
      one.sources.observe({ ...listed, text: 'rejected by policy' })
      await expect
        .poll(async () => (await sql<{ hits: number }>('select hits from sources.trouble'))[0]?.hits, {
          timeout: 15_000,
        })
        .toBe(hits)
    }
    await expect
      .poll(
        async () =>
          (await sql<{ n: number }>('select cardinality(workspaces) as n from sources.warm_up_day'))[0]?.n,
        {
          timeout: 15_000,
        },
      )
      .toBe(2)
    for (let count = 0; count < 5; count += 1) await complain(WORKSPACE)
    await judged(1)
    expect(await sql('select 1 from sources.pause')).toEqual([])
    await complain(other)
    await judged(2)
    expect(await sql<{ reason: string }>('select reason from sources.pause')).toEqual([
      { reason: expect.stringMatching(/^6 of \d+ recipients: complaints$/) },
    ])
  })

  it('begins when complaints pass what providers bear', async () => {
    const one = await host(TWO + warming([1_000]))
    await one.counts(400)
    await sql(`insert into workspace (id, name) values ($1, 'W')`, [WORKSPACE])
    const message = randomUUID()
    await sql(
      `insert into outcome (message_id, number, workspace_id, event_id, state, attempts, detail)
       values ($1, 1, $2, gen_random_uuid(), 'delivered', 1, '{"source": "new", "provider": "google"}')`,
      [message, WORKSPACE],
    )
    const complain = () =>
      sql(
        `insert into event (id, message_id, number, workspace_id, type) values (gen_random_uuid(), $1, 1, $2, 'message.complained')`,
        [message, WORKSPACE],
      )
    await complain()
    await complain()
    one.sources.observe({ ...listed, text: 'rejected by policy' })
    await expect
      .poll(async () => (await sql('select 1 from sources.trouble')).length, { timeout: 15_000 })
      .toBe(1)
    expect(await sql('select 1 from sources.pause')).toEqual([])
    await complain()
    one.sources.observe({ ...listed, text: 'rejected by policy' })
    await expect
      .poll(async () => (await sql<{ reason: string }>('select reason from sources.pause'))[0]?.reason, {
        timeout: 15_000,
      })
      .toMatch(/^3 of \d+ recipients: complaints$/)
    expect(await one.counts(4)).toEqual({ old: 4 })
  })

  it('keeps the step of a warm-up that the operator stops, however long', async () => {
    const one = await host(ONE + warming([10, 20, 30, 40, 50], dayFromNow(-1)))
    expect(await one.counts(1)).toEqual({ new: 1 })
    const api = database.pool('bulkhead_api')
    await api.query(`select engine.pause_source($1, 'new', null, 'holidays', 'operator:1', null)`, [
      randomUUID(),
    ])
    await expect.poll(() => one.counts(1), { timeout: 15_000 }).toEqual({ wait: 1 })
    // As if it had begun two days earlier: the calendar has gone on.
    await one[Symbol.asyncDispose]()
    await sql(`update sources.warm_up set start_day = start_day - 2`)
    await api.query(`select engine.resume_source('new', null, 'operator:1')`)
    const later = await host(ONE + warming([10, 20, 30, 40, 50], dayFromNow(-3)))
    expect(await later.counts(1)).toEqual({ new: 1 })
    expect(await sql(`select allowed from sources.warm_up_day`)).toEqual([{ allowed: 20 }])
  })

  it('is shown with what is used and allowed today', async () => {
    const one = await host(TWO + warming([50, 60], dayFromNow(-1)), { host: 'here' })
    await one.counts(20)
    one.sources.observe(listed)
    await one[Symbol.asyncDispose]()
    const { rows } = await database
      .pool('bulkhead_api')
      .query<{ source: string; hosts: string; pauses: string; warm_ups: string }>(
        'select * from engine.list_sources()',
      )
    expect(rows.map((row) => row.source)).toEqual(['new', 'old'])
    expect(JSON.parse(rows[0]!.hosts)).toMatchObject([
      { host: 'here', ehloName: 'mail.example.net', addresses: ['127.0.0.3'], usable: true, live: true },
    ])
    expect(JSON.parse(rows[0]!.warm_ups)).toEqual([
      {
        provider: 'google',
        start: dayFromNow(-1),
        day: 2,
        days: 2,
        allowed: 60,
        used: 10,
        taken: 10,
        complaints: 0,
        setBack: 0,
        ramp: [50, 60],
        history: [{ day: dayFromNow(0), used: 10, allowed: 60, complaints: 0 }],
        state: 'warming',
      },
    ])
  })
})
