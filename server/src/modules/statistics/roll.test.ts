import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/support/database.ts'
import type { TestDatabase } from '../../../test/support/database.ts'
import { createIdGenerator } from '../../kernel/ids.ts'
import { until } from '../../../test/constellation/installation.ts'
import { BOUNDS_MS, COUNTS, KEPT_DAYS, STEPS } from './statistic.ts'
import { rollStatistics, trimStatistics, wakeStatistics } from './statistics-store.ts'

let database: TestDatabase
const newId = createIdGenerator()
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

let workspace: string
beforeEach(async () => {
  workspace = newId()
  await root(`insert into workspace (id, name) values ('${workspace}', 'shop')`)
})

// oxlint-disable-next-line typescript/no-explicit-any -- rows of tests
async function root(sql: string): Promise<any[]> {
  const client = await database.pool('superuser').connect()
  try {
    // The guards are about who writes, and this is nobody.
    await client.query('set session_replication_role = replica')
    return (await client.query(sql)).rows
  } finally {
    await client.query('set session_replication_role = default')
    client.release()
  }
}

const worker = () => database.pool('bulkhead_worker')

interface Mail {
  readonly lane?: string
  readonly recipients?: number
  readonly age?: string
}

function message(id: string, { lane = 'transactional', recipients = 1, age = '0' }: Mail = {}): string {
  return `insert into message (id, workspace_id, lane, source, from_domain, size_bytes, recipient_count, expires_at, actor, summary, created_at)
    values ('${id}', '${workspace}', '${lane}', 'api', 'shop.test', 1, ${recipients}, now() + interval '1 day', 'test:1', '\\x00', now() - interval '${age}');`
}

function outcome(id: string, number: number, state: string, detail = {}, attempts = 1, age = '0'): string {
  return `insert into outcome (message_id, number, workspace_id, event_id, state, attempts, detail, at)
    values ('${id}', ${number}, '${workspace}', '${newId()}', '${state}', ${attempts}, '${JSON.stringify(detail)}', now() - interval '${age}');`
}

function event(id: string, number: number | null, type: string, detail = {}, age = '0'): string {
  return `insert into event (id, message_id, number, workspace_id, type, detail, at)
    values ('${newId()}', '${id}', ${number}, '${workspace}', 'message.${type}', '${JSON.stringify(detail)}', now() - interval '${age}');`
}

/** Everything that is committed is counted. */
async function count(rowsMax = 2_000): Promise<void> {
  await horizon()
  await countNow(rowsMax)
}

/** Counts what can be counted at this moment: nothing that is newer than a transaction that still runs. */
async function countNow(rowsMax = 2_000): Promise<void> {
  await wakeStatistics(worker(), new Date(Date.now() - 60_000), 1_000)
  await turns(rowsMax)
}

/**
 * Waits until every transaction has ended that runs now. Numbers of transactions are of the cluster: those of other test files, the making
 * of their databases and autovacuum hold back what is counted here too.
 */
async function horizon(): Promise<void> {
  const [{ mark }] = await root('select pg_current_xact_id()::text as mark')
  await until(
    'the transactions of the cluster have ended',
    30_000,
    async () => {
      const [{ passed }] = await root(
        `select pg_snapshot_xmin(pg_current_snapshot()) > '${mark}'::xid8 as passed`,
      )
      return passed === true
    },
    20,
  )
}

async function turns(rowsMax = 2_000): Promise<void> {
  await root(`update statistic_cursor set due_at = now() where workspace_id = '${workspace}'`)
  while ((await rollStatistics(worker(), rowsMax, null)) !== null);
}

async function sums(step = 'day', where = 'true'): Promise<Record<string, number>> {
  const [row] = await root(
    `select ${COUNTS.map((name) => `coalesce(sum(${name}), 0)::integer as ${name}`).join(', ')}
     from statistic where workspace_id = '${workspace}' and step = '${step}' and ${where}`,
  )
  return Object.fromEntries(Object.entries(row as Record<string, number>).filter(([, value]) => value > 0))
}

