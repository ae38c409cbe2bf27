import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createIdGenerator } from '../../src/kernel/ids.ts'
import { createStaffStore } from '../../src/modules/staff/staff-store.ts'
import { openRuntimeDirectory } from '../../src/platform/lifecycle/runtime-directory.ts'
import {
  ensureRoles,
  errorCode,
  pathDigest,
  startEmbeddedPostgres,
} from '../../src/platform/postgres/index.ts'
import type { LoginRole } from '../../src/platform/postgres/index.ts'
import { startAudit } from '../support/audit.ts'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'

/** What a process that was taken over can do with its database role, any SQL that it likes. Nothing here goes through our code. */

const newId = createIdGenerator()
let database: TestDatabase
let workspace: string
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())
beforeEach(async () => {
  workspace = newId()
  await superuser(`insert into workspace (id, name) values ($1, 'W')`, [workspace])
})

async function superuser<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await database.pool('superuser').query<Row>(text, values)).rows
}

/** A session of a hijacked process, in whatever workspace it names. */
async function hijacked(role: LoginRole): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString: database.url[role] })
  client.on('error', () => undefined)
  await client.connect()
  await client.query(`select set_config('bulkhead.workspace', $1, false)`, [workspace])
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end().catch(() => undefined) })
}

/** One statement; answers its rows or the SQLSTATE. */
async function attempt(role: LoginRole, text: string, values: unknown[] = []): Promise<unknown> {
  await using client = await hijacked(role)
  return await client.query(text, values).then(
    ({ rows }: { rows: unknown[] }) => rows,
    (error: unknown) => errorCode(error) ?? String(error),
  )
}

const LOCKS = `select pid from pg_locks where locktype = 'advisory' and (classid::bigint << 32) + objid::bigint = engine.guard_lock()
  and database = (select oid from pg_database where datname = current_database())`
const HOLDERS = `${LOCKS} and granted and mode = 'ShareLock'`
const WAITERS = `${LOCKS} and not granted and mode = 'ExclusiveLock'`

interface Made {
  readonly id: string
  readonly ended: number
  readonly unfinished: number
}

/** As staff do it: the act, and after its commit the end of what was open, where there is anything. */
function contain(capabilities: readonly string[] = ['sender-change']): Promise<Made> {
  return createStaffStore(database.pool('bulkhead_staff')).contain({
    scope: 'workspace',
    workspaceId: workspace,
    subject: null,
    actorClass: 'any',
    capabilities,
    reasonCode: 'security_hold',
    reason: 'x',
    incident: null,
    evidence: null,
    until: new Date(Date.now() + 3_600_000),
    actor: 'staff:00000000-0000-0000-0000-000000000001',
  })
}

const domains = (): Promise<unknown[]> =>
  superuser('select name from sending_domain where workspace_id = $1', [workspace])
const addDomain = (): string =>
  `insert into sending_domain (id, workspace_id, name) values ('${newId()}', '${workspace}', '${newId()}.test')`

async function addKey(createdAt = 'now()'): Promise<string> {
  const id = newId()
  await superuser(
    `insert into api_key (id, workspace_id, name, prefix, secret_hash, scopes, created_at)
     values ($1, $2, 'k', 'p', $3, '{}', ${createdAt})`,
    [id, workspace, Buffer.from(id)],
  )
  return id
}

const containing = (actor: string): Promise<unknown> =>
  attempt(
    'bulkhead_api',
    `select 1 as done from engine.contain('workspace', $1, null, 'any', '{webhook}', 'abuse', 'x', null, null, now() + interval '1 hour', $2)`,
    [workspace, actor],
  )

const replayBump = (floor: string): Promise<unknown> =>
  attempt('bulkhead_audit', 'select outcome from engine.replay_acts($1)', [
    JSON.stringify([
      {
        workspaceId: workspace,
        actor: 'api_key:x',
        action: 'epoch.bumped',
        target: workspace,
        at: new Date().toISOString(),
        detail: { scope: 'workspace', workspace, subject: null, class: 'any', floor, reason: 'x' },
      },
    ]),
  ])

