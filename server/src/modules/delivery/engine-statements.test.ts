import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../../../test/support/database.ts'
import type { TestDatabase } from '../../../test/support/database.ts'
import { createIdGenerator } from '../../kernel/ids.ts'
import type { Lane } from '../../kernel/lane.ts'
import type { Pool } from '../../platform/postgres/index.ts'
import { acceptBatch, isItemError, type SealedMessage } from '../messages/accept-store.ts'
import { presentLedger } from '../messages/ledger.ts'
import { createDeliveryStore, type DeliveryStore } from './delivery-store.ts'
import type { ClaimedRow, Settlement } from './job.ts'

const newId = createIdGenerator()
const ZERO = '00000000-0000-0000-0000-000000000000'

let database: TestDatabase
let api: Pool
let root: Pool
let store: DeliveryStore
let workspace: string

beforeAll(async () => {
  database = await createTestDatabase()
  api = database.pool('bulkhead_api')
  root = database.pool('superuser')
  store = createDeliveryStore(database.pool('bulkhead_sender'))
})
afterAll(() => database[Symbol.asyncDispose]())
beforeEach(async () => {
  await root.query(
    'truncate queue, message, body, recipient, outcome, event, idempotency, suppression, worker_lease, webhook_delivery',
  )
  workspace = await newWorkspace()
})

async function newWorkspace(): Promise<string> {
  const id = newId()
  await root.query("insert into workspace (id, name) values ($1, 'test')", [id])
  return id
}

interface Wanted {
  readonly to?: readonly string[]
  readonly lane?: Lane
  readonly workspaceId?: string
  readonly sendAt?: Date
  readonly expiresAt?: Date
  readonly key?: string
  readonly bodyOf?: string
  readonly sensitive?: boolean
}

const chance = (share: number) => Math.random() < share
const indexOf = (address: string) => Buffer.from(address.padEnd(32, '.'))

function messageOf(wanted: Wanted = {}): SealedMessage {
  const to = wanted.to ?? ['a@x']
  return {
    id: newId(),
    workspaceId: wanted.workspaceId ?? workspace,
    eventId: newId(),
    lane: wanted.lane ?? 'transactional',
    source: 'api',
    sensitive: wanted.sensitive ?? false,
    fromDomain: 'us.example',
    tags: ['a"b', 'c\\d'],
    sizeBytes: 5,
    sendAt: wanted.sendAt,
    expiresAt: wanted.expiresAt ?? new Date(Date.now() + 3_600_000),
    actor: 'key',
    summary: Buffer.from('summary'),
    body: Buffer.from('\x01'.padEnd(40, 'b')),
    recipients: to.map((address) => ({
      kind: 'to',
      address: Buffer.from(address),
      index: indexOf(address),
      destination: BigInt(address.length),
      eventId: newId(),
    })),
    idempotency:
      wanted.key === undefined
        ? undefined
        : {
            keyHash: indexOf(wanted.key),
            bodyHash: indexOf(wanted.bodyOf ?? 'body'),
            expiresAt: new Date(Date.now() + 86_400_000),
          },
    bytes: 100,
    rows: to.length + 2,
  }
}

const accept = (...wanted: Wanted[]) => acceptBatch(api, wanted.map(messageOf))
const claim = (
  lease: string,
  limit = 100,
  over: { lane?: Lane; after?: string; avoid?: bigint[]; line?: bigint; skip?: string[] } = {},
) =>
  store.claim(over.lane ?? 'transactional', lease, limit, over.after ?? ZERO, {
    line: over.line ?? 0n,
    avoid: (over.avoid ?? []).map((destination) => ({ destination, line: destination + 1_000n })),
    skip: over.skip ?? [],
  })
const settlementOf = (row: ClaimedRow, lease: string, over: Partial<Settlement> = {}): Settlement => ({
  lane: row.lane,
  lease,
  messageId: row.messageId,
  number: row.number,
  state: 'delivered',
  attempted: true,
  due: undefined,
  type: undefined,
  detail: { code: 250 },
  suppress: false,
  ...over,
})
const settle = (lease: string, items: readonly Settlement[], orFree = false) =>
  store.settle(items[0]?.lane ?? 'transactional', lease, orFree, items, newId)

