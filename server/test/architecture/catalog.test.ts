import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ENGINE_ROLE, LOGIN_ROLES } from '../../src/platform/postgres/index.ts'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database[Symbol.asyncDispose]())

async function names(sql: string, values: readonly unknown[] = []): Promise<string[]> {
  const { rows } = await database.pool('superuser').query<{ name: string }>(sql, [...values])
  return rows.map((row) => row.name).sort()
}

const OURS = `n.nspname in ('public', 'engine', 'keyring')`
const ROLES = [...LOGIN_ROLES, ENGINE_ROLE]

/** Tables whose policies are others than `tenant` for everyone and `engine` for bulkhead_engine. */
const OWN_POLICIES: Readonly<Record<string, readonly string[]>> = {
  audit_entry: ['audit_reads: r to bulkhead_audit', 'engine: * to bulkhead_engine', 'tenant: * to public'],
  audit_outbox: [
    'append: a to public',
    'audit_reads: r to bulkhead_audit',
    'engine: * to bulkhead_engine',
    'tenant_reads: r to public',
  ],
}

/** Functions that run with the caller's own rights. */
const WITH_CALLERS_RIGHTS = [
  'act_contained',
  'act_detail',
  'act_name',
  'actor_class',
  'add_buckets',
  'await_rows',
  'count_buckets',
  'current_workspace',
  'end_act',
  'end_rows',
  'enqueue_webhooks',
  'free_rows',
  'guard',
  'guard_enter',
  'guard_lock',
  'hold_rows',
  'last_reply_is',
  'may_act',
  'new_event_id',
  'pool_of',
  'protect',
  'put_suppressions',
  'queue_slice',
  'releasable',
  'release_rows',
  'requeue_rows',
  'return_rows',
  'statistic_begin',
  'statistic_bounds',
  'statistic_kept',
  'stopped_detail',
  'stops',
  'tag_statistic_kept',
  'tags_a_day',
  'take_rows',
  'tell_queue',
  'time_bound',
]
/** Functions that anybody may call: they read nothing but their arguments and the caller's own setting. */
const FOR_ANYBODY = ['actor_class', 'current_workspace', 'guard_lock', 'new_event_id', 'time_bound']
/** Make and drop tables, which belong to the owner, end sessions of roles that it made, or do nothing with rows. */
const OF_THE_OWNER = [
  'current_workspace',
  'drop_old_partitions',
  'end_stragglers',
  'ensure_partitions',
  'guard',
  'protect',
  'time_bound',
]

/** Tenant tables whose writes containment does not refuse, and why. */
const NO_GUARD: Readonly<Record<string, string>> = {
  audit_entry: 'what happened is recorded, also and above all under a containment',
  audit_outbox: 'what happened is recorded, also and above all under a containment',
  containment: 'containing and lifting are never contained',
  containment_approval: 'containing and lifting are never contained',
  credential_use: 'where a credential is used is noted, also and above all under a containment',
  epoch: 'a bump only takes away',
  federation_use: 'takes away: a token that stands here gives no key',
  link_count: 'what was fetched is counted, also under a containment',
  subaccount_use: 'counted in the transaction that accepts, which its own guards look at',
  sending_use: 'counted in the transaction that accepts, which its own guards look at',
  security_alert: 'what was noticed is told, also and above all under a containment',
  statistic: 'what happened is counted, also and above all under a containment',
  tag_statistic: 'what happened is counted, also and above all under a containment',
  statistic_cursor: 'what happened is counted, also and above all under a containment',
  unsubscribe_request: 'what a recipient asks for is taken in, whoever is cut off',
  shredded_workspace: 'written by the engine after what the keyring has destroyed',
}

/** Tenant tables whose guard looks at no row: every row is written beside one that is looked at, in the same transaction. */
const GUARDED_BESIDE: Readonly<Record<string, string>> = {
  body: 'written by engine.accept with its message; a transition table would copy the whole mail',
  dsn_report: 'written with outcomes and events, by their triggers',
  dsn_request: 'written for a message that is about to be accepted',
  event: 'written by settling only',
  idempotency: 'written by engine.accept with its message',
  outcome: 'written by engine.accept with its message, and by settling',
  recipient: 'written by engine.accept with its message',
}

/** All classes there are. A new one is a decision: say in docs/security-model.md what it means. */
const COLUMN_CLASSES = [
  'identifier',
  'operational',
  'public',
  'business',
  'pseudonymous',
  'audit',
  'blind index',
  'credential hash',
  'personal, sealed [(]content[)]',
  'credential, sealed [(](?:webhook|connector|totp)[)]',
  'key [(]sealed[)]',
  'retired',
] as const

const CLASS = new RegExp(`^class: (${COLUMN_CLASSES.join('|')})[.]`)