const GOOGLE = { provider: 'google', source: 'ip1', site: 'aspmx.l.google.com', stage: 'dot', durationMs: 40 }

const by = (fetcher: string) => ({ by: fetcher })
const place = (ms: number) => BOUNDS_MS.findIndex((bound) => ms < bound)
const insert = (step: string, days: number) =>
  `insert into statistic (workspace_id, step, at, lane, provider, source, accepted)
       values ('${workspace}', '${step}', now() - interval '${days} days', 'bulk', '', '', 1);`

describe('what is counted', () => {
  it('is each fact once, by lane, provider and source, in buckets of every length', async () => {
    const [a, b, c] = [newId(), newId(), newId()]
    await root(
      message(a, { recipients: 3 }) +
        outcome(a, 1, 'delivered', GOOGLE) +
        event(a, 2, 'deferred', { ...GOOGLE, attempt: 1 }) +
        outcome(a, 2, 'bounced', { ...GOOGLE, class: 'policy' }, 2) +
        outcome(a, 3, 'suppressed', { suppression: 'hard_bounce' }, 0) +
        message(b, { lane: 'critical' }) +
        event(b, 1, 'uncertain', { ...GOOGLE, attempt: 1 }) +
        event(b, 1, 'deferred', { stage: 'queue', reason: 'its turn' }) +
        event(b, 1, 'held') +
        outcome(b, 1, 'expired', {}, 1) +
        message(c, { lane: 'bulk' }) +
        outcome(c, 1, 'delivered', { site: 'mx.example.com', source: 'ip2', stage: 'dot' }) +
        event(c, 1, 'returned', { class: 'recipient' }) +
        event(c, 1, 'complained') +
        event(c, 1, 'unsubscribed'),
    )
    await count()
    for (const step of STEPS)
      expect(await sums(step)).toEqual({
        accepted: 5,
        attempts: 5,
        delivered: 2,
        bounced: 1,
        suppressed: 1,
        expired: 1,
        deferred: 1,
        unanswered: 1,
        waited: 1,
        returned: 1,
        complained: 1,
        unsubscribed: 1,
        suppressed_bounce: 1,
        bounced_hard: 1,
      })
    expect(await sums('hour', `provider = 'google' and lane = 'transactional' and source = 'ip1'`)).toEqual({
      attempts: 3,
      delivered: 1,
      bounced: 1,
      deferred: 1,
    })
    // What comes back is told where the mail had gone.
    expect(await sums('hour', `provider = 'other'`)).toMatchObject({
      returned: 1,
      complained: 1,
      delivered: 1,
    })
    expect(await sums('hour', `provider = ''`)).toMatchObject({ accepted: 5, suppressed: 1 })
  })

  it('of opens and clicks is the first of each recipient, of people and of machines, in whatever turn the others come', async () => {
    const a = newId()
    await root(message(a) + outcome(a, 1, 'delivered', GOOGLE))
    await root(event(a, 1, 'opened', by('scanner')) + event(a, 1, 'opened', by('proxy')))
    await count()
    await root(event(a, 1, 'opened', by('person')) + event(a, 1, 'clicked', by('person')))
    await root(event(a, 1, 'clicked', by('person')) + event(a, 1, 'clicked', by('scanner')))
    await count()
    await root(event(a, 1, 'clicked', by('person')) + event(a, 1, 'opened', by('unknown')))
    await count()
    expect(await sums()).toEqual({
      accepted: 1,
      attempts: 1,
      delivered: 1,
      opened: 1,
      opened_by_machine: 1,
      clicked: 1,
      clicked_by_machine: 1,
      opens: 2,
      clicks: 3,
    })
    expect(await sums('day', `provider = 'google'`)).toMatchObject({ opened: 1, clicked: 1 })
  })

  it('of durations stands in the bucket of its length; planned mail counts from its time', async () => {
    const [a, b] = [newId(), newId()]
    await root(
      message(a, { age: '4 seconds' }) +
        outcome(a, 1, 'delivered', { ...GOOGLE, durationMs: 500 }) +
        message(b, { age: '10 days' }) +
        `update message set send_at = now() - interval '20 seconds' where id = '${b}';` +
        outcome(b, 1, 'delivered', GOOGLE),
    )
    await count()
    const [row] = await root(
      `select first_attempt, delivery from statistic where workspace_id = '${workspace}' and step = 'day' and delivered > 0`,
    )
    expect(row.delivery[place(4_000)]).toBe(1)
    expect(row.delivery[place(20_000)]).toBe(1)
    expect(row.first_attempt[place(3_500)]).toBe(1)
    expect(row.delivery).toHaveLength(BOUNDS_MS.length + 1)
  })

  it('is not stopped by a detail that makes no sense', async () => {
    const a = newId()
    const wild = { provider: 'x'.repeat(500), durationMs: 'soon', attempt: {}, stage: [], site: 7 }
    await root(message(a) + event(a, 1, 'deferred', wild) + outcome(a, 1, 'delivered', wild))
    await count()
    expect(await sums()).toMatchObject({ accepted: 1, delivered: 1 })
  })
})

