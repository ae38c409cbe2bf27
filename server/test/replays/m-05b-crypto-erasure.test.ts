import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeTestKeyring } from '../../src/platform/keyring-client/test-keyring.ts'
import { fakeTime } from './fake-time.ts'
import { forAll, newWorkspaces, startKeyringWorld } from './keyring-world.ts'
import type { KeyringWorld } from './keyring-world.ts'
import { deviations, replay } from './replay.ts'

interface World extends AsyncDisposable {
  readonly keyring: KeyringWorld
  readonly keepsHourKeys: boolean
}

interface Loot {
  readonly keys: number
  readonly openedInTime: number
  readonly openedAfterExpiry: number
  readonly ordinaryOpened: number
}

const MESSAGES = 40
const LATER = '+6h'

async function startWorld(keepsHourKeys: boolean): Promise<World> {
  const keyring = await startKeyringWorld()
  return {
    keyring,
    keepsHourKeys,
    [Symbol.asyncDispose]: async () => await keyring[Symbol.asyncDispose](),
  }
}

/**
 * Keys of sensitive messages that nobody destroyed: their rows lie in every backup. Six hours later the whole host is taken: database,
 * root key and the state of the hourly keys as it is then.
 */
async function takeLater({ keyring, keepsHourKeys }: World): Promise<Loot> {
  const [workspaceId = ''] = newWorkspaces(1)
  const api = keyring.client('api')
  const sensitive = await forAll(Array.from({ length: MESSAGES }), () =>
    api.contentKey(workspaceId, { sensitive: true }),
  )
  const ordinary = await api.contentKey(workspaceId)
  const openIn = async (world: KeyringWorld): Promise<{ sensitive: number; ordinary: number }> => {
    const worker = world.client('worker')
    const count = async (keyIds: readonly string[]): Promise<number> => {
      const keys = await worker.openContentKeys(workspaceId, keyIds, 'replay').catch(() => null)
      return keyIds.filter((keyId) => keys?.get(keyId) !== undefined).length
    }
    return {
      sensitive: await count(sensitive.map(({ keyId }) => keyId)),
      ordinary: await count([ordinary.keyId]),
    }
  }
  const inTime = await openIn(keyring)
  // The backup of that day has every row as it was.
  const backup = keyring.database.pool('superuser')
  await backup.query('create table replay_backup as table keyring.content_key')

  // The keyring goes on for six hours; in the control arm its state of the first hour was kept aside.
  const { rootPath } = keyring.process
  const statePath = join(dirname(rootPath), 'spool.state')
  if (!existsSync(statePath))
    throw new Error('the state of the hourly keys is no longer where this replay takes it from')
  const kept = `${statePath}.kept`
  copyFileSync(statePath, kept)
  await keyring.process.kill()
  const later = await makeTestKeyring({ databaseUrl: keyring.database.url.bulkhead_keyring, rootPath })
  await later.start(fakeTime(LATER))
  await later.kill()
  await later[Symbol.asyncDispose]()

  await backup.query('delete from keyring.content_key')
  await backup.query('insert into keyring.content_key select * from replay_backup')

  await using thief = await startKeyringWorld({
    database: keyring.database,
    beforeStart: (path) => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      copyFileSync(rootPath, path)
      copyFileSync(keepsHourKeys ? kept : statePath, join(dirname(path), 'spool.state'))
      return Promise.resolve()
    },
  })
  // The thief sets his clock as he likes: it is the time of the messages again.
  const stolen = await openIn(thief)
  return {
    keys: MESSAGES,
    openedInTime: inTime.sensitive,
    openedAfterExpiry: stolen.sensitive,
    ordinaryOpened: stolen.ordinary,
  }
}

replay<World, Loot>(
  {
    id: 'M-05b',
    source: 'design §2; security.md §3.8',
    attack:
      'whoever takes database, backups, root key and keyring six hours after sensitive mail → opens what was never destroyed, with any clock',
    bound: '0 keys open: the keys of their hour are forgotten; ordinary content still opens',
    control: 'the hourly state of the time of sending was kept: all of them open',
  },
  {
    real: () => startWorld(false),
    control: () => startWorld(true),
    attack: takeLater,
    judge: (loot) => ({
      breaches: deviations({ openedInTime: MESSAGES, openedAfterExpiry: 0, ordinaryOpened: 1 }, { ...loot }),
      evidence: { ...loot },
    }),
    succeeded({ openedAfterExpiry }) {
      if (openedAfterExpiry !== MESSAGES) throw new Error(`${openedAfterExpiry} of ${MESSAGES} opened`)
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