const act = (action: string, target: string, detail: object, at = new Date()): object => ({
  workspaceId: workspace,
  actor: 'staff:00000000-0000-0000-0000-000000000001',
  action,
  target,
  at: at.toISOString(),
  detail,
})
const replay = (...acts: object[]): Promise<unknown> =>
  attempt('bulkhead_audit', 'select outcome from engine.replay_acts($1)', [JSON.stringify(acts)])
const contained = (until: Date): object => ({
  scope: 'workspace',
  subject: null,
  actorClass: 'any',
  capabilities: ['webhook'],
  reasonCode: 'abuse',
  reason: 'x',
  incident: null,
  until: until.toISOString(),
})

describe('a hijacked process cannot write after contain() has returned', () => {
  it('by holding the guard lock in its session across short transactions', async () => {
    await using attacker = await hijacked('bulkhead_api')
    await attacker.query('select pg_advisory_lock_shared(engine.guard_lock())')
    const containing = contain()
    const over = new AbortController()
    void containing.finally(() => over.abort()).catch(() => undefined)
    // Each transaction is too young to be found by its number; the last one stays open.
    const began = performance.now()
    try {
      while (!over.signal.aborted && performance.now() - began < 5_000) {
        await attacker.query('begin')
        await attacker.query(addDomain())
        await new Promise((resolve) => setTimeout(resolve, 100))
        if (over.signal.aborted) break
        await attacker.query('rollback')
      }
    } catch {
      // Ended, as it should be.
    }
    expect(await containing).toMatchObject({ unfinished: 0 })
    await attacker.query('commit').catch(() => undefined)
    expect(await domains()).toEqual([])
  })

  it('by taking the guard lock alone', async () => {
    await using attacker = await hijacked('bulkhead_api')
    await attacker.query('select pg_advisory_lock(engine.guard_lock())')
    await attacker.query('begin')
    await attacker.query(addDomain())
    expect(await contain()).toMatchObject({ unfinished: 0 })
    await attacker.query('commit').catch(() => undefined)
    expect(await domains()).toEqual([])
  })

  it('by leaving the transaction of an own contain() open', async () => {
    await using attacker = await hijacked('bulkhead_api')
    await attacker.query('begin')
    await attacker.query(addDomain())
    await attacker.query(
      `select engine.contain('workspace', $1, null, 'any', '{webhook}', 'abuse', 'x', null, null, now() + interval '1 hour', $2)`,
      [workspace, `api_key:${await addKey()}`],
    )
    expect(await contain()).toMatchObject({ unfinished: 0 })
    await attacker.query('commit').catch(() => undefined)
    expect(await domains()).toEqual([])
  })

  it('by two sets of sessions that take turns behind contain()', async () => {
    const over = new AbortController()
    const open: Client[] = []
    const wave = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const client = await hijacked('bulkhead_api')
        open.push(client)
        try {
          await client.query('begin')
          await client.query(addDomain())
          // Held until it is ended; the other set waits behind contain() meanwhile, and is let in when that gives up for a moment.
          await client.query('select pg_sleep(3)')
        } catch {
          continue
        }
      }
    }
    const set = (): Promise<void>[] => Array.from({ length: 3 }, wave)
    const first = set()
    await expect.poll(async () => (await superuser(HOLDERS)).length, { timeout: 15_000 }).toBe(3)
    const containing = contain()
    await expect.poll(async () => (await superuser(WAITERS)).length, { timeout: 15_000 }).toBeGreaterThan(0)
    const second = set()
    const made = await containing
    over.abort()
    expect(made.unfinished).toBe(0)
    const before = (await domains()).length
    await Promise.all(open.map((client) => client.query('commit').catch(() => undefined)))
    expect(await domains()).toHaveLength(before)
    await Promise.all(open.map((client) => client.end().catch(() => undefined)))
    await Promise.all([...first, ...second])
  }, 90_000)

  it('nor keep everybody from writing: contain() ends who holds the lock', async () => {
    for (const role of ['bulkhead_smtp', 'bulkhead_sender', 'bulkhead_audit'] as const) {
      await using attacker = await hijacked(role)
      await attacker.query(`select pg_advisory_lock(4812637105523018241)`)
      expect(await contain(['webhook'])).toMatchObject({ unfinished: 0 })
      expect(await attempt('bulkhead_api', addDomain())).toEqual([])
    }
  })
})