function classOf(comment: string): string | undefined {
  return CLASS.exec(comment)?.[1]
}

/** Columns whose name sounds personal or secret, and why they are not. */
const NOT_PERSONAL: Readonly<Record<string, string>> = {
  'suppression.applies_to': 'all or bulk',
  'account.challenge.bound_to': 'an id',
  'account.passkey.public_key': 'the public half',
  'account.token.subject': 'an id',
  'api_key.name': 'a label of the customer',
  'broadcast.frozen_to': 'an id',
  'contact_list.name': 'a label of the customer',
  'containment.subject': 'an id',
  'dkim_selector.public_key': 'in DNS',
  'epoch.subject': 'an id',
  'federation_rule.name': 'a label of the customer',
  'federation_rule.subject': 'the name of a workload',
  'inbound_route.public_key': 'the public half',
  'keyring.dkim_key.public_key': 'in DNS',
  'keyring.installation_key.name': 'what the key is for',
  'link_domain.name': 'in DNS',
  'notices.change.subject': 'the name of a table',
  'notices.profile_row.subject': 'the name of a table',
  'notices.recorded_row.subject': 'the name of a table',
  'operations.stop.name': 'the id of a batch, or by which the customer names a subaccount',
  'permission_set.name': 'what a workspace calls a set of rights',
  'sender.email': 'retired: null',
  'sender.name': 'retired: null',
  'sending_limit.subject': 'a word, or the id of a credential',
  'sending_use.subject': 'a word, or the id of a credential',
  'sender.reply_to': 'retired: null',
  'sending_domain.name': 'in DNS',
  'smtp_credential.name': 'a label of the customer',
  'suppression.note': 'retired: null',
  'subaccount.name': 'by which the customer names it',
  'topic.name': 'a label of the customer, shown to recipients',
  'template.name': 'a label of the customer',
  'webhook_endpoint.public_key': 'the public half',
  'workspace.name': 'the name of the tenant, which the operator gives',
}

const ALL_SCHEMAS = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

interface Column {
  /** With its schema where that is not public. */
  readonly name: string
  readonly column: string
  readonly type: string
  readonly comment: string
}

async function columns(): Promise<Column[]> {
  const { rows } = await database.pool('superuser').query<Column>(
    `select case n.nspname when 'public' then '' else n.nspname || '.' end || c.relname || '.' || a.attname as name,
            a.attname as column, format_type(a.atttypid, a.atttypmod) as type,
            coalesce(col_description(c.oid, a.attnum), '') as comment
     from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
     where ${ALL_SCHEMAS} and c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0 and not a.attisdropped
     order by 1`,
  )
  return rows
}