async function ledger() {
  const { rows } = await root.query<{ state: string; recipients: string }>(
    'select * from engine.ledger(null)',
  )
  return presentLedger(rows.map(({ state, recipients }) => ({ state, recipients: Number(recipients) })))
}

describe('accept', () => {
  it('stores what it was given and queues every recipient', async () => {
    const [row] = await accept({ to: ['a@x', 'b@x'] })
    expect(row).toMatchObject({ accepted: true, suppressed: [] })
    const { rows } = await root.query('select tags, summary, recipient_count from message')
    expect(rows).toEqual([{ tags: ['a"b', 'c\\d'], summary: Buffer.from('summary'), recipient_count: 2 }])
    const { rows: claimed } = await claim(await store.openLease(newId(), 20))
    expect(claimed.map(({ number, address }) => `${number} ${address.toString()}`).toSorted()).toEqual([
      '1 a@x',
      '2 b@x',
    ])
  })

  it('makes one message of the same key twice in one batch, and tells both what it is', async () => {
    const [first, second, other] = await accept({ key: 'k' }, { key: 'k', bodyOf: 'other' }, { key: 'l' })
    expect([first?.accepted, second?.accepted, other?.accepted].filter(Boolean)).toHaveLength(2)
    expect(second?.messageId).toBe(first?.messageId)
    expect(first?.bodyHash).toEqual(second?.bodyHash)
    expect((await ledger()).accepted).toBe(2)
  })

  it('makes one message of the same keys on many connections at once, without a deadlock', async () => {
    const keys = Array.from({ length: 10 }, (_, n) => `key${n}`)
    const batches = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        accept(...(n % 2 === 0 ? keys : keys.toReversed()).map((key) => ({ key }))),
      ),
    )
    expect(batches.flat().filter(({ accepted }) => accepted)).toHaveLength(10)
    expect(new Set(batches.flat().map(({ messageId }) => messageId)).size).toBe(10)
    expect(await ledger()).toMatchObject({ accepted: 10, lost: 0, doubled: 0 })
  })

  it('a key belongs to its workspace', async () => {
    const rows = await accept({ key: 'k' }, { key: 'k', workspaceId: await newWorkspace() })
    expect(rows.map(({ accepted }) => accepted)).toEqual([true, true])
  })

  it('ends suppressed recipients at once, tells them, and tells them again when the request is repeated', async () => {
    await store.suppress([
      {
        id: newId(),
        workspaceId: workspace,
        addressIndex: indexOf('b@x'),
        address: Buffer.from('s'),
        messageId: newId(),
        evidence: {},
      },
    ])
    const elsewhere = await newWorkspace()
    const [row, other] = await accept(
      { to: ['a@x', 'b@x', 'c@x'], key: 'k' },
      { to: ['b@x'], workspaceId: elsewhere },
    )
    expect([row?.suppressed, other?.suppressed]).toEqual([[2], []])
    const [again] = await accept({ to: ['a@x', 'b@x', 'c@x'], key: 'k' })
    expect(again).toMatchObject({ accepted: false, messageId: row?.messageId, suppressed: [2] })
    expect(await ledger()).toMatchObject({ accepted: 4, suppressed: 1, pending: 3, lost: 0, doubled: 0 })
  })

  it('puts its events before the webhook endpoints that want them, in the same commit', async () => {
    await root.query(
      `insert into webhook_endpoint (id, workspace_id, url, secret, event_types) values
       (gen_random_uuid(), $1, 'https://all.example', '', '{}'), (gen_random_uuid(), $1, 'https://some.example', '', '{message.delivered}')`,
      [workspace],
    )
    await accept({}, {}, { workspaceId: await newWorkspace() })
    const lease = await store.openLease(newId(), 20)
    const { rows } = await claim(lease)
    await settle(
      lease,
      rows.map((row) => settlementOf(row, lease)),
    )
    const { rows: waiting } = await root.query(
      'select e.url, d.type, count(*)::integer as n from webhook_delivery d join webhook_endpoint e on e.id = d.endpoint_id group by 1, 2 order by 1, 2',
    )
    expect(waiting).toEqual([
      { url: 'https://all.example', type: 'message.accepted', n: 2 },
      { url: 'https://all.example', type: 'message.delivered', n: 2 },
      { url: 'https://some.example', type: 'message.delivered', n: 2 },
    ])
  })

  it('a poisoned item is known as one, and leaves nothing of its batch', async () => {
    const bad = { ...messageOf(), fromDomain: 'nul\0' }
    const error = await acceptBatch(api, [messageOf({ key: 'k' }), bad]).catch((thrown: unknown) => thrown)
    expect(isItemError(error)).toBe(true)
    expect((await ledger()).accepted).toBe(0)
    expect((await accept({ key: 'k' }))[0]?.accepted).toBe(true)
  })
})