describe('whoever follows a hijacked process', () => {
  it('finds password and settings of its role as they were, from the next start on', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'bulkhead-hijack-'))
    // The server may run under another account, which has to reach its part.
    chmodSync(directory, 0o755)
    const runtimeDirectory = openRuntimeDirectory(pathDigest(directory))
    const server = await startEmbeddedPostgres({
      dataDirectory: directory,
      runtimeDirectory,
      log: () => undefined,
    })
    const start = () =>
      ensureRoles({ ownerUrl: server.ownerUrl, secretsFile: join(directory, 'roles.json'), exclusive: true })
    const asSmtp = async (text: string): Promise<unknown> => {
      const client = new Client({ connectionString: (await start()).bulkhead_smtp })
      await client.connect()
      const { rows } = await client.query(text)
      await client.end()
      return rows
    }
    try {
      await asSmtp(
        `alter role current_user set statement_timeout = '1ms'; alter role current_user in database bulkhead set search_path = 'x'`,
      )
      await asSmtp(`alter role current_user password 'mine'`)
      expect(
        await asSmtp(`select current_setting('statement_timeout') as t, current_setting('search_path') as p`),
      ).toEqual([{ t: '0', p: '"$user", public' }])
    } finally {
      await server.stop('immediate')
      rmSync(directory, { recursive: true })
      rmSync(runtimeDirectory, { recursive: true })
    }
  }, 60_000)
})

describe('a hijacked api process', () => {
  it('contains in the name of a key of the workspace and of nobody else', async () => {
    const key = await addKey()
    expect(await containing(`api_key:${key}`)).toEqual([{ done: 1 }])
    for (const actor of [
      'staff:00000000-0000-0000-0000-000000000001',
      'operator:installation',
      'x',
      `api_key:${newId()}`,
    ])
      expect([actor, await containing(actor)]).toEqual([actor, 'BH403'])
  })

  it('cannot fill every process with containments: a workspace has at most 100 in force', async () => {
    const key = await addKey()
    await using client = await hijacked('bulkhead_api')
    const flood = client.query(
      `select engine.contain('workspace', $1, null, 'any', '{webhook}', 'abuse', 'x', null, null, now() + interval '1 hour', $2)
       from generate_series(1, 101)`,
      [workspace, `api_key:${key}`],
    )
    expect(await flood.then(() => 'done', errorCode)).toBe('BH409')
  })

  it('cannot make a key that is older than a containment, nor make one older', async () => {
    const made = newId()
    const plant = await attempt(
      'bulkhead_api',
      `insert into api_key (id, workspace_id, name, prefix, secret_hash, scopes, created_at)
       values ($1, $2, 'k', 'p', $3, '{}', '2020-01-01')`,
      [made, workspace, Buffer.from(made)],
    )
    expect(plant).toEqual([])
    await attempt('bulkhead_api', `update api_key set created_at = '2020-01-01' where id = $1`, [made])
    const [row] = await superuser<{ young: boolean }>(
      `select created_at > now() - interval '1 minute' as young from api_key where id = $1`,
      [made],
    )
    expect(row).toEqual({ young: true })
  })
})

