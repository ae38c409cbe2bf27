import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId, createIdGenerator } from '../../src/kernel/ids.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { createTenantTransactions } from '../../src/platform/postgres/tenant.ts'
import { sealOldRows } from '../../src/processes/api-sealing.ts'
import { startApi } from './api-fixture.ts'
import type { ApiFixture } from './api-fixture.ts'

let api: ApiFixture
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api[Symbol.asyncDispose]())

const newId = createIdGenerator()

async function workspace(domain = 'shop.test') {
  const made = await api.workspace()
  expect((await api.call(made.key, 'POST', '/v1/domains', { name: domain })).status).toBe(201)
  return { ...made, uuid: decodeId('workspace', made.id) ?? '' }
}

const rows = (sql: string, values: readonly unknown[] = []) =>
  api.database
    .pool('superuser')
    .query(sql, [...values])
    .then((result) => result.rows)

describe('what is personal', () => {
  it('of senders is stored sealed, found by an index, and shown to its workspace', async () => {
    const { key, uuid } = await workspace()
    const made = await api.call(key, 'POST', '/v1/senders', {
      email: 'Canary-Ann@shop.test',
      name: 'Canary Ann',
      replyTo: 'canary-desk@shop.test',
    })
    expect(made.status).toBe(201)
    const listed = await api.call(key, 'GET', '/v1/senders')
    expect(listed.body.data).toEqual([made.body])
    expect(made.body).toMatchObject({
      email: 'Canary-Ann@shop.test',
      name: 'Canary Ann',
      replyTo: 'canary-desk@shop.test',
    })
    // The same mailbox in other letters is the same sender.
    const again = await api.call(key, 'POST', '/v1/senders', { email: 'canary-ann@SHOP.test' })
    expect(again.status).toBe(409)
    const stored = await rows(
      `select row_to_json(s)::text as text, sealed_email, email_index from sender s where workspace_id = $1`,
      [uuid],
    )
    const bytes = Buffer.concat([
      stored[0]?.sealed_email,
      stored[0]?.email_index,
      Buffer.from(stored[0]?.text),
    ])
    expect(bytes.toString('latin1').toLowerCase()).not.toContain('canary')
    // Another workspace has another index of the same address, and no right to this row.
    const other = await workspace()
    await api.call(other.key, 'POST', '/v1/senders', { email: 'canary-ann@shop.test' })
    const indexes = await rows('select distinct email_index from sender where workspace_id = any($1)', [
      [uuid, other.uuid],
    ])
    expect(indexes).toHaveLength(2)
    const reads = await rows(
      `select reason from keyring.unwrap_log where workspace_id = $1 and reason = 'senders.list'`,
      [uuid],
    )
    expect(reads.length).toBeGreaterThan(0)
  })

  it('of senders does not open in another column or row', async () => {
    const { key, uuid } = await workspace()
    const sender = { email: 'ann@shop.test', name: 'Ann', replyTo: 'desk@shop.test' }
    await api.call(key, 'POST', '/v1/senders', sender)
    await rows('update sender set sealed_name = sealed_reply_to where workspace_id = $1', [uuid])
    const answer = await api.call(key, 'GET', '/v1/senders')
    expect(answer.status).toBe(500)
    expect(answer.text).not.toContain('desk@')
  })

  it('of suppressions is stored sealed, the note too', async () => {
    const { key, uuid } = await workspace()
    const entry = { email: 'canary@example.com', note: 'Canary rang on Monday, 555-0199' }
    const made = await api.call(key, 'POST', '/v1/suppressions', entry)
    expect(made.body).toMatchObject(entry)
    expect((await api.call(key, 'GET', `/v1/suppressions/${made.body.id}`)).body).toEqual(made.body)
    const [stored] = await rows(
      `select row_to_json(s)::text as text, sealed_note from suppression s where workspace_id = $1`,
      [uuid],
    )
    expect(`${stored?.text}${stored?.sealed_note.toString('latin1')}`).not.toMatch(/canary|555-0199/i)
  })

  it('and was stored readable by an older version is sealed at the start, without loss', async () => {
    const contained = await workspace('contained.test')
    const first = await workspace()
    const second = await workspace('second.test')
    const constraints = ['sender_readable', 'sender_sealed', 'suppression_readable'] as const
    const definitions = await rows(
      `select conname as name, conrelid::regclass::text as table, pg_get_constraintdef(oid) as definition
       from pg_constraint where conname = any($1)`,
      [constraints],
    )
    expect(definitions).toHaveLength(3)
    // As the tables were before the migration.
    for (const { name, table } of definitions) await rows(`alter table ${table} drop constraint ${name}`)
    for (let number = 0; number < 450; number++) {
      await rows('insert into sender (workspace_id, id, email, name, reply_to) values ($1, $2, $3, $4, $5)', [
        first.uuid,
        newId(),
        `old-${number}@shop.test`,
        number % 2 === 0 ? `Old ${number}` : null,
        number % 3 === 0 ? `reply-${number}@shop.test` : null,
      ])
    }
    const made = await api.call(second.key, 'POST', '/v1/suppressions', { email: 'bob@example.com' })
    await rows(`update suppression set note = 'an old note' where workspace_id = $1`, [second.uuid])
    await rows(`insert into sender (workspace_id, id, email) values ($1, $2, 'old@contained.test')`, [
      contained.uuid,
      newId(),
    ])
    const wish = { capabilities: ['send', 'write', 'sender-change'], reason: 'We look into it.' }
    expect((await api.call(contained.key, 'POST', '/v1/containments', wish)).status).toBe(201)
    for (const { name, table, definition } of definitions) {
      await rows(`alter table ${table} add constraint ${name} ${definition}`)
    }

    const deps = {
      transactions: createTenantTransactions(api.database.pool('bulkhead_api')),
      keyring: api.keyring('api'),
      log: createLogger({ name: 'test', level: 'error' }),
      signal: new AbortController().signal,
    }
    // Two hosts start at once; one asks for one workspace at a time, and the first of all is contained.
    const counting = Promise.all([
      sealOldRows({ ...deps, workspacesAtOnce: 1, againMs: 50 }),
      sealOldRows({ ...deps, againMs: 50 }),
    ])
    await expect
      .poll(async () => await rows('select distinct workspace_id from sender where email is not null'), {
        timeout: 15_000,
      })
      .toEqual([{ workspace_id: contained.uuid }])
    await rows('update containment set until = now() where workspace_id = $1', [contained.uuid])
    const counts = await counting
    expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(452)
    expect(await sealOldRows(deps)).toBe(0)

    const shown: unknown[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await api.call(
        first.key,
        'GET',
        `/v1/senders?limit=100${cursor === '' ? '' : `&cursor=${cursor}`}`,
      )
      shown.push(
        ...page.body.data.map((item: { email: string; name: string | null }) => `${item.email} ${item.name}`),
      )
      cursor = page.body.nextCursor
    }
    expect(new Set(shown)).toEqual(
      new Set(Array.from({ length: 450 }, (_, n) => `old-${n}@shop.test ${n % 2 === 0 ? `Old ${n}` : null}`)),
    )
    const found = await api.call(second.key, 'GET', `/v1/suppressions/${made.body.id}`)
    expect(found.body).toMatchObject({ email: 'bob@example.com', note: 'an old note' })
    // Nothing readable is left: the constraints hold for every row now.
    for (const { name, table } of definitions) await rows(`alter table ${table} validate constraint ${name}`)
  })

  it('cannot be written readable any more, whoever writes', async () => {
    const { uuid } = await workspace()
    const insert = rows(`insert into sender (workspace_id, id, email) values ($1, $2, 'ann@shop.test')`, [
      uuid,
      newId(),
    ])
    await expect(insert).rejects.toThrow(/sender_readable|sender_sealed/)
    await expect(
      rows(
        `insert into sender (workspace_id, id, email_index, sealed_email)
         values ($1, $2, decode(repeat('00', 32), 'hex'), convert_to('ann@shop.test, which is by no means a sealed value', 'UTF8'))`,
        [uuid, newId()],
      ),
    ).rejects.toThrow(/sender_sealed/)
  })
})

