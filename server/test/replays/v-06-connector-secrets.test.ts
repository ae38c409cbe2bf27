import { randomUUID } from 'node:crypto'
import { alterProduct } from '../support/altered-product.ts'
import { createScan } from '../support/plaintext-scan/places.ts'
import { createSearch } from '../support/plaintext-scan/search.ts'
import { createCanaries } from './canaries.ts'
import { forAll, newWorkspaces, startKeyringWorld } from './keyring-world.ts'
import type { KeyringWorld } from './keyring-world.ts'
import { deviations, replay } from './replay.ts'

/** The certificate of the incident reached this many customers. */
const CONNECTORS = 3_600
/** As many did the intruder target. */
const TARGETS = 9
const HOSTS = ['ldap.customer.test:636', 'outlook.customer.test:443', 'pop.customer.test:995'] as const

interface Connector {
  readonly workspaceId: string
  readonly id: string
  readonly password: string
  readonly sealed: Buffer
  readonly target: string
}

interface Loot {
  readonly opened: number
  readonly openedElsewhere: number
  readonly openedForOthers: number
  readonly onRecord: readonly string[]
  readonly targets: readonly string[]
  readonly readableInDump: number
}

/** Where a connector's password may go stands in what it is sealed to. */
const context = (id: string, target: string): string => `connector.password/${id}@${target}`

async function steal(world: KeyringWorld): Promise<Loot> {
  const { database } = world
  const canaries = createCanaries()
  const api = world.client('api')
  const connectors = await forAll(
    newWorkspaces(CONNECTORS),
    async (workspaceId, index): Promise<Connector> => {
      const id = randomUUID()
      const target = HOSTS[index % HOSTS.length] ?? HOSTS[0]
      const password = canaries.make('connector password')
      const sealed = await api.sealSecret(
        workspaceId,
        'connector',
        context(id, target),
        Buffer.from(password),
      )
      return { workspaceId, id, password, sealed, target }
    },
  )
  // The connectors of the product come later; their place in the database is a table of the harness.
  const owner = database.pool('owner')
  await owner.query(
    'create table replay_connector (id uuid primary key, workspace_id uuid, target text, sealed bytea)',
  )
  await owner.query(
    'insert into replay_connector select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[])',
    [
      connectors.map((item) => item.id),
      connectors.map((item) => item.workspaceId),
      connectors.map((item) => item.target),
      connectors.map((item) => item.sealed),
    ],
  )

  // A hijacked worker: it has the worker's token and every row.
  const worker = world.client('worker')
  const open = (item: Connector, workspaceId: string, place: string): Promise<boolean> =>
    worker.openSecret(workspaceId, 'connector', place, item.sealed, 'journal fetch').then(
      (plain) => plain.toString() === item.password,
      () => false,
    )
  const targets = connectors.filter((_, index) => index % 400 === 7)
  const opened = await forAll(targets, (item) => open(item, item.workspaceId, context(item.id, item.target)))
  const sample = connectors.filter((_, index) => index % 18 === 3)
  const openedElsewhere = await forAll(sample, (item) =>
    open(item, item.workspaceId, context(item.id, 'collector.attacker.test:636')),
  )
  const openedForOthers = await forAll(sample, (item) =>
    open(item, targets[0]!.workspaceId, context(item.id, item.target)),
  )
  const { rows } = await database
    .pool('superuser')
    .query<{ id: string }>(
      `select distinct workspace_id::text as id from keyring.unwrap_log where process = 'worker' and purpose = 'connector'`,
    )
  const scan = createScan(createSearch(canaries.all()))
  await scan.dump('dump', world.database.superuserUrl)
  return {
    opened: opened.filter(Boolean).length,
    openedElsewhere: openedElsewhere.filter(Boolean).length,
    openedForOthers: openedForOthers.filter(Boolean).length,
    onRecord: rows.map((row) => row.id).sort(),
    targets: targets.map((item) => item.workspaceId).sort(),
    readableInDump: scan.found.get('connector password')?.get('dump')?.size ?? 0,
  }
}

replay<KeyringWorld, Loot>(
  {
    id: 'V-06',
    source: 'V:2, V:10',
    attack: `hijacked worker with the rows of ${CONNECTORS} connectors → opens ${TARGETS} passwords, points others at a host of its own`,
    bound:
      'the unwrap log names exactly the workspaces that were opened; a changed host or workspace opens 0; the dump shows 0',
    control: 'the keyring does not bind a secret to its place: a changed host opens',
  },
  {
    real: () => startKeyringWorld(),
    control: () =>
      startKeyringWorld({
        altered: alterProduct([
          {
            file: 'keyring/src/secrets.ts',
            find: "encrypt(key, ['secret', workspaceId, purpose, context, version], plaintext)",
            replace: "encrypt(key, ['secret', workspaceId, purpose, version], plaintext)",
          },
          {
            file: 'keyring/src/secrets.ts',
            find: "const place = ['secret', workspaceId, purpose, context, version]",
            replace: "const place = ['secret', workspaceId, purpose, version]",
          },
        ]),
      }),
    attack: steal,
    judge: (loot) => ({
      breaches: [
        ...deviations(
          { opened: TARGETS, openedElsewhere: 0, openedForOthers: 0, readableInDump: 0 },
          { ...loot },
        ),
        ...(loot.onRecord.length === TARGETS && loot.onRecord.every((id, index) => id === loot.targets[index])
          ? []
          : [`the record names ${loot.onRecord.length} workspaces, ${TARGETS} were opened`]),
      ],
      evidence: {
        connectors: CONNECTORS,
        opened: loot.opened,
        onRecord: loot.onRecord.length,
        changedHostOpened: loot.openedElsewhere,
        otherWorkspaceOpened: loot.openedForOthers,
        readableInDump: loot.readableInDump,
      },
    }),
    succeeded({ openedElsewhere }) {
      if (openedElsewhere !== CONNECTORS / 18) throw new Error(`only ${openedElsewhere} opened`)
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