describe('the catalog', () => {
  it('has a guard on every table of a workspace, for every way to write it', async () => {
    const { rows } = await database.pool('superuser').query<{ table: string; triggers: string[] }>(
      `select c.relname as table,
              array_agg(t.tgname || case t.tgenabled when 'A' then '' else ' not always' end order by t.tgname)
                filter (where t.tgname is not null) as triggers
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       left join pg_trigger t on t.tgrelid = c.oid and t.tgname like 'guard\\_%'
       where n.nspname in ('public', 'engine') and c.relkind in ('r', 'p') and not c.relispartition
         and (c.relname = 'workspace' or exists (
           select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'workspace_id' and not a.attisdropped))
       group by 1`,
    )
    const full = ['guard_delete', 'guard_enter', 'guard_insert', 'guard_truncate', 'guard_update']
    const own: Readonly<Record<string, readonly string[]>> = {
      // A cancellation is a delete of the api process; claims and settling change rows without being looked at.
      queue: ['guard_change', 'guard_delete', 'guard_enter', 'guard_take', 'guard_truncate'],
      // Deliveries of events are always written.
      webhook_delivery: ['guard_delete', 'guard_enter', 'guard_truncate', 'guard_update'],
    }
    const found = Object.fromEntries(rows.map(({ table, triggers }) => [table, triggers]))
    const wanted = rows.map(({ table }) => [
      table,
      table in NO_GUARD
        ? null
        : (own[table] ?? (table in GUARDED_BESIDE ? ['guard_enter', 'guard_truncate'] : full)),
    ])
    expect(found).toEqual(Object.fromEntries(wanted))
    expect(Object.keys(NO_GUARD).filter((table) => !(table in found))).toEqual([])
  })

  it('has row-level security forced on every table of a workspace', async () => {
    const tenants = `from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname in ('public', 'engine') and c.relkind in ('r', 'p') and not c.relispartition
         and (c.relname = 'workspace' or exists (
           select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'workspace_id' and not a.attisdropped))`
    const all = await names(`select c.relname as name ${tenants}`)
    expect(all.length).toBeGreaterThan(15)
    expect(
      await names(`select c.relname as name ${tenants} and not (c.relrowsecurity and c.relforcerowsecurity)`),
    ).toEqual([])
    const { rows } = await database.pool('superuser').query<{ table: string; policy: string; rule: string }>(
      `select c.relname as table,
              p.polname || ': ' || p.polcmd::text || ' to ' ||
                case when p.polroles = '{0}' then 'public' else array_to_string(p.polroles::regrole[], ',') end as policy,
              coalesce(pg_get_expr(p.polqual, p.polrelid), '') || ' | ' ||
                coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') as rule
       from pg_policy p join pg_class c on c.oid = p.polrelid order by 1, 2`,
    )
    const policies = Map.groupBy(rows, (row) => row.table)
    expect([...policies.keys()].sort()).toEqual(all)
    for (const [table, found] of policies) {
      expect(
        found.map((row) => row.policy),
        table,
      ).toEqual(OWN_POLICIES[table] ?? ['engine: * to bulkhead_engine', 'tenant: * to public'])
      const tenant = found.find((row) => row.policy.startsWith('tenant:'))
      const own = `(${table === 'workspace' ? 'id' : 'workspace_id'} = engine.current_workspace())`
      if (tenant !== undefined) expect(tenant.rule, table).toBe(`${own} | ${own}`)
    }
  })

  it('lets nobody reach a partition past the policies of its table', async () => {
    const sql = `select c.relname as name from pg_class c, unnest($1::text[]) as r(role)
       where c.relispartition and c.relkind = 'r'
         and has_table_privilege(r.role, c.oid, 'select, insert, update, delete, truncate, references, trigger')`
    expect(await names(sql, [LOGIN_ROLES])).toEqual([])
    expect((await names(`select relname as name from pg_class where relispartition`)).length).toBeGreaterThan(
      20,
    )
  })

  it('grants nothing to everybody', async () => {
    expect(
      await names(
        `select c.relname || ' ' || x.privilege_type as name
         from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) x
         where ${OURS} and x.grantee = 0
         union all
         select n.nspname || ' ' || x.privilege_type from pg_namespace n, aclexplode(n.nspacl) x
         where ${OURS} and x.grantee = 0 and not (n.nspname = 'public' and x.privilege_type = 'USAGE')
         union all
         select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where ${OURS} and has_function_privilege('public', p.oid, 'execute') and p.proname <> all($1)`,
        [FOR_ANYBODY],
      ),
    ).toEqual([])
    expect(
      await names(
        `select r.role || ' creates in ' || n.nspname as name from pg_namespace n, unnest($1::text[]) as r(role)
         where ${OURS} and has_schema_privilege(r.role, n.oid, 'create')`,
        [ROLES],
      ),
    ).toEqual([])
  })

  it('says the class of every table and of every column, in the words of the closed list (S-07)', async () => {
    expect(
      await names(
        `select n.nspname || '.' || c.relname || ': ' || coalesce(obj_description(c.oid, 'pg_class'), '') as name
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where ${ALL_SCHEMAS} and c.relkind in ('r', 'p') and not c.relispartition
           and coalesce(obj_description(c.oid, 'pg_class'), '') !~ $1`,
        [`^class: (${[...COLUMN_CLASSES, 'personal', 'credential', 'key'].join('|')})[.]`],
      ),
    ).toEqual([])
    expect(
      (await columns()).filter(({ comment }) => classOf(comment) === undefined).map((item) => item.name),
    ).toEqual([])
  })

  it('has nothing personal, no credential and no key in a form that can be read (S-07)', async () => {
    const all = await columns()
    const sealed = all.filter(({ comment }) => /^class: (?:[a-z]+, sealed|key [(]sealed[)])/.test(comment))
    expect(sealed.length).toBeGreaterThan(15)
    // What is sealed, hashed or an index is bytes; text would be readable whatever its comment says.
    const hidden = all.filter(({ comment }) => /sealed|hash|blind index/.test(classOf(comment) ?? ''))
    expect(hidden.filter((item) => item.type !== 'bytea').map((item) => item.name)).toEqual([])
    // A name that promises something personal or secret needs a class that keeps it, or a reason here.
    const telling =
      /e_?mail|address|phone|birth|(^|_)(name|ip|note|to|from|cc|subject|password|secret|token|seed|key|body|raw)$/
    const readable = all.filter(
      (item) => telling.test(item.column) && !hidden.includes(item) && !(item.name in NOT_PERSONAL),
    )
    expect(readable.map((item) => item.name)).toEqual([])
    expect(Object.keys(NOT_PERSONAL).filter((name) => !all.some((item) => item.name === name))).toEqual([])
  })

  it('takes nothing more into columns that were readable once', async () => {
    const retired = (await columns()).filter(({ comment }) => comment.startsWith('class: retired.'))
    expect(retired.map((item) => item.name)).toEqual([
      'sender.email',
      'sender.name',
      'sender.reply_to',
      'suppression.note',
    ])
    const { rows } = await database.pool('superuser').query<{ rule: string }>(
      `select c.relname || ': ' || pg_get_constraintdef(k.oid) as rule from pg_constraint k join pg_class c on c.oid = k.conrelid
       where k.contype = 'c'`,
    )
    for (const { name } of retired) {
      const [table, column] = name.split('.')
      const refuses = rows.some(
        ({ rule }) => rule.startsWith(`${table}: CHECK`) && rule.includes(`${column} IS NULL`),
      )
      expect(refuses, name).toBe(true)
    }
  })

  it('has no place for card data', async () => {
    const card = /(^|_)(card|pan|cvv|cvc|iban|expiry)(_|$)/
    expect((await columns()).filter((item) => card.test(item.column)).map((item) => item.name)).toEqual([])
    expect(COLUMN_CLASSES.filter((name) => /card|payment/.test(name))).toEqual([])
  })

  it('has an index for every foreign key', async () => {
    // A handful of rows per workspace, found by the workspace alone.
    const small = ['purpose_key_workspace_id_workspace_key_version_fkey']
    expect(
      await names(
        `select f.conname as name
         from pg_constraint f join pg_class c on c.oid = f.conrelid join pg_namespace n on n.oid = c.relnamespace
         where ${OURS} and f.contype = 'f' and f.conparentid = 0 and f.conname <> all($1)
           and not exists (
             select 1 from pg_index i
             where i.indrelid = f.conrelid and i.indpred is null
               and (i.indkey::int2[])[0:cardinality(f.conkey) - 1] @> f.conkey)`,
        [small],
      ),
    ).toEqual([])
  })

  it('crosses workspaces only in functions that cannot be turned against their owner', async () => {
    const inEngine = `from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'engine'`
    expect(await names(`select p.proname as name ${inEngine} and not p.prosecdef`)).toEqual(
      WITH_CALLERS_RIGHTS,
    )
    // pg_temp last: otherwise a temporary table of the caller stands before every table of ours.
    expect(
      await names(
        `select p.proname as name ${inEngine} and p.prosecdef
           and 'search_path=public, engine, pg_temp' <> all(coalesce(p.proconfig, '{}'))`,
      ),
    ).toEqual([])
    expect(
      await names(`select p.proname as name ${inEngine} and p.proowner <> 'bulkhead_engine'::regrole`),
    ).toEqual(OF_THE_OWNER)
    expect(
      await names(
        `select n.nspname || '.' || p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where p.prosecdef and n.nspname not in ('engine', 'keyring', 'pg_catalog', 'information_schema')`,
      ),
    ).toEqual([])
  })

  it('lets one see of the keyring its record of unwraps, and nothing else', async () => {
    const { rows } = await database
      .pool('superuser')
      .query<{ name: string; settings: string[]; who: string[] }>(
        `select p.proname as name, p.proconfig as settings,
              array(select r.role from unnest($1::text[]) as r(role)
                    where has_function_privilege(r.role, p.oid, 'execute')
                      and has_schema_privilege(r.role, n.oid, 'usage') order by 1) as who
       from pg_proc p join pg_namespace n on n.oid = p.pronamespace
       where n.nspname = 'keyring' order by 1`,
        [LOGIN_ROLES],
      )
    const settings = ['search_path=keyring, pg_temp']
    expect(rows).toEqual([
      { name: 'refusals_since', settings, who: ['bulkhead_audit'] },
      { name: 'shredded', settings, who: [] },
      { name: 'trim_unwraps', settings, who: ['bulkhead_keyring'] },
      { name: 'unwrap_statements', settings, who: ['bulkhead_audit'] },
      { name: 'unwraps_after', settings, who: ['bulkhead_audit'] },
    ])
  })

  it('gives no role more than a log-in', async () => {
    expect(
      await names(
        `select rolname as name from pg_roles
         where rolname = any($1) and (rolsuper or rolbypassrls or rolcreatedb or rolcreaterole or rolreplication)`,
        [ROLES],
      ),
    ).toEqual([])
    expect(
      await names(`select rolname as name from pg_roles where rolname = $1 and rolcanlogin`, [ENGINE_ROLE]),
    ).toEqual([])
    expect(
      await names(
        `select member.rolname || ' is ' || granted.rolname as name
         from pg_auth_members m join pg_roles member on member.oid = m.member join pg_roles granted on granted.oid = m.roleid
         where member.rolname = any($1)`,
        [ROLES],
      ),
    ).toEqual([])
  })
})