describe('claim', () => {
  it('gives a few messages of one workspace their turn beside a thousand of another', async () => {
    const small = await newWorkspace()
    await accept({ to: Array.from({ length: 1_000 }, (_, n) => `r${n}@x`) })
    await accept({ workspaceId: small, to: ['a@x', 'b@x'] })
    const { rows } = await claim(await store.openLease(newId(), 20), 100)
    expect(rows.filter(({ workspaceId }) => workspaceId === small)).toHaveLength(2)
    expect(rows.length).toBeGreaterThanOrEqual(52)
  })

  it('rows that are not due take no part of the share, and never hide a workspace behind them', async () => {
    const later = new Date(Date.now() + 3_600_000)
    const workspaces = (await Promise.all(Array.from({ length: 150 }, () => newWorkspace()))).toSorted()
    for (const workspaceId of workspaces.slice(0, -1)) await accept({ workspaceId, sendAt: later })
    const last = workspaces.at(-1) ?? ''
    await accept({ workspaceId: last, to: Array.from({ length: 100 }, (_, n) => `r${n}@x`) })
    const lease = await store.openLease(newId(), 20)
    let after = ZERO
    const found: ClaimedRow[] = []
    let calls = 0
    for (; calls < 5; calls++) {
      const { rows, stoppedAt } = await claim(lease, 100, { after })
      found.push(...rows)
      if (stoppedAt === undefined) break
      after = stoppedAt
    }
    expect(calls).toBe(2)
    expect(found).toHaveLength(100)
    expect(new Set(found.map(({ workspaceId }) => workspaceId))).toEqual(new Set([last]))
  })

  it('never gives a row to two at once', async () => {
    for (let n = 0; n < 10; n++) await accept({ to: Array.from({ length: 50 }, (_, r) => `r${r}@x`) })
    const leases = await Promise.all(Array.from({ length: 6 }, () => store.openLease(newId(), 20)))
    const claims = await Promise.all(
      leases.map(async (lease) => {
        const rows: ClaimedRow[] = []
        for (let n = 0; n < 12; n++) rows.push(...(await claim(lease, 30)).rows)
        return rows
      }),
    )
    const keys = claims.flat().map(({ messageId, number }) => `${messageId}/${number}`)
    expect(new Set(keys).size).toBe(keys.length)
    expect(keys).toHaveLength(500)
  })

  it('leaves out avoided destinations, held rows and other lanes; tells what was suppressed since', async () => {
    await accept({ to: ['a@x', 'long@x', 'held@xx'] }, { lane: 'bulk' })
    await root.query(
      "update queue set held = true from recipient r where r.message_id = queue.message_id and r.number = queue.number and r.address = 'held@xx'",
    )
    await store.suppress([
      {
        id: newId(),
        workspaceId: workspace,
        addressIndex: indexOf('a@x'),
        address: Buffer.from('s'),
        messageId: newId(),
        evidence: {},
      },
    ])
    const { rows } = await claim(await store.openLease(newId(), 20), 100, { avoid: [6n] })
    expect(rows.map(({ address, suppressed }) => [address.toString(), suppressed])).toEqual([
      ['a@x', 'hard_bounce'],
    ])
  })

  it('puts what an avoided site waits for into its line once, and gives it out from there, but not of workspaces that may not', async () => {
    await accept({ to: ['a@x', 'long@x', 'again@'], lane: 'bulk' })
    const lease = await store.openLease(newId(), 20)
    const first = await claim(lease, 100, { lane: 'bulk', avoid: [6n] })
    expect([first.rows.length, first.stoppedAt]).toEqual([1, ZERO])
    expect(await store.waitingLines('bulk')).toEqual([1_006n])
    expect((await claim(lease, 100, { lane: 'bulk' })).rows).toEqual([])
    expect((await claim(lease, 100, { lane: 'bulk', line: 1_006n, skip: [workspace] })).rows).toEqual([])
    const { rows } = await claim(lease, 100, { lane: 'bulk', line: 1_006n })
    expect(rows.map(({ address }) => address.toString()).toSorted()).toEqual(['again@', 'long@x'])
    const due = new Date()
    await store.settle(
      'bulk',
      lease,
      false,
      rows.map((row) => settlementOf(row, lease, { state: null, due })),
      newId,
    )
    expect(await store.waitingLines('bulk')).toEqual([])
  })

  it('holds what a pause names, in its own name, and gives out the rest', async () => {
    await accept({ lane: 'bulk' }, {})
    await root.query(
      "insert into operations.pause (id, workspace_id, lanes, tags, reason, made_by) values ($1, $2, '{bulk}', array['a\"b'], 'test', 'x')",
      [newId(), workspace],
    )
    const lease = await store.openLease(newId(), 20)
    expect((await claim(lease, 100, { lane: 'bulk' })).rows).toHaveLength(0)
    expect((await claim(lease)).rows).toHaveLength(1)
    const { rows } = await root.query('select held, hold is not null as named from queue where lane = $1', [
      'bulk',
    ])
    expect(rows).toEqual([{ held: true, named: true }])
    await root.query('update operations.pause set ended_at = now()')
  })

  it('gives nothing under a lease that is gone', async () => {
    await accept({})
    const lease = await store.openLease(newId(), 20)
    await store.releaseLease(lease)
    expect((await claim(lease)).rows).toEqual([])
    expect((await claim(await store.openLease(newId(), 20))).rows).toHaveLength(1)
  })

  it('the end of a lease finds the rows of a claim that ran beside it', async () => {
    for (let round = 0; round < 20; round++) {
      await accept({}, {}, {})
      const lease = await store.openLease(newId(), 20)
      await Promise.all([claim(lease), store.releaseLease(lease)])
    }
    const { rows } = await root.query('select count(*)::integer as n from queue where lease is not null')
    expect(rows).toEqual([{ n: 0 }])
  })
})

