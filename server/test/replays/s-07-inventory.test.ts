import { startApi } from '../flows/api-fixture.ts'
import type { ApiFixture } from '../flows/api-fixture.ts'
import { deviations, replay } from './replay.ts'

interface World extends AsyncDisposable {
  readonly api: ApiFixture
}

interface Loot {
  /** Columns that the shipped schema leaves without a class, and columns that would hold card data. */
  readonly unclassifiedShipped: number
  readonly cardColumnsShipped: number
  readonly columns: number
  readonly planted: number
  /** Planted columns that the inventory does not name as unclassified. */
  readonly unnoticed: readonly string[]
}

/** What a developer in a hurry adds: some to tables that are there, some in a table of their own. */
const PLANTED = [
  'message.card_number',
  'workspace.iban',
  'suppression.phone',
  'loyalty.pan',
  'loyalty.cvv',
  'loyalty.holder',
] as const

/** Primary account numbers and what goes with them, by every name that they usually have. */
const CARD =
  /(^|_)(pan|cvv|cvc|cvv2|card|card_?(no|number|holder)|credit_?card|iban|track_?data|expiry_(month|year))($|_)/

async function startWorld(readsCatalog: boolean): Promise<World> {
  const api = await startApi()
  if (!readsCatalog) {
    const owner = api.database.pool('superuser')
    await owner.query('create table engine.kept_by_hand as select * from engine.data_inventory()')
    const { rows } = await owner.query<{ definition: string }>(
      `select pg_get_functiondef('engine.data_inventory'::regproc) as definition`,
    )
    const head = /^.*?\$function\$/s.exec(rows[0]?.definition ?? '')?.[0] ?? ''
    await owner.query(`${head} select * from engine.kept_by_hand $function$`)
    await owner.query('grant select on engine.kept_by_hand to bulkhead_engine')
  }
  return {
    api,
    [Symbol.asyncDispose]: async () => await api[Symbol.asyncDispose](),
  }
}

interface Column {
  readonly name: string
  readonly class: string
}

async function readInventory(api: ApiFixture): Promise<Column[]> {
  const { status, body, text } = await api.call(api.operatorKey, 'GET', '/v1/inventory')
  if (status !== 200) throw new Error(text)
  const tables: readonly { name: string; columns: readonly Column[] }[] = body.tables
  return tables.flatMap((table) =>
    table.columns.map((column) => ({ name: `${table.name}.${column.name}`, class: column.class })),
  )
}

async function addSilently({ api }: World): Promise<Loot> {
  const shipped = (await readInventory(api)).filter(({ name }) => !name.startsWith('kept_by_hand.'))
  const owner = api.database.pool('superuser')
  await owner.query('create table loyalty (pan text, cvv text, holder text)')
  for (const [table = '', column = ''] of PLANTED.map((name) => name.split('.'))) {
    if (table !== 'loyalty') await owner.query(`alter table ${table} add column ${column} text`)
  }
  const after = await readInventory(api)
  const isNoticed = (name: string): boolean =>
    after.some((column) => column.name === name && column.class === 'unclassified')
  return {
    unclassifiedShipped: shipped.filter((column) => column.class === 'unclassified').length,
    cardColumnsShipped: shipped.filter(({ name }) => CARD.test(name.slice(name.indexOf('.') + 1))).length,
    columns: shipped.length,
    planted: PLANTED.length,
    unnoticed: PLANTED.filter((name) => !isNoticed(name)),
  }
}

replay<World, Loot>(
  {
    id: 'S-07',
    source: 'S:19',
    attack:
      'a developer in a hurry → adds columns for card data, an IBAN and a phone number and tells nobody',
    bound:
      'every one is in the inventory as unclassified, which fails the build; the shipped schema has 0 unclassified columns and 0 for card data',
    control: 'the inventory is a list that was written once and not read from the catalog: none is noticed',
  },
  {
    real: () => startWorld(true),
    control: () => startWorld(false),
    attack: addSilently,
    judge: ({ unnoticed, ...loot }) => ({
      breaches: [
        ...unnoticed.map((name) => `${name} is not noticed`),
        ...deviations({ unclassifiedShipped: 0, cardColumnsShipped: 0 }, { ...loot }),
        ...(loot.columns > 200 ? [] : [`the inventory has only ${loot.columns} columns`]),
      ],
      evidence: { ...loot, noticed: loot.planted - unnoticed.length },
    }),
    succeeded({ unnoticed }) {
      if (unnoticed.length !== PLANTED.length) throw new Error(`only ${unnoticed.length} went unnoticed`)
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