describe('a hijacked worker process', () => {
  it('erases no mail of a week that is not over', async () => {
    for (const before of ['infinity', '9999-01-01'])
      expect(
        await attempt('bulkhead_worker', 'select engine.drop_old_partitions($1) as dropped', [before]),
      ).toEqual([{ dropped: 0 }])
  })

  it('trims no webhook that waits, none of today, and not the inbox, whatever it asks for', async () => {
    const endpoint = newId()
    await superuser(`insert into webhook_endpoint (id, workspace_id, url, secret) values ($1, $2, 'x', '')`, [
      endpoint,
      workspace,
    ])
    await superuser(
      `insert into webhook_delivery (endpoint_id, workspace_id, event_id, type, state, created_at)
       select $1, $2, gen_random_uuid(), state || hours, state, now() - make_interval(hours => hours)
       from unnest('{pending,delivered,failed}'::text[]) state, unnest('{0,23,25,167,169}'::int[]) hours`,
      [endpoint, workspace],
    )
    await superuser(
      `insert into captured (id, workspace_id, size_bytes, envelope, sealed)
       select gen_random_uuid(), $1, 1, '', '' from generate_series(1, 105)`,
      [workspace],
    )
    await superuser(
      `insert into idempotency (workspace_id, key_hash, body_hash, message_id, expires_at)
       values ($1, 'k', '', gen_random_uuid(), now() + interval '1 minute')`,
      [workspace],
    )
    for (const age of ['0', '-1000 years', null])
      await attempt('bulkhead_worker', 'select engine.trim_webhooks($1, 2147483647)', [age])
    for (const kept of [0, -1, null])
      await attempt('bulkhead_worker', 'select engine.trim_captured($1, 2147483647)', [kept])
    await attempt('bulkhead_worker', 'select engine.trim_idempotency(2147483647)')
    const left = await superuser<{ type: string }>(
      'select type from webhook_delivery where workspace_id = $1 order by state, created_at desc',
      [workspace],
    )
    expect(left.map((row) => row.type)).toEqual([
      'delivered0',
      'delivered23',
      'failed0',
      'failed23',
      'pending0',
      'pending23',
      'pending25',
      'pending167',
    ])
    const counts = await superuser(
      `select (select count(*) from captured where workspace_id = $1)::int as captured,
              (select count(*) from idempotency where workspace_id = $1)::int as keys`,
      [workspace],
    )
    expect(counts).toEqual([{ captured: 100, keys: 1 }])
  })
})

describe('epochs', () => {
  it('are bumped and credentials made while any process holds whatever lock it can take', async () => {
    for (const role of ['bulkhead_smtp', 'bulkhead_sender', 'bulkhead_staff', 'bulkhead_audit'] as const) {
      await using attacker = await hijacked(role)
      await attacker.query(`select pg_advisory_lock(hashtextextended('bulkhead epoch counter', 0))`)
      const bump = attempt(
        'bulkhead_api',
        `set statement_timeout = '3s'; select 1 from engine.bump_epoch('${newId()}', 'workspace', '${workspace}', null, 'any', 'api_key:x', 'x')`,
      )
      expect([role, await bump]).not.toEqual([role, '57014'])
    }
  })

  it('cannot be counted to their end by a hijacked audit process', async () => {
    expect(await replayBump('9223372036854775807')).toBe('22023')
    expect(await replayBump('4503599627370497')).toBe('22023')
    expect(await addKey()).toHaveLength(36)
  })
})

