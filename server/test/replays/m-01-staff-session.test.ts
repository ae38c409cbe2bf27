import { readFileSync } from 'node:fs'
import { Client } from 'pg'
import { decodeId } from '../../src/kernel/ids.ts'
import { createKeyringClient } from '../../src/platform/keyring-client/index.ts'
import { withClient } from '../../src/platform/postgres/index.ts'
import { open, sealedKeyId } from '../../src/platform/sealing/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { databaseUrls, operatorKey } from '../constellation/database.ts'
import { createHttp } from '../constellation/http.ts'
import { startInstallation } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import { alterProduct } from '../support/altered-product.ts'
import type { AlteredProduct } from '../support/altered-product.ts'
import { createScan } from '../support/plaintext-scan/places.ts'
import type { Scan } from '../support/plaintext-scan/places.ts'
import { createSearch } from '../support/plaintext-scan/search.ts'
import { createCanaries } from './canaries.ts'
import { forAll } from './keyring-world.ts'
import { replay } from './replay.ts'
import { readEverything } from './responses.ts'

interface World extends AsyncDisposable {
  readonly installation: Installation
}

interface Victim {
  /** The class under which the canaries of this workspace are counted. */
  readonly name: string
  readonly id: string
  readonly uuid: string
}

interface Loot {
  readonly readable: readonly string[]
  readonly requests: number
  readonly tablesDenied: number
  readonly tablesRead: readonly string[]
  readonly functionsDenied: number
  readonly functionsCalled: number
  readonly keyringOpened: number
}

const WORKSPACES = 300

async function startWorld(altered?: AlteredProduct): Promise<World> {
  const installation = await startInstallation(altered === undefined ? {} : { root: altered.root })
  if (altered !== undefined) {
    await withClient(databaseUrls(installation.dataDirectory).superuser, 'replay', async (client) => {
      await client.query('grant select on message, body, recipient to bulkhead_staff')
      for (const table of ['message', 'body', 'recipient']) {
        await client.query(`create policy staff_reads on ${table} for select to bulkhead_staff using (true)`)
      }
    })
  }
  return {
    installation,
    async [Symbol.asyncDispose]() {
      await installation[Symbol.asyncDispose]()
      altered?.[Symbol.dispose]()
    },
  }
}

