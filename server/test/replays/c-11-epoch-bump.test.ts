import { setTimeout as sleep } from 'node:timers/promises'
import { withClient } from '../../src/platform/postgres/index.ts'
import { databaseUrls, operatorKey } from '../constellation/database.ts'
import { startInstallation } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import { openSmtp } from '../constellation/smtp.ts'
import type { SmtpWire } from '../constellation/smtp.ts'
import { forAll } from './keyring-world.ts'
import { deviations, replay } from './replay.ts'

interface World extends AsyncDisposable {
  readonly installation: Installation
  readonly keys: number
}

interface Loot {
  readonly keys: number
  readonly keysAliveAfter: number
  readonly streamsAliveAfter: number
  readonly smtpAliveAfter: number
  readonly lastRequestMs: number
  readonly lastStreamMs: number
  readonly lastSmtpMs: number
  readonly rowsWritten: number
  /** Key, stream and SMTP connection of a neighbour that go on. */
  readonly othersAlive: number
}

const LONG = 50
const WATCH_MS = 2_000
const DEAD_WITHIN_MS = 1_000

async function startWorld(keys: number, withFloors: boolean): Promise<World> {
  const installation = await startInstallation()
  if (!withFloors) {
    await withClient(databaseUrls(installation.dataDirectory).superuser, 'replay', (client) =>
      client.query(
        `create function public.no_floor() returns trigger language plpgsql as 'begin new.floor := 0; return new; end';
         create trigger no_floor before insert or update on epoch for each row execute function public.no_floor()`,
      ),
    )
  }
  return {
    installation,
    keys,
    [Symbol.asyncDispose]: async () => await installation[Symbol.asyncDispose](),
  }
}

/** When something that was open ended, in ms of `performance.now()`; null while it lives. */
interface Watched {
  endedMs: number | null
  close(): void
}

async function openStream(url: string, key: string): Promise<Watched> {
  const leave = new AbortController()
  const response = await fetch(`${url}/v1/events/stream`, {
    signal: leave.signal,
    headers: { authorization: `Bearer ${key}` },
  })
  if (!response.ok) throw new Error(`a stream answered ${response.status}`)
  const watched: Watched = { endedMs: null, close: () => leave.abort() }
  void response
    .text()
    .catch(() => '')
    .then(() => (watched.endedMs = performance.now()))
  return watched
}

function watchWire(wire: SmtpWire): Watched {
  const watched: Watched = { endedMs: null, close: () => wire.socket.destroy() }
  void wire.closed.then(() => (watched.endedMs = performance.now()))
  return watched
}

/** When the last of them ended after `sinceMs`; one that lives counts until now. */
function lastEnd(items: readonly Watched[], sinceMs: number): number {
  return Math.max(0, ...items.map(({ endedMs }) => (endedMs ?? performance.now()) - sinceMs))
}

function count(items: readonly Watched[]): number {
  return items.filter(({ endedMs }) => endedMs === null).length
}

async function endEverything({ installation, keys: wanted }: World): Promise<Loot> {
  const { http, apiUrl, apiKey, submissionsPort, smtp, dataDirectory } = installation
  const made = await forAll(Array.from({ length: wanted }), async (): Promise<string> => {
    const { body } = await http.call('POST', '/v1/api-keys', { body: { name: 'x' } })
    return body.key
  })
  const operator = operatorKey(dataDirectory)
  const neighbour: string = (
    await http.call('POST', '/v1/workspaces', { key: operator, body: { name: 'Neighbour' } })
  ).body.apiKey.key
  const use = async (key: string): Promise<boolean> =>
    (await http.call('GET', '/v1/workspace', { key })).status === 200
  // Every one of them is in use: what is kept in memory of it must not be believed afterwards.
  const inUse = (await forAll(made, use)).filter(Boolean).length
  if (inUse !== wanted) throw new Error(`only ${inUse} of ${wanted} keys work`)
  const streams = await forAll(made.slice(0, LONG), (key) => openStream(apiUrl, key))
  const wires = await forAll(made.slice(0, LONG), async (key, index) =>
    watchWire(
      await openSmtp(submissionsPort, index % 2 === 0 ? smtp : { username: 'apikey', password: key }),
    ),
  )
  const others = [
    await openStream(apiUrl, neighbour),
    watchWire(await openSmtp(submissionsPort, { username: 'apikey', password: neighbour })),
  ]
  const { superuser } = databaseUrls(dataDirectory)
  const rows = (): Promise<number> =>
    withClient(superuser, 'replay', async (client) => {
      const { rows: found } = await client.query<{ n: number }>('select count(*)::int as n from epoch')
      return found[0]?.n ?? 0
    })
  const before = await rows()

  const bump = await http.call('POST', '/v1/epochs', {
    key: apiKey,
    body: { class: 'any', reason: 'A drill.' },
  })
  if (bump.status !== 201) throw new Error(bump.text)
  const bumpedMs = performance.now()
  let lastRequestMs = 0
  let next = 0
  // Key after key goes on asking; what still answers 200 is timed from when it was asked.
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (performance.now() - bumpedMs < WATCH_MS) {
        const askedMs = performance.now() - bumpedMs
        if (await use(made[next++ % made.length] ?? '')) lastRequestMs = Math.max(lastRequestMs, askedMs)
      }
    }),
  )
  const alive = await forAll(made, use)
  await sleep(100)
  const loot: Loot = {
    keys: wanted,
    keysAliveAfter: alive.filter(Boolean).length,
    streamsAliveAfter: count(streams),
    smtpAliveAfter: count(wires),
    lastRequestMs: Math.round(lastRequestMs),
    lastStreamMs: Math.round(lastEnd(streams, bumpedMs)),
    lastSmtpMs: Math.round(lastEnd(wires, bumpedMs)),
    rowsWritten: (await rows()) - before,
    othersAlive: count(others) + ((await use(neighbour)) ? 1 : 0),
  }
  for (const item of [...streams, ...wires, ...others]) item.close()
  return loot
}

replay<World, Loot>(
  {
    id: 'C-11',
    source: 'C:25',
    attack:
      'whoever holds 1,000 keys, 50 event streams and 50 SMTP connections of a workspace → goes on using them after the owner ended all',
    bound: 'all dead within 1 s by one row; the neighbour goes on',
    control: 'a trigger of the harness writes every floor as 0: all of them live',
  },
  {
    real: () => startWorld(1_000, true),
    control: () => startWorld(60, false),
    attack: endEverything,
    judge: (loot) => ({
      breaches: [
        ...deviations(
          { keysAliveAfter: 0, streamsAliveAfter: 0, smtpAliveAfter: 0, rowsWritten: 1, othersAlive: 3 },
          { ...loot },
        ),
        ...(['lastRequestMs', 'lastStreamMs', 'lastSmtpMs'] as const)
          .filter((name) => loot[name] > DEAD_WITHIN_MS)
          .map((name) => `${name} is ${loot[name]}, the bound is ${DEAD_WITHIN_MS}`),
      ],
      evidence: { ...loot, streams: LONG, smtpConnections: LONG },
    }),
    succeeded({ keys, keysAliveAfter, streamsAliveAfter, smtpAliveAfter }) {
      if (keysAliveAfter !== keys || streamsAliveAfter !== LONG || smtpAliveAfter !== LONG)
        throw new Error(
          `${keysAliveAfter} keys, ${streamsAliveAfter} streams, ${smtpAliveAfter} connections live`,
        )
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
