import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/support/database.ts'
import type { TestDatabase } from '../../../test/support/database.ts'
import { createLogger, createMetrics } from '../../platform/telemetry/index.ts'
import { createTenantTransactions } from '../../platform/postgres/tenant.ts'
import {
  createInstallationLedger,
  createInstallationMetrics,
  createMonitoringStore,
  runMonitoring,
} from './index.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

const ANN = '00000000-0000-4000-8000-00000000000a'
const BOB = '00000000-0000-4000-8000-00000000000b'

/** Rows as they would stand in the queue; the guards are about who writes, and this is nobody. */
async function queue(columns: string, from: string): Promise<void> {
  const pool = database.pool('superuser')
  await pool.query(`set session_replication_role = replica;
    insert into queue (lane, message_id, number, workspace_id, destination, due, expires_at, ${columns}) ${from};
    set session_replication_role = default`)
}

const row = (workspace: string, lane: string, due: string, rest: string) =>
  `select '${lane}'::lane, gen_random_uuid(), 1, '${workspace}'::uuid, 1, now() + '${due}'::interval, now() + '1 day'::interval, ${rest}`

const depths = async () => {
  const rows = await createMonitoringStore(database.pool('bulkhead_worker')).queueDepth()
  return new Map(rows.map((row) => [`${row.lane} ${row.state}`, row]))
}

describe('the depth of the queue', () => {
  it('is counted by lane and state, and says how long the longest waits', async () => {
    await queue(
      'lease, attempts, held, line',
      [
        row(ANN, 'transactional', '-90 seconds', 'null::bigint, 0, false, 0'),
        row(BOB, 'transactional', '-600 seconds', 'null, 0, false, 0'),
        row(ANN, 'transactional', '1 hour', 'null, 0, false, 0'),
        row(ANN, 'transactional', '1 hour', 'null, 2, false, 0'),
        row(ANN, 'transactional', '-9000 seconds', '7, 0, false, 0'),
        row(ANN, 'transactional', '-9000 seconds', 'null, 0, true, 0'),
        row(ANN, 'transactional', '-9000 seconds', 'null, 0, false, 5'),
        row(ANN, 'critical', '-5 seconds', 'null, 0, false, 0'),
      ].join(' union all '),
    )
    const found = await depths()
    const count = (state: string) => found.get(`transactional ${state}`)?.recipients
    expect(['ready', 'scheduled', 'deferred', 'claimed', 'held', 'line'].map(count)).toEqual([
      2, 1, 1, 1, 1, 1,
    ])
    expect(found.get('critical ready')?.recipients).toBe(1)
    const oldest = found.get('transactional oldest ready')
    expect(oldest?.recipients).toBeNull()
    expect(oldest?.oldestSeconds).toBeGreaterThanOrEqual(600)
    expect(oldest?.oldestSeconds).toBeLessThan(700)
    expect(found.has('bulk oldest ready')).toBe(false)
  })

  it('is estimated where a lane is large, from a bounded number of pages', async () => {
    await queue(
      'lease, attempts, held, line',
      `select 'bulk'::lane, gen_random_uuid(), 1, '${ANN}'::uuid, 1, now() - '10 seconds'::interval, now() + '1 day'::interval,
              null::bigint, 0, n % 4 = 0, 0 from generate_series(1, 240000) n`,
    )
    const found = await depths()
    const [ready, held] = [found.get('bulk ready')?.recipients ?? 0, found.get('bulk held')?.recipients ?? 0]
    expect(Math.abs(ready - 180_000)).toBeLessThan(18_000)
    expect(Math.abs(held - 60_000)).toBeLessThan(12_000)
    const { rows } = await database
      .pool('superuser')
      .query<{ pages: number }>(`select pg_relation_size('queue_bulk') / 8192 as pages`)
    expect(rows[0]?.pages).toBeGreaterThan(2_500)
    // What it reads of the lane is what was allowed, give or take the randomness of picking pages.
    const { rows: plan } = await database
      .pool('superuser')
      .query<{ 'QUERY PLAN': string }>(
        `explain (analyze, buffers) select count(*) from queue q tablesample system (100.0 * 2000 / ${rows[0]?.pages}) where q.lane = 'bulk'`,
      )
    const read = plan.map((line) => line['QUERY PLAN']).join('\n')
    expect(Number(/actual .*rows=(\d+)/.exec(/Sample Scan.*/.exec(read)?.[0] ?? '')?.[1] ?? 0)).toBeLessThan(
      150_000,
    )
    await database.pool('superuser').query(`set session_replication_role = replica;
      truncate queue_bulk;
      set session_replication_role = default`)
  })
})