describe('settle', () => {
  it('takes only rows of its lease; with p_or_free also those nobody holds', async () => {
    await accept({ to: ['a@x', 'b@x', 'c@x'] })
    const [mine, other] = [await store.openLease(newId(), 20), await store.openLease(newId(), 20)]
    const { rows } = await claim(mine, 2)
    const { rows: theirs } = await claim(other, 1)
    const free = rows[1]
    await root.query('update queue set lease = null where message_id = $1 and number = $2', [
      free?.messageId,
      free?.number,
    ])
    const items = [...rows, ...theirs].map((row) => settlementOf(row, mine))
    expect(new Set(await settle(mine, items))).toEqual(new Set([1, 2]))
    expect(await settle(mine, items.slice(1), true)).toEqual([1])
    expect(await ledger()).toMatchObject({ delivered: 2, pending: 1, lost: 0, doubled: 0 })
  })

  it('puts a row back with its next attempt and an event, and counts only real attempts', async () => {
    await accept({})
    const lease = await store.openLease(newId(), 20)
    const [row] = (await claim(lease)).rows
    if (row === undefined) throw new Error('nothing claimed')
    const due = new Date(Date.now() - 1_000)
    await settle(lease, [
      settlementOf(row, lease, { state: null, type: 'message.deferred', due, detail: { code: 451 } }),
    ])
    const [again] = (await claim(lease)).rows
    expect(again).toMatchObject({ attempts: 1, due })
    await settle(lease, [settlementOf(row, lease, { state: null, attempted: false, due })])
    expect((await claim(lease)).rows[0]?.attempts).toBe(1)
    const { rows: events } = await root.query('select type, detail from event')
    expect(events).toEqual([{ type: 'message.deferred', detail: { code: 451 } }])
  })

  it('writes exactly one outcome, however often and from wherever it is settled', async () => {
    await accept({ to: ['a@x', 'b@x'] })
    const lease = await store.openLease(newId(), 20)
    const { rows } = await claim(lease)
    const items = rows.map((row) => settlementOf(row, lease))
    const refused = await Promise.all(Array.from({ length: 5 }, () => settle(lease, items, true)))
    expect(refused.filter((positions) => positions.length === 0)).toHaveLength(1)
    expect(await ledger()).toMatchObject({ delivered: 2, lost: 0, doubled: 0 })
    await expect(
      root.query(`insert into outcome (message_id, number, workspace_id, event_id, state, attempts)
                  select message_id, number, workspace_id, gen_random_uuid(), 'bounced', 1 from outcome`),
    ).rejects.toThrow(/duplicate key/)
  })

  it('a detail that is no JSON is an error of that item', async () => {
    await accept({})
    const lease = await store.openLease(newId(), 20)
    const { rows } = await claim(lease)
    const bad = rows.map((row) => settlementOf(row, lease, { detail: { reply: '\0' } }))
    expect(isItemError(await settle(lease, bad).catch((error: unknown) => error))).toBe(true)
  })
})

