import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createIdGenerator } from '../../src/kernel/ids.ts'
import { errorCode } from '../../src/platform/postgres/index.ts'
import type { LoginRole } from '../../src/platform/postgres/index.ts'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'

/** What a process that was taken over can do with what issue 5 added, any SQL that it likes. */

const newId = createIdGenerator()
const INDEX = (digit: number) => Buffer.alloc(32, digit)
const SEALED = Buffer.concat([Buffer.of(1), Buffer.alloc(60)])
let database: TestDatabase
let workspace: string
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())
beforeEach(async () => {
  workspace = newId()
  await sql(`insert into workspace (id, name) values ($1, 'W')`, [workspace])
})

async function sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await database.pool('superuser').query<Row>(text, values)).rows
}

/** One statement of a hijacked process; answers its rows or the SQLSTATE. */
async function attempt(role: LoginRole, text: string, values: unknown[] = []): Promise<unknown> {
  const client = new Client({ connectionString: database.url[role] })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query(`select set_config('bulkhead.workspace', $1, false)`, [workspace])
    return (await client.query<object>(text, values)).rows
  } catch (error) {
    return errorCode(error) ?? String(error)
  } finally {
    await client.end()
  }
}

const suppressed = () =>
  sql<{ address_index: Buffer }>('select address_index from suppression where workspace_id = $1', [workspace])

/** A message with two recipients: another server took the mail of the first, nobody has tried the second. */
async function message(lane = 'bulk'): Promise<string> {
  const id = newId()
  await sql(
    `insert into message (id, workspace_id, lane, source, sensitive, from_domain, tags, size_bytes, recipient_count, expires_at, actor, summary)
     values ($1, $2, $3::lane, 'api', false, 'shop.test', '{}', 1, 2, now() + interval '1 day', 'api_key:1', $4)`,
    [id, workspace, lane, SEALED],
  )
  await sql(
    `insert into recipient (message_id, number, workspace_id, kind, address, address_index, destination)
     select $1, n, $2, 'to', $3, case n when 1 then $4::bytea else $5::bytea end, 1 from generate_series(1, 2) n`,
    [id, workspace, SEALED, INDEX(1), INDEX(2)],
  )
  await sql(
    `insert into outcome (message_id, number, workspace_id, event_id, state, attempts, detail) values ($1, 1, $2, $3, 'delivered', 1, '{}')`,
    [id, workspace, newId()],
  )
  return id
}

const keep = (about: string, indexes: readonly Buffer[], due: number | null = null): Promise<unknown> =>
  attempt(
    'bulkhead_smtp',
    `select engine.keep_report($1, $2, $3, 'bounce', 'dsn', null, $4, 1, '{}', $5, $6, $7, $8, '{}', '{}', '{}', '{}', $9, $10, $11, $12, $13) as r`,
    [
      newId(),
      workspace,
      about,
      Buffer.from(newId().replaceAll('-', '').repeat(2), 'hex'),
      SEALED,
      due,
      due === null ? null : 'hard_bounce',
      due === null ? null : '{}',
      indexes.map(() => newId()),
      indexes,
      indexes.map(() => SEALED),
      indexes.map(() => 'hard_bounce'),
      indexes.map(() => '{}'),
    ],
  )

describe('a hijacked smtp process', () => {
  it('suppresses nobody but recipients whose mail another server took over', async () => {
    const id = await message()
    const [stranger, untried, delivered] = [INDEX(9), INDEX(2), INDEX(1)]
    expect(await keep(id, [stranger, untried])).toEqual([{ r: 'kept' }])
    expect(await keep(id, [], 2)).toEqual([{ r: 'kept' }])
    expect(await suppressed()).toEqual([])
    expect(
      await sql('select 1 from bounce_report where message_id = $1 and suppress_number is not null', [id]),
    ).toEqual([])
    expect(await keep(id, [stranger, delivered])).toEqual([{ r: 'kept' }])
    expect(await suppressed()).toEqual([{ address_index: delivered }])
  })

  it('suppresses nobody for mail of the installation', async () => {
    const id = await message('internal')
    expect(await keep(id, [INDEX(1)], 1)).toEqual([{ r: 'kept' }])
    expect(await suppressed()).toEqual([])
  })
})

describe('a recipient who sends report after report', () => {
  it('keeps no bounce of another recipient out', async () => {
    const id = await message()
    for (let count = 0; count < 26; count += 1) expect(await keep(id, [])).toEqual([{ r: 'kept' }])
    expect(await keep(id, [])).toEqual([{ r: 'full' }])
    const bounce = (): Promise<unknown> =>
      attempt(
        'bulkhead_smtp',
        `select engine.keep_report($1, $2, $3, 'bounce', 'dsn', null, $4, 1, '{}', $5, null, null, null,
           $6, '{1}', '{message.returned}', '{"{}"}', '{}', '{}', '{}', '{}', '{}') as r`,
        [
          newId(),
          workspace,
          id,
          Buffer.from(newId().replaceAll('-', '').repeat(2), 'hex'),
          SEALED,
          [newId()],
        ],
      )
    expect(await bounce()).toEqual([{ r: 'kept' }])
    expect(await sql('select type from event where message_id = $1', [id])).toEqual([
      { type: 'message.returned' },
    ])
    const answers = []
    for (let count = 0; count < 60; count += 1) answers.push(await bounce())
    expect(answers.at(-1)).toEqual([{ r: 'full' }])
  })
})

describe('no hijacked process', () => {
  it.each(['bulkhead_smtp', 'bulkhead_sender', 'bulkhead_worker', 'bulkhead_api'] as const)(
    'suppresses an address, or says that a message came back, without a report: %s',
    async (role) => {
      const id = await message()
      expect(
        await attempt(role, `select engine.note_events($1, $2, '{1}', '{message.complained}', '{"{}"}')`, [
          [newId()],
          [id],
        ]),
      ).toBe('42501')
      expect(
        await attempt(
          role,
          `select engine.suppress_with($1, $2, $3, $4, '{complaint}', '{null}', '{"{}"}')`,
          [[newId()], [workspace], [INDEX(9)], [SEALED]],
        ),
      ).toBe('42501')
    },
  )
})

const put = (place: string, of: string): Promise<unknown> =>
  attempt(
    'bulkhead_sender',
    `select engine.put_overlay($1, 'suspend', 'r', 'site', $2, 'default', $3, '{}', 'x', '[]', 1, 600) is not null as put`,
    [newId(), place, of],
  )

describe('overlays', () => {
  it('of one workspace, whose hosts answer as it likes, leave room for those of others', async () => {
    await sql(
      `insert into operations.shaping_overlay (id, kind, rule, scope, place, source, workspace_id, reason, hits, until)
       select gen_random_uuid(), 'suspend', 'r', 'site', 'mx' || n || '.hostile.test', 'default', $1, 'x', 1, now() + interval '1 hour'
       from generate_series(1, 1000) n`,
      [workspace],
    )
    expect(await put('mx1001.hostile.test', workspace)).toEqual([{ put: false }])
    expect(await put('mx7.hostile.test', workspace)).toEqual([{ put: true }])
    const other = newId()
    await sql(`insert into workspace (id, name) values ($1, 'O')`, [other])
    expect(await put('mx.partner.test', other)).toEqual([{ put: true }])
  })
})
