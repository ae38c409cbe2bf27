import { randomUUID } from 'node:crypto'
import type { PoolClient } from 'pg'
import { openChannel } from '../../src/platform/keyring-client/channel.ts'
import { TEST_TOKENS } from '../../src/platform/keyring-client/test-keyring.ts'
import { LOGIN_ROLES } from '../../src/platform/postgres/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { FUNCTIONS, TABLES } from '../architecture/reach.ts'
import { alterProduct } from '../support/altered-product.ts'
import { forAll, startKeyringWorld } from './keyring-world.ts'
import type { KeyringWorld } from './keyring-world.ts'
import { replay } from './replay.ts'

type Kind = keyof typeof TEST_TOKENS

/** What each kind of process may ask of the keyring; everything that is not here must be refused. */
const KEYRING: Readonly<Record<Kind, readonly string[]>> = {
  api: [
    'auditKey',
    'blind',
    'blindAddresses',
    'cancelShred',
    'contentKey',
    'createDkimKey',
    'destroyDkimKey',
    'health',
    'openContentKeys',
    'pepper',
    'publicKeys',
    'referenceKey',
    'requestShred',
    'resealSecret',
    'rotate',
    'rotation',
    'sealSecret',
    'shreds',
    'status',
    'verifyTotp',
  ],
  smtp: ['blind', 'blindAddresses', 'contentKey', 'health', 'pepper', 'referenceKey'],
  sender: [
    'blind',
    'blindAddresses',
    'destroyContentKeys',
    'health',
    'openContentKeys',
    'referenceKey',
    'sign',
  ],
  worker: [
    'blind',
    'blindAddresses',
    'destroyContentKeys',
    'health',
    'openContentKeys',
    'openSecret',
    'referenceKey',
  ],
  staff: ['health', 'pepper'],
  audit: ['attestUnwraps', 'auditKey', 'health', 'signCheckpoint'],
}

interface Loot {
  /** What a process reached although it belongs to others: `worker → bulkhead_api: select from message`. */
  readonly reached: readonly string[]
  readonly pairs: number
  readonly tableAttempts: number
  readonly functionAttempts: number
  readonly roleAttempts: number
  readonly keyringAttempts: number
  /** What is the process's own and did work: an attack that fails everywhere would prove nothing. */
  readonly ownWorked: number
}

const RIGHTS = [
  { letter: 's', sql: (table: string) => `select 1 from ${table} limit 1` },
  { letter: 'i', sql: (table: string) => `insert into ${table} default values` },
  {
    letter: 'u',
    sql: (table: string, column: string) => `update ${table} set ${column} = ${column} where false`,
  },
  { letter: 'd', sql: (table: string) => `delete from ${table} where false` },
  { letter: 'T', sql: (table: string) => `truncate ${table}` },
  { letter: 'L', sql: (table: string) => `lock table ${table} in access exclusive mode` },
] as const

async function startWorld(isWeak: boolean): Promise<KeyringWorld> {
  if (!isWeak) return startKeyringWorld()
  const world = await startKeyringWorld({
    altered: alterProduct([
      {
        file: 'keyring/src/access.ts',
        find: '  smtp: {\n    ...NOTHING,\n',
        replace: "  smtp: {\n    ...NOTHING,\n    openContentKeys: 'allowed',\n    openSecret: 'allowed',\n",
      },
    ]),
  })
  // In this database alone: roles belong to the whole cluster.
  await world.database
    .pool('superuser')
    .query('grant select, update on message, body, api_key, smtp_credential to bulkhead_smtp')
  return world
}

async function moveAround(world: KeyringWorld): Promise<Loot> {
  const reached: string[] = []
  const counts = { tableAttempts: 0, functionAttempts: 0, roleAttempts: 0, ownWorked: 0 }
  const catalog = await readCatalog(world)
  for (const role of LOGIN_ROLES) {
    const client = await world.database.pool(role).connect()
    try {
      for (const { schema, table, column } of catalog.tables) {
        const name = `${schema}.${table}`
        for (const { letter, sql } of RIGHTS) {
          const isOwn = (TABLES[role][table] ?? '').includes(letter)
          counts.tableAttempts += 1
          if (await isRefused(client, sql(name, column))) continue
          if (isOwn) counts.ownWorked += 1
          // Locking a table needs a right to write it; who has one may wait for others.
          else if (letter !== 'L' || !/[iud]/.test(TABLES[role][table] ?? ''))
            reached.push(`${role}: ${letter} ${name}`)
        }
      }
      for (const { name, types } of catalog.functions) {
        counts.functionAttempts += 1
        const values = types.map((type) => `null::${type}`).join(', ')
        const call = `select count(*) from engine.${name}(${values})`
        if (await isRefused(client, call, FUNCTIONS[role].includes(name))) continue
        if (FUNCTIONS[role].includes(name)) counts.ownWorked += 1
        else reached.push(`${role}: calls ${name}`)
      }
      for (const other of [...LOGIN_ROLES, 'bulkhead_engine', 'bulkhead_owner', 'postgres']) {
        if (other === role) continue
        for (const sql of [`set role ${other}`, `set session authorization ${other}`]) {
          counts.roleAttempts += 1
          if (!(await isRefused(client, sql))) reached.push(`${role}: ${sql}`)
        }
      }
      for (const sql of [
        'select rolpassword from pg_authid limit 1',
        `copy (select 1) to program 'true'`,
        `select pg_read_file('PG_VERSION')`,
        'create table public.mine (x int)',
        'create temporary table mine (x int)',
        'create function public.mine() returns int language sql return 1',
        'alter table message disable row level security',
        `set session_replication_role = 'replica'`,
      ]) {
        counts.roleAttempts += 1
        if (!(await isRefused(client, sql))) reached.push(`${role}: ${sql}`)
      }
    } finally {
      client.release()
    }
  }
  const keyring = await askForEverything(world)
  return {
    ...counts,
    ownWorked: counts.ownWorked + keyring.worked,
    reached: [...reached, ...keyring.reached],
    pairs: LOGIN_ROLES.length * (LOGIN_ROLES.length - 1),
    keyringAttempts: keyring.attempts,
  }
}

