import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIdGenerator, decodeId } from '../../src/kernel/ids.ts'
import { createCapture } from '../../src/modules/inbox/index.ts'
import { LOGIN_ROLES } from '../../src/platform/postgres/index.ts'
import type { LoginRole } from '../../src/platform/postgres/index.ts'
import { createTenantTransactions } from '../../src/platform/postgres/tenant.ts'
import { startApi } from '../flows/api-fixture.ts'
import { FUNCTIONS, TABLES } from './reach.ts'
import { startAudit } from '../support/audit.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'

const TENANT_TABLES = Object.keys(TABLES.bulkhead_api).filter((table) => table !== 'process')

let api: ApiFixture
let ours: { readonly id: string; readonly uuid: string; readonly key: string }
let theirs: typeof ours

beforeAll(async () => {
  api = await startApi()
  ours = await furnished('Ours')
  theirs = await furnished('Theirs')
  {
    await using audit = startAudit(api.database)
    await audit.settle()
  }
  // What was done so far is in the log, this waits in the outbox.
  for (const { key } of [ours, theirs])
    await api.call(key, 'POST', '/v1/suppressions', { email: 'later@example.com' })
})
afterAll(() => api[Symbol.asyncDispose]())

/** A workspace with at least one row in every tenant table, written by the ways that the product has. */
async function furnished(name: string): Promise<typeof ours> {
  const { id, key } = await api.workspace(name)
  const uuid = decodeId('workspace', id)!
  const post = async (path: string, body: unknown): Promise<void> => {
    const answer = await api.call(key, 'POST', path, body)
    expect([answer.status < 300, answer.text]).toEqual([true, answer.text])
  }
  await post('/v1/domains', { name: 'shop.test' })
  await post('/v1/senders', { email: 'ann@shop.test' })
  await post('/v1/link-domains', { name: 'links.shop.test' })
  await post('/v1/suppressions', { email: 'gone@example.com' })
  await post('/v1/suppression-exemptions', { email: 'ours@example.com' })
  await post('/v1/outcomes/dismiss', { emails: ['ours@example.com'] })
  await post('/v1/smtp-credentials', { name: 'shop' })
  await post('/v1/webhooks', { url: 'https://hooks.example.com/x' })
  await post('/v1/messages', {
    from: 'ann@shop.test',
    to: ['bob@example.com', 'gone@example.com'],
    subject: 'Hello',
    text: 'x',
    lane: 'bulk',
  })
  await createCapture({
    keyring: api.keyring('smtp'),
    transactions: createTenantTransactions(api.database.pool('bulkhead_smtp')),
    newId: createIdGenerator(),
  }).store({
    workspaceId: uuid,
    messageId: null,
    from: 'ann@shop.test',
    to: ['bob@example.com'],
    subject: 'x',
    headerFrom: null,
    raw: Buffer.from('Subject: x\r\n\r\nx'),
  })
  await post('/v1/contacts', { email: 'carl@example.com' })
  await post('/v1/lists', { name: 'Newsletter' })
  await addMembership(uuid)
  await deferEverything()
  await addMember(uuid)
  await addFederation(uuid)
  await addImport(uuid)
  await addTemplate(uuid)
  await addTopic(uuid)
  await addDoorNetwork(uuid)
  await addSubaccount(uuid)
  await addReport(uuid)
  await addInbound(uuid)
  await addTracking(uuid)
  await addStatistics(uuid)
  await api.database
    .pool('bulkhead_api')
    .query(`select engine.raise_alert('stuffing.client', 'high', $1, null, 'a drill', '1 hour', '{}')`, [
      uuid,
    ])
  return { id, uuid, key }
}

/** A rule, and a use of a credential from somewhere. */
async function addFederation(workspace: string): Promise<void> {
  await api.database.pool('superuser').query(
    `insert into federation_rule (id, workspace_id, name, issuer, audience, subject, scopes, lifetime_seconds, binding, created_by)
     values (gen_random_uuid(), $1, 'CI', 'https://ci.example.com', 'bulkhead', 'repo:x', '{messages:send}', 600, '\\x00', 'test:1')`,
    [workspace],
  )
  await api.database
    .pool('superuser')
    .query(
      `select engine.touch_credentials('{api_key}', array_agg(id), '{192.0.2.0/24}', '{null}') from api_key where workspace_id = $1`,
      [workspace],
    )
}

