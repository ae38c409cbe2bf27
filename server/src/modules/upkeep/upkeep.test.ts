import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/support/database.ts'
import type { TestDatabase } from '../../../test/support/database.ts'
import { createIdGenerator } from '../../kernel/ids.ts'
import { createLogger } from '../../platform/telemetry/index.ts'
import { pauseAfter } from './pacing.ts'
import { startUpkeep } from './index.ts'
import { createUpkeepStore } from './upkeep-store.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

describe('pacing', () => {
  it('goes on at once after a full round, and else takes at most a twentieth of the time within its bounds', () => {
    const bounds = { leastMs: 5_000, mostMs: 60_000 }
    expect(pauseAfter({ tookMs: 900, rows: 5_000, limit: 5_000 }, bounds)).toBe(0)
    expect(pauseAfter({ tookMs: 1, rows: 0, limit: 5_000 }, bounds)).toBe(5_000)
    expect(pauseAfter({ tookMs: 1_000, rows: 4_999, limit: 5_000 }, bounds)).toBe(20_000)
    expect(pauseAfter({ tookMs: 10_000, rows: 0, limit: 5_000 }, bounds)).toBe(60_000)
  })
})

describe('upkeep', () => {
  it('removes what has served its time, in bounded batches, and nothing else', async () => {
    const owner = database.pool('superuser')
    const store = createUpkeepStore(database.pool('bulkhead_worker'))
    const newId = createIdGenerator()
    const [one, two] = [newId(), newId()]
    for (const id of [one, two]) await owner.query("insert into workspace (id, name) values ($1, 'x')", [id])
    await owner.query(
      `insert into idempotency (workspace_id, key_hash, body_hash, message_id, expires_at)
       select $1, int4send(n), '', gen_random_uuid(), now() + (n - 10.5) * interval '1 hour' from generate_series(1, 20) n`,
      [one],
    )
    expect(await store.trimIdempotency(7)).toBe(7)
    expect(await store.trimIdempotency(7)).toBe(3)
    expect(await store.trimIdempotency(7)).toBe(0)

    await owner.query(
      `insert into door_request (workspace_id, request_hash, request_id, expires_at)
       select $1, int4send(n), gen_random_uuid(), now() + (n - 3.5) * interval '1 minute' from generate_series(1, 5) n`,
      [one],
    )
    expect(await store.trimDoorRequests(2)).toBe(2)
    expect(await store.trimDoorRequests(2)).toBe(1)
    expect(await store.trimDoorRequests(2)).toBe(0)

    const endpoint = newId()
    await owner.query(
      "insert into webhook_endpoint (id, workspace_id, url, secret) values ($1, $2, 'x', '')",
      [endpoint, one],
    )
    await owner.query(
      `insert into webhook_delivery (endpoint_id, workspace_id, event_id, type, created_at)
       select $1, $2, gen_random_uuid(), 'x', now() - n * interval '1 day' from generate_series(0, 9) n`,
      [endpoint, one],
    )
    expect(await store.trimWebhooks(7, 2)).toBe(2)
    expect(await store.trimWebhooks(7, 100)).toBe(1)

    for (const [workspace, count] of [
      [one, 103],
      [two, 1],
    ] as const)
      await owner.query(
        `insert into captured (id, workspace_id, size_bytes, envelope, sealed)
         select gen_random_uuid(), $1, 1, '', '' from generate_series(1, $2)`,
        [workspace, count],
      )
    expect(await store.trimCaptured(101, 100)).toBe(2)
    const kept = await owner.query('select workspace_id, count(*)::int as n from captured group by 1')
    expect(new Map(kept.rows.map((row) => [row['workspace_id'], row['n']]))).toEqual(
      new Map([
        [one, 101],
        [two, 1],
      ]),
    )
  })

  // The engine gives senders 20 s after a start of PostgreSQL to renew their leases; alone, this test waits for that.
  it(
    'gives back what a dead sender held and ends what has expired, by itself',
    { timeout: 60_000 },
    async () => {
      const owner = database.pool('superuser')
      const lease = await owner.query<{ id: number }>(
        "insert into worker_lease (process_id, expires_at) values ($1, now() - interval '1 second') returning id",
        [randomUUID()],
      )
      const workspace = createIdGenerator()()
      const [held, expired] = [createIdGenerator()(), createIdGenerator()()]
      await owner.query(
        `insert into queue (lane, message_id, number, workspace_id, destination, due, expires_at, lease, held)
       values ('bulk', $1, 1, $3, 1, now(), now() + interval '1 day', $4, false),
              ('bulk', $2, 1, $3, 1, now() + interval '1 day', now() - interval '1 second', null, true)`,
        [held, expired, workspace, lease.rows[0]!.id],
      )
      const stop = new AbortController()
      const running = startUpkeep({
        pool: database.pool('bulkhead_worker'),
        log: createLogger({ name: 'test', level: 'error' }),
        signal: stop.signal,
        keyring: { destroyContentKeys: () => Promise.resolve(0) },
        retentionDays: 30,
      })
      await expect
        .poll(async () => (await owner.query('select message_id, lease from queue')).rows, {
          timeout: 40_000,
        })
        .toEqual([{ message_id: held, lease: null }])
      const outcome = await owner.query('select state from outcome where message_id = $1', [expired])
      expect(outcome.rows).toEqual([{ state: 'expired' }])
      stop.abort()
      await running
    },
  )
})