/** Hundreds of workspaces, each with canaries of its own in what people wrote. */
async function furnish(
  { http, dataDirectory }: Installation,
  canaries: ReturnType<typeof createCanaries>,
): Promise<Victim[]> {
  const operator = operatorKey(dataDirectory)
  const { superuser } = databaseUrls(dataDirectory)
  const post = async (path: string, body: unknown, key: string) => {
    const answer = await http.call('POST', path, { body, key })
    if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.text}`)
    return answer.body
  }
  return forAll(Array.from({ length: WORKSPACES }), async (_, number): Promise<Victim> => {
    const name = `workspace ${number}`
    const made = await post('/v1/workspaces', { name }, operator)
    const { key } = made.apiKey
    const word = (): string => canaries.make(name)
    const uuid = decodeId('workspace', made.workspace.id) ?? ''
    // Not through the API: the RSA keys of 300 domains take minutes to make, and none is used here.
    await withClient(superuser, 'replay', (client) =>
      client.query(
        `insert into sending_domain (id, workspace_id, name, state, verified_at)
         values (gen_random_uuid(), $1, $2, 'verified', now())`,
        [uuid, `shop${number}.test`],
      ),
    )
    await post(
      '/v1/messages',
      {
        from: { email: `ann@shop${number}.test`, name: word() },
        to: `${word()}@reader.test`,
        subject: word(),
        text: word(),
        metadata: { order: word() },
        sendAt: new Date(Date.now() + 3_600_000).toISOString(),
      },
      key,
    )
    return { name, id: made.workspace.id, uuid }
  })
}

async function walk({ installation }: World): Promise<Loot> {
  const canaries = createCanaries()
  const victims = await furnish(installation, canaries)
  const scan = createScan(createSearch(canaries.all()))
  const requests = await walkRoutes(installation, victims, scan)
  const database = await walkDatabase(installation, victims, scan)
  const keyringOpened = await openAll(installation, scan)
  return { readable: [...scan.found.keys()], requests, keyringOpened, ...database }
}

/** A staff session: every route of the staff API, and every one that takes a workspace for each of them. */
async function walkRoutes(
  installation: Installation,
  victims: readonly Victim[],
  scan: Scan,
): Promise<number> {
  const operator = operatorKey(installation.dataDirectory)
  const asOperator = createHttp(installation.staffUrl, operator)
  const member = await asOperator.call('POST', '/v1/staff', { body: { label: 'mallory' } })
  if (member.status !== 201) throw new Error(member.text)
  const { key } = member.body
  const staff = createHttp(installation.staffUrl, key)
  const look = (path: string, text: string): void => scan.bytes('staff routes', path, Buffer.from(text))
  let requests = await readEverything(staff, key, look)
  // The same key at the customers' own door.
  requests += await readEverything(installation.http, key, look)
  await forAll(victims, async ({ id }) => {
    for (const path of ['/v1/queue', '/v1/containments', '/v1/workspaces', '/v1/messages', '/v1/senders']) {
      look(path, (await staff.call('GET', `${path}?workspaceId=${id}`)).text)
    }
    const body = { scope: 'workspace', workspaceId: id, capabilities: ['send'], reason: 'x' }
    look('preview', (await staff.call('POST', '/v1/containments/preview', { body })).text)
    requests += 6
  })
  return requests
}

/** A hijacked staff process: its own connection to the database, every table and every function. */
async function walkDatabase(
  installation: Installation,
  victims: readonly Victim[],
  scan: Scan,
): Promise<Pick<Loot, 'tablesDenied' | 'tablesRead' | 'functionsDenied' | 'functionsCalled'>> {
  const client = new Client({
    connectionString: databaseUrls(installation.dataDirectory).roles.bulkhead_staff,
  })
  await client.connect()
  const attempt = async (what: string, sql: string): Promise<boolean> => {
    try {
      const { rows } = await client.query<{ row: string | null }>(sql)
      scan.bytes('staff database role', what, Buffer.from(rows.map((item) => item.row).join('\n')))
      return true
    } catch (error) {
      // Refused, or called with arguments that make no sense: in both cases nothing came back.
      return !(
        error instanceof Error &&
        'code' in error &&
        (error.code === '42501' || error.code === '3F000')
      )
    }
  }
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p', 'v', 'm', 'S') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
         and not c.relispartition order by 1`,
    )
    const tablesRead: string[] = []
    for (const { name } of tables) {
      const sql = `select t::text as row from ${name} t`
      if (!(await attempt(name, sql))) continue
      tablesRead.push(name)
      for (const { uuid } of victims) {
        await client.query(`select set_config('bulkhead.workspace', $1, false)`, [uuid])
        await attempt(name, sql)
      }
    }
    const { rows: functions } = await client.query<{ name: string; arguments: string[] }>(
      `select p.oid::regproc::text as name, array(select format_type(x, null) from unnest(p.proargtypes) x)::text[] as arguments
       from pg_proc p join pg_namespace n on n.oid = p.pronamespace
       where n.nspname in ('public', 'engine', 'keyring', 'staff') and p.prorettype <> 'trigger'::regtype order by 1`,
    )
    let functionsCalled = 0
    for (const { name, arguments: types } of functions) {
      const values = types.map((type) => `null::${type}`).join(', ')
      if (!(await attempt(name, `select t::text as row from ${name}(${values}) t`))) continue
      functionsCalled += 1
      if (!types.includes('uuid')) continue
      for (const { uuid } of victims.slice(0, 20)) {
        const own = types.map((type) =>
          type === 'uuid' ? `'${uuid}'::uuid` : type === 'integer' ? '1000' : `null::${type}`,
        )
        await attempt(name, `select t::text as row from ${name}(${own.join(', ')}) t`)
      }
    }
    return {
      tablesDenied: tables.length - tablesRead.length,
      tablesRead,
      functionsDenied: functions.length - functionsCalled,
      functionsCalled,
    }
  } finally {
    await client.end()
  }
}