describe('counting', () => {
  it('waits for a transaction that commits late, and passes over nothing', async () => {
    const [a, b] = [newId(), newId()]
    await wakeStatistics(worker(), new Date(), 0)
    const late = await database.pool('superuser').connect()
    await late.query('set session_replication_role = replica')
    await late.query('begin')
    await late.query(message(a))
    await root(message(b))
    await countNow()
    // The other one is committed, and has a later number.
    expect(await sums()).toEqual({})
    await late.query('commit')
    await late.query('set session_replication_role = default')
    late.release()
    await count()
    expect(await sums()).toEqual({ accepted: 2 })
  })

  it('that dies in the middle has counted nothing, and the next turn counts all', async () => {
    const a = newId()
    await root(message(a) + outcome(a, 1, 'delivered', GOOGLE))
    await wakeStatistics(worker(), new Date(), 0)
    await horizon()
    const dying = await worker().connect()
    await dying.query('begin')
    let counted = 0
    // Other workspaces of this file may be due too.
    for (let rows: number | null = 0; rows !== null; counted += rows) {
      rows = (await dying.query<{ n: number | null }>('select engine.roll_statistics(100, null) as n'))
        .rows[0]!.n
      if (rows === null) break
    }
    expect(counted).toBeGreaterThanOrEqual(2)
    const { rows: self } = await dying.query<{ pid: number }>('select pg_backend_pid() as pid')
    dying.on('error', () => undefined)
    await root(`select pg_terminate_backend(${self[0]!.pid})`)
    dying.release(true)
    expect(await sums()).toEqual({})
    await count()
    expect(await sums()).toEqual({ accepted: 1, attempts: 1, delivered: 1 })
  })

  it('by several workers at once counts every row once, whole transactions at a time', async () => {
    const ids = Array.from({ length: 60 }, () => newId())
    for (const [place, id] of ids.entries()) {
      // Every tenth transaction is larger than a turn.
      const size = place % 10 === 0 ? 25 : 2
      await root(
        message(id, { recipients: size }) +
          Array.from({ length: size }, (_, n) =>
            outcome(id, n + 1, n % 2 === 0 ? 'delivered' : 'bounced', GOOGLE),
          ).join(''),
      )
    }
    await wakeStatistics(worker(), new Date(), 0)
    await horizon()
    let turns = 0
    const work = async (): Promise<void> => {
      for (let idle = 0; idle < 20;) {
        if ((await rollStatistics(worker(), 7, null)) === null) {
          idle += 1
          continue
        }
        turns += 1
        if (turns % 10 === 0) await root(`update statistic_cursor set due_at = now()`)
      }
    }
    await Promise.all([work(), work(), work(), work()])
    await count(7)
    expect(turns).toBeGreaterThan(20)
    expect(await sums()).toEqual({ accepted: 258, attempts: 258, delivered: 132, bounced: 126 })
    const [ledger] = await root(
      `select sum(recipients) filter (where state = 'delivered')::integer as delivered,
              sum(recipients) filter (where state = 'accepted')::integer as accepted from engine.ledger('${workspace}')`,
    )
    expect(ledger.delivered).toBe(132)
  })

  it('adds up to the sum over all workspaces', async () => {
    const a = newId()
    await root(message(a) + outcome(a, 1, 'delivered', GOOGLE))
    await count()
    const names = COUNTS.map((name) => `sum(${name})::integer as ${name}`).join(', ')
    for (const step of STEPS) {
      const [all] = await root(`select ${names} from installation_statistic where step = '${step}'`)
      const [each] = await root(`select ${names} from statistic where step = '${step}'`)
      expect(all).toEqual(each)
      expect(all.delivered).toBeGreaterThan(0)
    }
  })

  it('takes history too, into the buckets that are still kept', async () => {
    const a = newId()
    await root(
      message(a, { age: '10 days' }) +
        event(a, 1, 'deferred', { ...GOOGLE, attempt: 1 }, '10 days') +
        outcome(a, 1, 'delivered', GOOGLE, 2, '5 minutes'),
    )
    await count()
    expect(await sums('minute')).toEqual({ attempts: 1, delivered: 1 })
    expect(await sums('quarter')).toEqual({ accepted: 1, attempts: 2, deferred: 1, delivered: 1 })
    expect(await sums('day')).toEqual({ accepted: 1, attempts: 2, deferred: 1, delivered: 1 })
  })

  it('says until when it is complete, also while somebody else writes', async () => {
    const before = Date.now()
    await root(message(newId()))
    const busy = await database.pool('superuser').connect()
    await busy.query('begin')
    await busy.query('select pg_current_xact_id()')
    const through = async (): Promise<number> =>
      (
        await root(`select through_at from statistic_cursor where workspace_id = '${workspace}'`)
      )[0].through_at?.getTime() ?? 0
    await countNow()
    expect(await through()).toBe(0)
    await busy.query('commit')
    busy.release()
    await count()
    expect(await through()).toBeGreaterThan(before - 5_000)
    expect(await through()).toBeLessThanOrEqual(Date.now())
  })

  it('goes on after a restore into a cluster whose transaction numbers are lower, and counts nothing twice', async () => {
    const a = newId()
    await root(message(a, { age: '1 hour' }) + outcome(a, 1, 'delivered', GOOGLE, 1, '1 hour'))
    await count()
    await root(
      `update statistic_cursor set next_xid = '9000000000', through_at = now() - interval '1 minute' where workspace_id = '${workspace}'`,
    )
    await root(outcome(a, 2, 'delivered', GOOGLE))
    await count()
    expect(await sums()).toEqual({ accepted: 1, attempts: 2, delivered: 2 })
  })

  it('leaves quiet workspaces alone for up to a minute, and wakes them when they accept mail', async () => {
    await root(message(newId()))
    await count()
    for (let turn = 0; turn < 8; turn++) await turns()
    const [quiet] = await root(
      `select extract(epoch from due_at - now())::integer as wait from statistic_cursor where workspace_id = '${workspace}'`,
    )
    expect(quiet.wait).toBeGreaterThan(30)
    expect(quiet.wait).toBeLessThanOrEqual(60)
    await root(message(newId()))
    await horizon()
    await wakeStatistics(worker(), new Date(Date.now() - 60_000), 1_000)
    while ((await rollStatistics(worker(), 2_000, null)) !== null);
    expect(await sums()).toEqual({ accepted: 2 })
  })
})

describe('what is kept', () => {
  it('goes after its time, and no earlier; the constants of both sides agree', async () => {
    await root(
      STEPS.map((step) => insert(step, KEPT_DAYS[step] + 1) + insert(step, KEPT_DAYS[step] - 1)).join(''),
    )
    expect(await trimStatistics(worker(), 1_000)).toBe(4)
    for (const step of STEPS) expect(await sums(step)).toEqual({ accepted: 1 })
    const [bounds] = await root('select engine.statistic_bounds() as ms')
    expect(bounds.ms).toEqual([...BOUNDS_MS])
  })
})
