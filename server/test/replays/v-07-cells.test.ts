import { randomUUID } from 'node:crypto'
import { copyFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { forAll, newWorkspaces, startKeyringWorld } from './keyring-world.ts'
import type { KeyringWorld } from './keyring-world.ts'
import { deviations, replay } from './replay.ts'

const WORKSPACES = 60

interface World {
  readonly us: KeyringWorld
  readonly uk: KeyringWorld
}

interface Sealed {
  readonly workspaceId: string
  readonly place: string
  readonly text: string
  readonly bytes: Buffer
}

interface Loot {
  readonly ownOpened: number
  readonly crossOpened: number
  readonly stolenRootOpened: number
}

const KEYS = ['workspace_key', 'purpose_key'] as const

/** Seals a secret for each workspace of a cell. */
function furnish(cell: KeyringWorld): Promise<Sealed[]> {
  return forAll(newWorkspaces(WORKSPACES), async (workspaceId) => {
    const [place, text] = [`connector.password/${randomUUID()}@ldap.customer.test:636`, randomUUID()]
    const bytes = await cell.client('api').sealSecret(workspaceId, 'connector', place, Buffer.from(text))
    return { workspaceId, place, text, bytes }
  })
}

/** How many of a cell's secrets a keyring opens. */
async function openAll(cell: KeyringWorld, secrets: readonly Sealed[]): Promise<number> {
  const worker = cell.client('worker')
  const opened = await forAll(secrets, ({ workspaceId, place, text, bytes }) =>
    worker.openSecret(workspaceId, 'connector', place, bytes, 'replay').then(
      (plain) => plain.toString() === text,
      () => false,
    ),
  )
  return opened.filter(Boolean).length
}

/** Copies the wrapped keys of one cell into the database of another, as an intruder with write access to it would. */
async function transplant(from: KeyringWorld, into: KeyringWorld): Promise<void> {
  for (const table of KEYS) {
    const { rows } = await from.database.pool('superuser').query(`select * from keyring.${table}`)
    await into.database
      .pool('superuser')
      .query(
        `insert into keyring.${table} select * from jsonb_populate_recordset(null::keyring.${table}, $1)`,
        [JSON.stringify(rows.map((row) => withHexBytes(row)))],
      )
  }
}

function withHexBytes(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value instanceof Buffer ? `\\x${value.toString('hex')}` : value,
    ]),
  )
}

async function crossOver({ us, uk }: World): Promise<Loot> {
  const secrets = await furnish(uk)
  await furnish(us)
  const ownOpened = await openAll(uk, secrets)
  await transplant(uk, us)
  const crossOpened = await openAll(us, secrets)
  return { ownOpened, crossOpened, stolenRootOpened: await withStolenRoot(us, uk, secrets) }
}

/** The thief has the root key file of one cell and the whole database of the other. */
async function withStolenRoot(
  us: KeyringWorld,
  uk: KeyringWorld,
  secrets: readonly Sealed[],
): Promise<number> {
  try {
    await using thief = await startKeyringWorld({
      database: uk.database,
      beforeStart: async (rootPath) => {
        await mkdir(dirname(rootPath), { recursive: true, mode: 0o700 })
        await copyFile(us.process.rootPath, rootPath)
      },
    })
    return await openAll(thief, secrets)
  } catch {
    // The keyring does not even start on keys of another root.
    return 0
  }
}

async function twoCells(sameRoot: boolean): Promise<World> {
  const us = await startKeyringWorld()
  const uk = await startKeyringWorld(
    sameRoot
      ? {
          beforeStart: async (rootPath) => {
            await mkdir(dirname(rootPath), { recursive: true, mode: 0o700 })
            await copyFile(us.process.rootPath, rootPath)
          },
        }
      : {},
  )
  return { us, uk }
}

replay<World, Loot>(
  {
    id: 'V-07',
    source: 'V:2 (tenants in the US and in the UK)',
    attack:
      'keyring, database and root key of one cell → opens the secrets of another cell, whose whole database he has too',
    bound: `0 of ${WORKSPACES}: each cell has a root of its own, and a wrapped key opens under its root only`,
    control: 'both cells have the same root key file: all of them open',
  },
  {
    real: () => twoCells(false),
    control: () => twoCells(true),
    attack: crossOver,
    judge: (loot) => ({
      breaches: deviations({ ownOpened: WORKSPACES, crossOpened: 0, stolenRootOpened: 0 }, { ...loot }),
      evidence: { ...loot },
    }),
    succeeded({ crossOpened, stolenRootOpened }) {
      if (crossOpened + stolenRootOpened !== WORKSPACES * 2)
        throw new Error(`${crossOpened} and ${stolenRootOpened} opened`)
    },
    async close({ us, uk }) {
      await us[Symbol.asyncDispose]()
      await uk[Symbol.asyncDispose]()
    },
  },
)