interface SealedBody {
  readonly id: string
  readonly workspace: string
  readonly sealed: Buffer
}

/** The token of the hijacked process at the keyring, on what its role at the database sees. */
async function openAll(installation: Installation, scan: Scan): Promise<number> {
  const environment = environmentOf(installation.pids('staff')[0] ?? 0)
  const rows = await withClient(
    databaseUrls(installation.dataDirectory).roles.bulkhead_staff,
    'replay',
    async (client) => {
      const { rows: found } = await client.query<SealedBody>(
        'select message_id as id, workspace_id as workspace, sealed from body',
      )
      return found
    },
  ).catch((): SealedBody[] => [])
  await using keyring = createKeyringClient({
    socketPath: environment['BULKHEAD_INTERNAL_KEYRING_SOCKET'] ?? '',
    token: environment['BULKHEAD_INTERNAL_KEYRING_TOKEN'] ?? '',
    log: createLogger({ name: 'hijacked', level: 'error' }),
    timeoutMs: 2_000,
  })
  let opened = 0
  if (rows.length === 0) {
    // Nothing to open; the keyring is asked all the same, for an id that may be anybody's.
    const id = '018f0000-0000-7000-8000-000000000000'
    opened += await keyring.openContentKeys(id, [id], 'look').then(
      () => 1,
      () => 0,
    )
    return opened
  }
  await forAll(rows, async ({ id, workspace, sealed }) => {
    const keys = await keyring.openContentKeys(workspace, [sealedKeyId(sealed)], 'look').catch(() => null)
    if (keys === null) return
    const place = { workspaceId: workspace, table: 'body', column: 'sealed', rowId: id }
    scan.bytes('keyring', 'body', open(keys, place, sealed))
    opened += 1
  })
  return opened
}

/** What a process was started with, as one who is inside of it reads it. */
function environmentOf(pid: number): Record<string, string> {
  const text = readFileSync(`/proc/${pid}/environ`, 'latin1')
  return Object.fromEntries(
    text
      .split('\0')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

replay<World, Loot>(
  {
    id: 'M-01',
    source: 'M:17; D:29',
    attack: `staff session with all rights, staff's database role and staff's keyring token → walks ${WORKSPACES} workspaces by every route, table, function and key`,
    bound: `0 of ${WORKSPACES} readable`,
    control:
      "staff's role is granted the tables and the keyring opens content for staff: every workspace is read",
  },
  {
    real: () => startWorld(),
    control: () =>
      startWorld(
        alterProduct([
          { file: 'keyring/src/budgets.ts', find: '  staff: NOTHING,\n', replace: '  staff: EVERYBODY,\n' },
          {
            file: 'keyring/src/access.ts',
            find: "staff: { ...NOTHING, pepper: 'allowed' }",
            replace: "staff: { ...NOTHING, pepper: 'allowed', openContentKeys: 'allowed' }",
          },
        ]),
      ),
    attack: walk,
    judge: (loot) => ({
      breaches: [
        ...(loot.readable.length === 0
          ? []
          : [`${loot.readable.length} of ${WORKSPACES} workspaces are readable`]),
        ...(loot.keyringOpened === 0 ? [] : [`the keyring opened ${loot.keyringOpened} times for staff`]),
        ...(loot.tablesDenied >= 20 ? [] : [`only ${loot.tablesDenied} tables were denied`]),
        ...(loot.requests > WORKSPACES * 6 ? [] : [`only ${loot.requests} requests were made`]),
      ],
      evidence: {
        workspaces: WORKSPACES,
        readable: loot.readable.length,
        requests: loot.requests,
        tablesDenied: loot.tablesDenied,
        tablesRead: loot.tablesRead.length,
        functionsDenied: loot.functionsDenied,
        functionsCalled: loot.functionsCalled,
        keyringOpened: loot.keyringOpened,
      },
    }),
    succeeded({ readable }) {
      if (readable.length !== WORKSPACES) throw new Error(`${readable.length} of ${WORKSPACES} were read`)
    },
    close: (world) => world[Symbol.asyncDispose](),
    timeoutMs: 180_000,
  },
)
