import { setTimeout as sleep } from 'node:timers/promises'
import { decodeId } from '../../src/kernel/ids.ts'
import { withClient } from '../../src/platform/postgres/index.ts'
import { databaseUrls } from '../constellation/database.ts'
import { startInstallation } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import { alterProduct } from '../support/altered-product.ts'
import type { AlteredProduct, Alteration } from '../support/altered-product.ts'
import { fakeTime } from './fake-time.ts'
import { deviations, replay } from './replay.ts'

interface World extends AsyncDisposable {
  /** An installation whose processes are five minutes late, and one whose processes are five minutes early; PostgreSQL is right. */
  readonly hosts: readonly { readonly skew: string; readonly installation: Installation }[]
}

interface Loot {
  readonly skews: string
  readonly clockSeen: string
  readonly keysAliveAfterExpiry: number
  readonly keysDeadBeforeExpiry: number
  readonly sendsDuringContainment: number
  readonly readsDuringContainment: number
  readonly stillContainedAfterEnd: number
}

const SKEWS = ['-300s', '+300s'] as const
const KEY_LIVES_MS = 4_000
const CONTAINED_MS = 7_000

/** The processes are started under another time; no protection is touched by it. */
function startedUnder(skew: string): Alteration {
  return {
    file: 'server/src/processes/supervisor-child.ts',
    find: 'spawn(process.execPath, [YOUNG_SPACE, entry], {\n      env,\n',
    replace: `spawn(process.execPath, [YOUNG_SPACE, entry], {\n      env: { ...env, ...${JSON.stringify(fakeTime(skew))} },\n`,
  }
}

async function startWorld(alterations: readonly Alteration[]): Promise<World> {
  const copies: AlteredProduct[] = []
  const hosts: { skew: string; installation: Installation }[] = []
  for (const skew of SKEWS) {
    const copy = alterProduct([startedUnder(skew), ...alterations])
    copies.push(copy)
    hosts.push({ skew, installation: await startInstallation({ root: copy.root }) })
  }
  return {
    hosts,
    async [Symbol.asyncDispose]() {
      for (const { installation } of hosts) await installation[Symbol.asyncDispose]()
      for (const copy of copies) copy[Symbol.dispose]()
    },
  }
}

interface Seen {
  readonly aheadMs: number
  readonly keyAfter: boolean
  readonly keyEarly: boolean
  readonly sentDuring: boolean
  readonly readDuring: boolean
  readonly containedAfter: boolean
}

async function useOn({ installation }: World['hosts'][number]): Promise<Seen> {
  const { http, from, workspaceId, dataDirectory } = installation
  const urls = databaseUrls(dataDirectory)
  const uuid = decodeId('workspace', workspaceId)
  const send = (): Promise<{ status: number }> =>
    http.send({ from, to: 'someone@reader.test', subject: 'x', text: 'x' })
  const read = (): Promise<{ status: number }> => http.call('GET', '/v1/messages')
  const answered = (await http.call('GET', '/v1/workspace')).headers.get('date') ?? ''

  // Both ends are set by the clock of the database, which is right.
  const { rows } = await withClient(urls.superuser, 'replay', (client) =>
    client.query<{ end: Date }>('select clock_timestamp() + $1::interval as end', [
      `${KEY_LIVES_MS} milliseconds`,
    ]),
  )
  const expiresAt = rows[0]?.end.toISOString()
  const { status, body: made } = await http.call('POST', '/v1/api-keys', {
    body: { name: 'short', expiresAt },
  })
  if (status !== 201) throw new Error(`no key: ${status}`)
  const use = async (): Promise<boolean> =>
    (await http.call('GET', '/v1/workspace', { key: made.key })).status !== 401
  await withClient(urls.roles.bulkhead_staff, 'replay', (client) =>
    client.query(
      `select engine.contain('workspace', $1, null, 'any', '{send,read}', 'security_hold', 'We look into it.', 'INC-6', null,
         clock_timestamp() + $2::interval, 'staff:00000000-0000-0000-0000-000000000001')`,
      [uuid, `${CONTAINED_MS} milliseconds`],
    ),
  )
  const startedMs = performance.now()
  const until = (ms: number): Promise<void> => sleep(Math.max(0, ms - (performance.now() - startedMs)))
  await until(1_500)
  // A living key is answered 423 here, a dead one 401.
  const keyEarly = !(await use())
  const during = [await send(), await read()]
  await until(KEY_LIVES_MS + 1_600)
  const keyAfter = await use()
  await until(CONTAINED_MS + 1_600)
  const after = [await send(), await read()]
  return {
    aheadMs: Date.parse(answered) - Date.now(),
    keyEarly,
    keyAfter,
    sentDuring: during[0]?.status === 202,
    readDuring: during[1]?.status === 200,
    containedAfter: after.some(({ status }) => status === 423),
  }
}

async function useSkewed(world: World): Promise<Loot> {
  const seen = await Promise.all(world.hosts.map(useOn))
  const count = (what: (item: Seen) => boolean): number => seen.filter(what).length
  return {
    skews: SKEWS.join(', '),
    clockSeen: seen
      .map(({ aheadMs }) => (aheadMs < -200_000 ? 'late' : aheadMs > 200_000 ? 'early' : 'right'))
      .join(', '),
    keysAliveAfterExpiry: count((item) => item.keyAfter),
    keysDeadBeforeExpiry: count((item) => item.keyEarly),
    sendsDuringContainment: count((item) => item.sentDuring),
    readsDuringContainment: count((item) => item.readDuring),
    stillContainedAfterEnd: count((item) => item.containedAfter),
  }
}

replay<World, Loot>(
  {
    id: 'X-06',
    source: 'replays §1.7',
    attack:
      'whoever turns the clocks of hosts by five minutes, back or ahead → uses a key beyond its end, ends a containment early',
    bound:
      '0 keys live longer, 0 containments end early or late: the clock of the database judges for all hosts',
    control:
      "each process judges by its own clock: a key outlives its end, and a containment's end comes early",
  },
  {
    real: () => startWorld([]),
    control: () =>
      startWorld([
        {
          file: 'server/src/security/access/access-store.ts',
          find: `ends_at) - clock_timestamp()) * 1000)::float8 as expires_in_ms\n         from engine.find_api_key`,
          replace: `ends_at) - to_timestamp(\${Date.now() / 1000})) * 1000)::float8 as expires_in_ms\n         from engine.find_api_key`,
        },
        {
          file: 'server/src/security/containment/containment-watch.ts',
          find: 'clockMs() + aheadMs',
          replace: 'clockMs()',
        },
      ]),
    attack: useSkewed,
    judge: (loot) => ({
      breaches: deviations(
        {
          clockSeen: 'late, early',
          keysAliveAfterExpiry: 0,
          keysDeadBeforeExpiry: 0,
          sendsDuringContainment: 0,
          readsDuringContainment: 0,
          stillContainedAfterEnd: 0,
        },
        { ...loot },
      ),
      evidence: { ...loot },
    }),
    succeeded({ keysAliveAfterExpiry, readsDuringContainment }) {
      if (keysAliveAfterExpiry === 0 || readsDuringContainment === 0)
        throw new Error(`${keysAliveAfterExpiry} keys, ${readsDuringContainment} reads`)
    },
    close: (world) => world[Symbol.asyncDispose](),
    timeoutMs: 180_000,
  },
)