/** The contact on the list, and in the audience of a broadcast. */
async function addMembership(workspace: string): Promise<void> {
  await api.database.pool('superuser').query(
    `insert into contact_list_member (workspace_id, list_id, contact_id)
     select $1, l.id, c.id from contact_list l, contact c where l.workspace_id = $1 and c.workspace_id = $1`,
    [workspace],
  )
  await api.database.pool('superuser').query(
    `with made as (
       insert into broadcast (workspace_id, id, list_id, dialect, sealed_head, sealed_body, created_by)
       select $1, gen_random_uuid(), l.id, 'liquid', s.sealed, s.sealed, 'test:1'
       from contact_list l, (select decode('01' || repeat('00', 44), 'hex') as sealed) s where l.workspace_id = $1 returning id
     ), run as (
       insert into broadcast_run (workspace_id, broadcast_id, next_at) select $1, id, 'infinity' from made)
     insert into broadcast_recipient (workspace_id, broadcast_id, contact_id, state)
     select $1, made.id, c.id, 'sent' from made, contact c where c.workspace_id = $1`,
    [workspace],
  )
}

/** An import with a line that was refused. */
async function addImport(workspace: string): Promise<void> {
  await api.database.pool('superuser').query(
    `with made as (
       insert into suppression_import (id, workspace_id, format, dry_run, default_reason, created_by)
       values (gen_random_uuid(), $1, 'csv', false, 'manual', 'test:1') returning id)
     insert into suppression_refusal (import_id, line, workspace_id, problem) select id, 1, $1, 'a drill' from made`,
    [workspace],
  )
}

/** A batch, and a subaccount that has sent. */
async function addSubaccount(workspace: string): Promise<void> {
  await api.database.pool('superuser').query(
    `with made as (
       insert into subaccount (workspace_id, id, name, created_by) values ($1, gen_random_uuid(), 'shop', 'test:1') returning id),
     used as (
       insert into subaccount_use (workspace_id, subaccount_id, hour, recipients) select $1, id, now(), 1 from made)
     insert into batch (workspace_id, id, created_by) values ($1, gen_random_uuid(), 'test:1')`,
    [workspace],
  )
  await api.database
    .pool('superuser')
    .query("insert into tag_statistic (workspace_id, tag, at) values ($1, 'sale', now())", [workspace])
}

/** A topic that somebody has left. */
async function addTopic(workspace: string): Promise<void> {
  await api.database.pool('superuser').query(
    `with made as (
       insert into topic (workspace_id, id, number, name, created_by) values ($1, gen_random_uuid(), 1, 'News', 'test:1') returning id)
     insert into topic_suppression (workspace_id, topic_id, address_index, id, address, via)
     select $1, id, '\\x00', gen_random_uuid(), '\\x00', 'added' from made`,
    [workspace],
  )
}

/** A network from which the keys of a door work. */
async function addDoorNetwork(workspace: string): Promise<void> {
  await api.database
    .pool('superuser')
    .query(
      `insert into door_network (workspace_id, door, number, cidr, created_by) values ($1, 'sendgrid', 1, '192.0.2.0/24', 'test:1')`,
      [workspace],
    )
}

/** A template with a version that was published. */
async function addTemplate(workspace: string): Promise<void> {
  await api.database.pool('superuser').query(
    `with made as (
       insert into template (workspace_id, id, name, created_by) values ($1, gen_random_uuid(), 'x', 'test:1') returning id)
     insert into template_version (workspace_id, template_id, number, id, dialect, sealed_head, sealed_content, content_hash, size_bytes,
                                   created_by, published_at)
     select $1, id, 1, gen_random_uuid(), 'liquid', '\\x00', '\\x00', '\\x00', 0, 'test:1', now() from made`,
    [workspace],
  )
  await api.database.pool('superuser').query(
    `insert into template_publication (workspace_id, template_id, sequence, number, published_by)
     select workspace_id, template_id, 1, 1, 'test:1' from template_version where workspace_id = $1`,
    [workspace],
  )
}

/** A mail from outside, as large as a sealed value is at least. */
async function addReport(workspace: string): Promise<void> {
  await api.database.pool('superuser').query(
    `insert into bounce_report (id, workspace_id, kind, format, digest, size_bytes, findings, sealed)
     values (gen_random_uuid(), $1, 'mail', 'text', sha256(''), 1, '{}', decode('01' || repeat('00', 44), 'hex'))`,
    [workspace],
  )
}

/** A route, and a mail from outside that waits for it. */
async function addInbound(workspace: string): Promise<void> {
  await api.database.pool('superuser').query(
    `with route as (
       insert into inbound_route (workspace_id, id, hostname, url, secret, public_key, created_by)
       values ($1, gen_random_uuid(), 'parse.shop.test', 'https://example.com/', '\\x00', 'x', 'test:1') returning id
     )
     insert into inbound_mail (workspace_id, id, route_id, content_id, digest, envelope, size_bytes, expires_at)
     select $1, gen_random_uuid(), route.id, gen_random_uuid(), sha256(''), decode('01' || repeat('00', 44), 'hex'), 1, now() from route`,
    [workspace],
  )
  await api.database.pool('superuser').query(
    `insert into inbound_content (workspace_id, id, sealed)
     select workspace_id, content_id, envelope from inbound_mail where workspace_id = $1`,
    [workspace],
  )
}