describe('a hijacked audit process', () => {
  it('makes no containment that begins in the future, and so none that outlives 30 days', async () => {
    const later = new Date(Date.now() + 1_000 * 86_400_000)
    const until = new Date(later.getTime() + 29 * 86_400_000)
    expect(await replay(act('containment.contained', newId(), contained(until), later))).toBe('22023')
  })

  it('lifts nothing that a restore has taken up again, once the restore is over', async () => {
    const id = newId()
    const soon = new Date(Date.now() + 3_600_000)
    expect(await replay(act('containment.contained', id, contained(soon)))).toEqual([{ outcome: 'applied' }])
    // As if the restore had been at the first second of time.
    await superuser(
      `update containment set evidence = regexp_replace(evidence, ' at [0-9]+$', ' at 1') where id = $1`,
      [id],
    )
    await replay(act('containment.lifted', id, {}))
    expect(await superuser('select state from containment where id = $1', [id])).toEqual([
      { state: 'active' },
    ])
  })

  it('cannot log another act than the one that waits', async () => {
    await superuser(
      `insert into audit_outbox (id, workspace_id, actor, action, target, detail) values ($1, $2, 'api_key:x', 'a.b', 't', '{"to":"ann"}')`,
      [newId(), workspace],
    )
    const [waits] = await superuser<{ id: string; at: Date; process: string }>(
      `select id, at, process from audit_outbox where workspace_id = $1`,
      [workspace],
    )
    const forged = JSON.stringify({
      v: 1,
      id: waits?.id,
      number: 1,
      at: waits?.at,
      workspace,
      process: waits?.process,
      actor: 'api_key:x',
      action: 'a.b',
      target: 't',
      detail: { to: 'bob' },
    })
    await attempt(
      'bulkhead_audit',
      `with s as (select substring(sha256('x') for 32) as salt)
       select engine.audit_append((select size from audit_state), array[$1], array[s.salt],
         array[sha256(s.salt || convert_to($1, 'UTF8'))], '{}', '{}', '{}', '\\x00') from s`,
      [forged],
    )
    expect(await superuser('select 1 from audit_outbox where workspace_id = $1', [workspace])).toHaveLength(1)
    await superuser('delete from audit_outbox where workspace_id = $1', [workspace])
  })
})

describe('a hijacked api or worker process cannot stop the audit log', () => {
  for (const role of ['bulkhead_api', 'bulkhead_worker'] as const)
    it(`by a row that cannot be logged (${role})`, async () => {
      await using own = await createTestDatabase()
      const pool = own.pool(role)
      const rows = [
        `(gen_random_uuid(), 'infinity', 'bulkhead_x', 'a', 'a.b', '{}')`,
        `(gen_random_uuid(), '-infinity', 'bulkhead_x', 'a', 'a.b', '{}')`,
        `(gen_random_uuid(), '20000-01-01', 'bulkhead_x', 'a', 'a.b', '{}')`,
        `(gen_random_uuid(), now(), 'bulkhead_keyring', 'a', 'a.b', '{"n": 1e400}')`,
        `(gen_random_uuid(), now(), 'bulkhead_keyring', 'a', 'a.b', ('${'['.repeat(200)}' || '${']'.repeat(200)}')::jsonb)`,
        `(gen_random_uuid(), now(), 'bulkhead_keyring', repeat('a', 1000000), 'a.b', '{}')`,
        `(gen_random_uuid(), now(), 'bulkhead_keyring', 'a', 'a.b', jsonb_build_object('x', repeat('a', 10000000)))`,
        `(gen_random_uuid(), now() - interval '1 hour', 'bulkhead_keyring', 'a', 'a.b', '{}')`,
      ]
      for (const row of rows)
        await pool
          .query(`insert into audit_outbox (id, at, process, actor, action, detail) values ${row}`)
          .catch(() => undefined)
      const left = await own
        .pool('superuser')
        .query<{ process: string; old: boolean }>(
          `select process, at < now() - interval '1 minute' or at > now() as old from audit_outbox`,
        )
      for (const row of left.rows) expect(row).toEqual({ process: role, old: false })
      await using audit = startAudit(own)
      await audit.settle()
      expect((await own.pool('superuser').query('select 1 from audit_outbox')).rows).toEqual([])
    })

  it('by holding the lock of the one that sequences', async () => {
    await using own = await createTestDatabase()
    const attacker = await own.pool('bulkhead_smtp').connect()
    await attacker.query(`select pg_advisory_lock(hashtextextended('bulkhead audit sequencer', 0))`)
    await own
      .pool('bulkhead_api')
      .query(`insert into audit_outbox (id, actor, action) values (gen_random_uuid(), 'a', 'a.b')`)
    await using audit = startAudit(own)
    await audit.settle()
    expect((await own.pool('superuser').query('select 1 from audit_outbox')).rows).toEqual([])
    attacker.release()
  })
})