describe('the gauges of the installation', () => {
  it('are read in the background until the end, and tell when', async () => {
    const metrics = createMetrics()
    const stop = new AbortController()
    const running = runMonitoring({
      store: createMonitoringStore(database.pool('bulkhead_worker')),
      metrics: createInstallationMetrics(metrics),
      log: createLogger({ name: 'probe', level: 'error' }),
      signal: stop.signal,
      nowMs: () => 5_000,
      readEveryMs: 20,
    })
    // Three readings, in no order. The rows above were never accepted, which the ledger sees.
    for (const name of ['ledger_lost_recipients', 'queue_recipients\\{', 'leases'])
      await expect
        .poll(() => metrics.read(), { timeout: 20_000 })
        .toMatch(new RegExp(`^bulkhead_${name}.* -?\\d`, 'm'))
    const text = await metrics.read()
    expect(text).toContain('bulkhead_queue_recipients{lane="critical",state="ready"} 1')
    expect(text).toMatch(/^bulkhead_queue_oldest_ready_seconds\{lane="transactional"\} 6\d\d/m)
    expect(text).toContain('bulkhead_installation_read_timestamp_seconds 5\n')
    expect(text).toContain('bulkhead_webhooks_waiting 0')
    expect(text).toContain('bulkhead_leases 0')
    expect(text).toContain('bulkhead_ledger_lost_recipients -8')
    stop.abort()
    await running
  })

  it('leave the ledger behind for those who only look', async () => {
    const read = createTenantTransactions(database.pool('bulkhead_api'))
    const ledger = createInstallationLedger({ transactions: read })
    const root = database.pool('superuser')
    await root.query('delete from installation_ledger')
    await expect(ledger.get()).rejects.toMatchObject({ code: 'unavailable' })
    const began = Date.now()
    await createMonitoringStore(database.pool('bulkhead_worker')).countLedger()
    const counted = await ledger.get()
    expect(counted).toMatchObject({ accepted: 0, balanced: false, lost: -8, doubled: 0 })
    expect(Math.abs(Date.parse(counted.countedAt) - began)).toBeLessThan(60_000)
    // A count that began earlier and took longer does not replace it.
    await root.query("update installation_ledger set counted_at = now() + interval '1 hour'")
    await createMonitoringStore(database.pool('bulkhead_worker')).countLedger()
    expect(Date.parse((await ledger.get()).countedAt)).toBeGreaterThan(began + 3_000_000)
  })

  it('stand still while the database is away, and come back', async () => {
    const metrics = createMetrics()
    const stop = new AbortController()
    let away = true
    let failures = 0
    const store = createMonitoringStore({
      query: (...query) => {
        if (!away) return database.pool('bulkhead_worker').query(...query)
        failures += 1
        return Promise.reject(new Error('connection refused'))
      },
    })
    const running = runMonitoring({
      store,
      metrics: createInstallationMetrics(metrics),
      log: createLogger({ name: 'probe', level: 'error' }),
      signal: stop.signal,
      nowMs: () => 5_000,
      readEveryMs: 5,
    })
    await expect.poll(() => failures).toBeGreaterThan(2)
    expect(await metrics.read()).not.toMatch(/^bulkhead_installation_read_timestamp_seconds \d/m)
    away = false
    await expect
      .poll(() => metrics.read(), { timeout: 20_000 })
      .toMatch(/^bulkhead_installation_read_timestamp_seconds 5$/m)
    stop.abort()
    await running
  })
})