describe('leases, expiry, cancelling, moving', () => {
  it('rows of a lease that ran out come back, those of a living one stay', async () => {
    await accept({}, {})
    const [dead, alive] = [await store.openLease(newId(), 20), await store.openLease(newId(), 20)]
    await claim(dead, 1)
    await claim(alive, 1)
    await store.releaseLease(dead)
    expect(await store.renewLease(dead, 20)).toBe(false)
    expect(await store.renewLease(alive, 20)).toBe(true)
    const { rows } = await root.query('select lease::text from queue order by lease nulls first')
    expect(rows).toEqual([{ lease: null }, { lease: alive }])
  })

  it('what ran out ends as expired, held or scheduled too, and not while it is attempted', async () => {
    const past = new Date(Date.now() - 1_000)
    await accept(
      { to: ['free@x'], expiresAt: past },
      { to: ['held@x'], expiresAt: past },
      { to: ['flying@x'] },
      { to: ['fine@x'] },
    )
    await root.query(
      "update queue q set held = true from recipient r where r.message_id = q.message_id and r.address = 'held@x'",
    )
    await root.query(
      "update queue q set lease = 1, expires_at = $1 from recipient r where r.message_id = q.message_id and r.address = 'flying@x'",
      [past],
    )
    await root.query('select engine.expire(100)')
    const { rows } = await root.query(
      'select r.address from outcome o join recipient r using (message_id, number) order by 1',
    )
    expect(rows.map(({ address }) => address.toString())).toEqual(['free@x', 'held@x'])
    expect(await ledger()).toMatchObject({ accepted: 4, expired: 2, pending: 2, lost: 0, doubled: 0 })
  })

  it('cancels and moves what waits of the own workspace, and nothing that is attempted', async () => {
    const [row] = await accept({ to: ['a@x', 'b@x', 'c@x'] })
    const lease = await store.openLease(newId(), 20)
    const { rows: flying } = await claim(lease, 1)
    expect(flying).toHaveLength(1)
    const at = new Date(Date.now() + 60_000)
    const moved = await api.query<{ n: string }>('select engine.reschedule($1, $2, $3, $4) as n', [
      workspace,
      row?.messageId,
      at,
      new Date(Date.now() + 120_000),
    ])
    expect(Number(moved.rows[0]?.n)).toBe(2)
    const stranger = await newWorkspace()
    const none = await api.query('select * from engine.cancel($1, $2)', [stranger, row?.messageId])
    const own = await api.query('select * from engine.cancel($1, $2)', [workspace, row?.messageId])
    expect(
      [none.rows, own.rows].map(([one]) => [Number(one?.['cancelled']), Number(one?.['in_flight'])]),
    ).toEqual([
      [0, 0],
      [2, 1],
    ])
    await settle(
      lease,
      flying.map((one) => settlementOf(one, lease)),
    )
    expect(await ledger()).toMatchObject({ accepted: 3, delivered: 1, cancelled: 2, lost: 0, doubled: 0 })
  })

  it('moves what waits for a destination behind its rest, and nothing else', async () => {
    await accept({ to: ['a@x', 'bb@x', 'cc@x'] })
    const until = new Date(Date.now() + 60_000)
    expect(await store.deferWaiting('transactional', workspace, 4n, until, 100)).toBe(2)
    const { rows } = await claim(await store.openLease(newId(), 20))
    expect(rows.map(({ address }) => address.toString())).toEqual(['a@x'])
  })

  it('content of a sensitive message goes when its last recipient is settled, not before', async () => {
    const [row] = await accept({ sensitive: true })
    const id = row?.messageId ?? ''
    expect(await store.sensitiveDone([id])).toEqual([])
    await store.eraseSensitive([id])
    const lease = await store.openLease(newId(), 20)
    const first = { messageId: id, number: 1 }
    expect((await store.bodies('transactional', lease, [first])).size).toBe(0)
    const { rows } = await claim(lease)
    expect((await store.bodies('transactional', lease, [first, { ...first, number: 2 }])).size).toBe(1)
    await settle(
      lease,
      rows.map((one) => settlementOf(one, lease)),
    )
    expect((await store.sensitiveDone([id])).map(({ messageId }) => messageId)).toEqual([id])
    await store.eraseSensitive([id])
    expect((await root.query('select 1 from body')).rows).toEqual([])
  })
})