describe('the data inventory', () => {
  it('names every table and column of the database with its class, and holds nothing of anybody', async () => {
    const { key, uuid } = await workspace()
    expect((await api.call(key, 'GET', '/v1/inventory')).status).toBe(403)
    const answer = await api.call(api.operatorKey, 'GET', '/v1/inventory')
    expect(answer.status).toBe(200)
    const tables: { schema: string; name: string; columns: { name: string; class: string }[] }[] =
      answer.body.tables
    const columns = tables.flatMap((table) =>
      table.columns.map((column) => `${table.schema}.${table.name}.${column.name}`),
    )
    const catalog = await rows(
      `select n.nspname || '.' || c.relname || '.' || a.attname as name
       from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0 and not a.attisdropped
         and n.nspname not in ('pg_catalog', 'information_schema')`,
    )
    const named: string[] = catalog.map((row) => row.name)
    expect(columns.toSorted()).toEqual(named.toSorted())
    expect(
      tables.flatMap((table) => table.columns).filter((column) => column.class === 'unclassified'),
    ).toEqual([])
    const table = (name: string): unknown => tables.find((item) => item.name === name)
    expect(table('sender')).toMatchObject({
      class: 'business',
      kept: 'until removed',
      readers: ['api'],
      columns: expect.arrayContaining([
        expect.objectContaining({ name: 'sealed_email', class: 'personal, sealed', sealedWith: 'content' }),
        expect.objectContaining({ name: 'email_index', class: 'blind index', sealedWith: null }),
      ]),
    })
    expect(table('content_key')).toMatchObject({ readers: ['keyring'] })
    expect(table('webhook_endpoint')).toMatchObject({
      columns: expect.arrayContaining([
        expect.objectContaining({ name: 'secret', class: 'credential, sealed', sealedWith: 'webhook' }),
      ]),
    })
    expect(answer.text).not.toContain(uuid)
  })
})