/** A setting, and a message that was opened. */
async function addTracking(workspace: string): Promise<void> {
  await api.database.pool('superuser').query(
    `with setting as (insert into tracking_settings (workspace_id, opens) values ($1, 'on'))
     insert into link_count (message_id, kind, number, link, workspace_id)
     select m.id, 'open', 1, 0, $1 from message m where m.workspace_id = $1 limit 1`,
    [workspace],
  )
}

/** Something that was counted, and how far. */
async function addStatistics(workspace: string): Promise<void> {
  await api.database.pool('superuser').query(
    `with how_far as (insert into statistic_cursor (workspace_id) values ($1))
     insert into statistic (workspace_id, step, at, lane, provider, source) values ($1, 'day', now(), 'bulk', '', '')`,
    [workspace],
  )
}

async function addMember(workspace: string): Promise<void> {
  const pool = api.database.pool('superuser')
  const person = (
    await pool.query<{ id: string }>(
      `insert into account.person (id, email_index, sealed_email) values (gen_random_uuid(), uuid_send(gen_random_uuid()), '\\x00') returning id`,
    )
  ).rows[0]!.id
  await pool.query(
    `with rights as (
       insert into permission_set (id, workspace_id, name, scopes) values (gen_random_uuid(), $1, 'Reading', '{messages:read}') returning id)
     insert into member (id, workspace_id, person_id, role, permission_set_id, created_by)
     select gen_random_uuid(), $1, $2, 'analyst', rights.id, 'test:1' from rights`,
    [workspace, person],
  )
  await pool.query('insert into workspace_policy (workspace_id) values ($1)', [workspace])
  await pool.query(
    `insert into invitation (id, workspace_id, email_index, account_index, sealed_email, role, token_hash, binding, created_by, expires_at)
     values (gen_random_uuid(), $1, '\\x00', '\\x00', '\\x00', 'analyst', uuid_send(gen_random_uuid()), '\\x00', 'test:1', now() + interval '1 day')`,
    [workspace],
  )
  await pool.query(
    `insert into policy_change (workspace_id, wanted, requested_by) values ($1, '{}', 'test:1')`,
    [workspace],
  )
  await pool.query(
    `insert into sso_connection (id, workspace_id, issuer, client_id, sealed_secret, domains)
     values (gen_random_uuid(), $1, 'https://idp.example', 'x', '\\x00', '{corp.test}')`,
    [workspace],
  )
}