interface Catalog {
  readonly tables: readonly { schema: string; table: string; column: string }[]
  readonly functions: readonly { name: string; types: readonly string[] }[]
}

async function readCatalog({ database }: KeyringWorld): Promise<Catalog> {
  const owner = database.pool('superuser')
  const tables = await owner.query<Catalog['tables'][number]>(
    `select n.nspname as schema, c.relname as table,
            (select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attidentity = '' order by a.attnum limit 1) as column
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`,
  )
  const functions = await owner.query<Catalog['functions'][number]>(
    `select p.proname as name, array(select format_type(x, null) from unnest(p.proargtypes) x)::text[] as types
     from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'engine' and p.prosecdef and p.prorettype <> 'trigger'::regtype`,
  )
  return { tables: tables.rows, functions: functions.rows }
}

/**
 * Runs a statement and takes it back. True where a right was missing; an own function that says no to its arguments with the same
 * code did run.
 */
async function isRefused(client: PoolClient, sql: string, isOwnFunction = false): Promise<boolean> {
  try {
    await client.query('begin')
    await client.query(`select set_config('bulkhead.workspace', $1, true)`, [randomUUID()])
    await client.query(`set local statement_timeout = '2s'`)
    await client.query(sql)
    return false
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    return code === '42501' && !isOwnFunction
  } finally {
    await client.query('rollback')
  }
}

/** Every operation of the keyring with every token. A refused one names the process; an allowed one complains of its arguments. */
async function askForEverything({
  process: keyring,
}: KeyringWorld): Promise<{ reached: string[]; attempts: number; worked: number }> {
  const operations = [...new Set(Object.values(KEYRING).flat())]
  const log = createLogger({ name: 'hijacked', level: 'error' })
  const cells = Object.entries(TEST_TOKENS).flatMap(([kind, token]) =>
    operations.map((op) => ({ kind, token, op })),
  )
  const isOwn = (kind: string, op: string): boolean =>
    Object.entries(KEYRING).some(([name, own]) => name === kind && own.includes(op))
  const answers = await forAll(cells, async ({ token, op }): Promise<boolean> => {
    const channel = openChannel({ socketPath: keyring.socketPath, token, log })
    try {
      await channel.request({ op, body: {}, deadlineMs: Date.now() + 3_000 })
      return true
    } catch (error) {
      return !(
        error instanceof Error && /may not ask for|did not answer|not answered|unknown/.test(error.message)
      )
    } finally {
      channel.close()
    }
  })
  const found = cells.map((cell, index) => ({ ...cell, worked: answers[index] === true }))
  const stranger = openChannel({ socketPath: keyring.socketPath, token: 'a token that nobody has', log })
  const strangerWorked = await stranger
    .request({ op: 'health', body: {}, deadlineMs: Date.now() + 500 })
    .then(() => true)
    .catch(() => false)
  stranger.close()
  return {
    attempts: found.length + 1,
    worked: found.filter(({ kind, op, worked }) => worked && isOwn(kind, op)).length,
    reached: [
      ...found
        .filter(({ kind, op, worked }) => worked && !isOwn(kind, op))
        .map(({ kind, op }) => `${kind}: asks the keyring for ${op}`),
      ...(strangerWorked ? ['a stranger: asks the keyring for health'] : []),
    ],
  }
}

replay<KeyringWorld, Loot>(
  {
    id: 'S-02',
    source: 'S:11 (multiple internal systems)',
    attack:
      'hijacked process of each kind, with its database password and its keyring token → reaches for everything that belongs to the others',
    bound: '0 tables, functions, roles and keyring operations of others are reached; denied by default',
    control:
      "smtp's role is granted the tables of others in the test database and the keyring opens for it: both are reached",
  },
  {
    real: () => startWorld(false),
    control: () => startWorld(true),
    attack: moveAround,
    judge: (loot) => ({
      breaches: [
        ...loot.reached,
        ...(loot.ownWorked > 150 ? [] : [`only ${loot.ownWorked} of the processes' own rights worked`]),
      ],
      evidence: {
        pairs: loot.pairs,
        tableAttempts: loot.tableAttempts,
        functionAttempts: loot.functionAttempts,
        roleAttempts: loot.roleAttempts,
        keyringAttempts: loot.keyringAttempts,
        reached: loot.reached.length,
        ownWorked: loot.ownWorked,
      },
    }),
    succeeded({ reached }) {
      for (const wanted of ['bulkhead_smtp: s public.body', 'smtp: asks the keyring for openContentKeys'])
        if (!reached.includes(wanted)) throw new Error(`not reached: ${wanted}`)
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