describe('the ledger equation', () => {
  it('holds at every look while messages are accepted, claimed, settled, cancelled, expired and released at once', async () => {
    const until = Date.now() + 2_500
    const ids: string[] = []
    const accepting = async () => {
      while (Date.now() < until) {
        const rows = await accept(
          { to: ['a@x', 'b@x'], lane: 'transactional' },
          { lane: 'bulk', ...(chance(0.3) ? { expiresAt: new Date(Date.now() + 50) } : {}) },
        )
        ids.push(...rows.map(({ messageId }) => messageId))
      }
    }
    const working = async () => {
      while (Date.now() < until) {
        const lease = await store.openLease(newId(), 20)
        for (const lane of ['transactional', 'bulk'] as const) {
          const { rows } = await claim(lease, 20, { lane })
          if (chance(0.2)) continue
          const items = rows.map((row) =>
            settlementOf(
              row,
              lease,
              chance(0.3) ? { state: null, type: 'message.deferred', due: new Date() } : {},
            ),
          )
          if (items.length > 0) await settle(lease, items)
          if (chance(0.2) && items.length > 0) await settle(lease, items, true)
        }
        await store.releaseLease(lease)
      }
    }
    const upsetting = async () => {
      while (Date.now() < until) {
        await root.query('select engine.expire(10)')
        const id = ids.at(Math.floor(Math.random() * ids.length))
        if (id !== undefined) await api.query('select * from engine.cancel($1, $2)', [workspace, id])
      }
    }
    const looks: { lost: number; doubled: number }[] = []
    const looking = async () => {
      while (Date.now() < until) {
        const { lost, doubled } = await ledger()
        looks.push({ lost, doubled })
      }
    }
    await Promise.all([accepting(), accepting(), working(), working(), upsetting(), looking()])
    expect(looks.length).toBeGreaterThan(10)
    expect(looks.filter(({ lost, doubled }) => lost !== 0 || doubled !== 0)).toEqual([])
    const end = await ledger()
    expect(end).toMatchObject({ balanced: true })
    expect(Math.min(end.delivered, end.cancelled, end.accepted)).toBeGreaterThan(0)
  })
})