/** Claims what waits and puts it back with an event, as a sender does after a temporary refusal. */
async function deferEverything(): Promise<void> {
  const sender = api.database.pool('bulkhead_sender')
  const lease = (await sender.query<{ id: string }>('select engine.open_lease(gen_random_uuid(), 60) as id'))
    .rows[0]!.id
  const claimed = (
    await sender.query<{ message_id: string; number: number }>(
      `select message_id, number from engine.claim('bulk', $1, 100, '00000000-0000-0000-0000-000000000000', 0, '{}', '{}')
       where message_id is not null`,
      [lease],
    )
  ).rows
  expect(claimed.length).toBeGreaterThan(0)
  const newId = createIdGenerator()
  const refused = await sender.query(
    `select * from engine.settle('bulk', $1, false, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      lease,
      claimed.map((row) => row.message_id),
      claimed.map((row) => row.number),
      claimed.map(() => newId()),
      claimed.map(() => null),
      claimed.map(() => true),
      claimed.map(() => new Date(Date.now() + 60_000)),
      claimed.map(() => 'message.deferred'),
      claimed.map(() => '{}'),
    ],
  )
  expect(refused.rows).toEqual([])
}

/** Runs one statement of a role with `bulkhead.workspace` set, and takes it back. Answers its rows, or the SQLSTATE. */
async function attempt(role: LoginRole, workspace: string, sql: string): Promise<unknown[] | string> {
  const client = await api.database.pool(role).connect()
  try {
    await client.query('begin')
    await client.query("select set_config('bulkhead.workspace', $1, true)", [workspace])
    return (await client.query<Record<string, unknown>>(sql)).rows
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  } finally {
    await client.query('rollback')
    client.release()
  }
}

const DENIED = '42501'
const workspaceColumn = (table: string): string => (table === 'workspace' ? 'id' : 'workspace_id')

describe('the database role of a process', () => {
  it('may do what the table says and nothing else', async () => {
    const { rows } = await api.database
      .pool('superuser')
      .query<{ role: string; table: string; rights: string }>(
        `select r.role, c.relname as table, string_agg(p.letter, '' order by p.at) as rights
       from unnest($1::text[]) as r(role)
       cross join pg_class c join pg_namespace n on n.oid = c.relnamespace
       cross join (values (1, 's', 'select'), (2, 'i', 'insert'), (3, 'u', 'update'), (4, 'd', 'delete'), (5, 'T', 'truncate'),
                          (6, 'R', 'references'), (7, 'G', 'trigger')) as p(at, letter, name)
       where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and c.relkind in ('r', 'p', 'v', 'm')
         and case when p.letter in ('s', 'i', 'u', 'R') then has_any_column_privilege(r.role, c.oid, p.name)
             else has_table_privilege(r.role, c.oid, p.name) end
       group by 1, 2 order by 1, 2`,
        [LOGIN_ROLES],
      )
    const found = Object.fromEntries(LOGIN_ROLES.map((role): [string, Record<string, string>] => [role, {}]))
    for (const { role, table, rights } of rows) found[role]![table] = rights
    expect(found).toEqual(TABLES)
  })

  it('may call what the table says and nothing else', async () => {
    const { rows } = await api.database.pool('superuser').query<{ role: LoginRole; name: string }>(
      `select r.role, p.proname as name
       from unnest($1::text[]) as r(role) cross join pg_proc p join pg_namespace n on n.oid = p.pronamespace
       where n.nspname = 'engine' and p.prosecdef and has_schema_privilege(r.role, n.oid, 'usage')
         and has_function_privilege(r.role, p.oid, 'execute')
       order by 1, 2`,
      [LOGIN_ROLES],
    )
    const found = Object.fromEntries(LOGIN_ROLES.map((role): [string, string[]] => [role, []]))
    for (const { role, name } of rows) found[role]!.push(name)
    expect(found).toEqual(FUNCTIONS)
  })

  it('sees the rows of its workspace, none of another, and none at all without one', async () => {
    for (const role of LOGIN_ROLES) {
      for (const table of TENANT_TABLES) {
        const count = (workspace: string) =>
          attempt(
            role,
            workspace,
            `select count(*) filter (where ${workspaceColumn(table)} = '${ours.uuid}')::int as ours,
                    count(*) filter (where ${workspaceColumn(table)} is distinct from '${ours.uuid}')::int as others
             from ${table}`,
          )
        const answers = [await count(ours.uuid), await count('')]
        const what = `${role} ${table}`
        if (!(TABLES[role][table] ?? '').includes('s')) {
          expect(answers, what).toEqual([DENIED, DENIED])
        } else if (role === 'bulkhead_audit') {
          // The audit process sequences the outbox of the whole installation.
          expect(answers[1], what).toEqual([{ ours: expect.any(Number), others: expect.any(Number) }])
        } else {
          expect(answers, what).toEqual([
            [{ ours: expect.toSatisfy((n: number) => n > 0), others: 0 }],
            [{ ours: 0, others: 0 }],
          ])
        }
      }
    }
  })

  it('cannot change, remove or plant rows of another workspace', async () => {
    for (const role of LOGIN_ROLES) {
      for (const table of TENANT_TABLES) {
        const rights = TABLES[role][table] ?? ''
        const column = workspaceColumn(table)
        const where = `where ${column} = '${theirs.uuid}'`
        const what = `${role} ${table}`
        expect(
          await attempt(role, ours.uuid, `update ${table} set ${column} = ${column} ${where} returning 1`),
          what,
        ).toEqual(rights.includes('u') ? [] : DENIED)
        expect(await attempt(role, ours.uuid, `delete from ${table} ${where} returning 1`), what).toEqual(
          rights.includes('d') ? [] : DENIED,
        )
        // Row-level security is checked before any constraint, so that an empty row is enough.
        expect(
          await attempt(role, ours.uuid, `insert into ${table} (${column}) values ('${theirs.uuid}')`),
          what,
        ).toBe(DENIED)
        if (rights.includes('u'))
          expect(
            await attempt(
              role,
              ours.uuid,
              `update ${table} set ${column} = '${theirs.uuid}' where ${column} = '${ours.uuid}'`,
            ),
            what,
          ).toBe(DENIED)
      }
    }
  })

  it('cannot become the engine by a temporary table that stands before ours', async () => {
    const owner = api.database.pool('superuser')
    await owner.query(`grant temporary on database ${api.database.name} to bulkhead_sender`)
    const client = await api.database.pool('bulkhead_sender').connect()
    try {
      await client.query('begin')
      await client.query(
        `create temporary table worker_lease (id bigint default 666, process_id uuid, expires_at timestamptz)`,
      )
      await client.query('grant all on worker_lease to bulkhead_engine')
      const { rows } = await client.query<{ id: string }>(
        'select engine.open_lease(gen_random_uuid(), 60) as id',
      )
      expect(rows[0]?.id).not.toBe('666')
      expect((await client.query('select 1 from pg_temp.worker_lease')).rows).toEqual([])
    } finally {
      await client.query('rollback')
      client.release()
    }
  })
})
