import { setTimeout as sleep } from 'node:timers/promises'
import { databaseUrls, operatorKey } from '../constellation/database.ts'
import { startInstallation, until } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import { startJournallingSink } from '../constellation/sink.ts'
import type { JournallingSink } from '../constellation/sink.ts'
import { withClient } from '../../src/platform/postgres/index.ts'
import { alterProduct } from '../support/altered-product.ts'
import type { AlteredProduct } from '../support/altered-product.ts'
import { createScan } from '../support/plaintext-scan/places.ts'
import type { Cells } from '../support/plaintext-scan/places.ts'
import { createSearch } from '../support/plaintext-scan/search.ts'
import { seen, undeclared } from '../support/plaintext-scan/table.ts'
import { createCanaries } from './canaries.ts'
import { startHookReceiver } from './plant.ts'
import { deviations, replay } from './replay.ts'
import { readEverything } from './responses.ts'

const MESSAGES = 100

interface World extends AsyncDisposable {
  readonly installation: Installation
  readonly sink: JournallingSink
}

interface Loot {
  readonly cells: Cells
  readonly requests: number
  readonly afterDeliveryMs: number
  /** Rows from which a copy of the database and the keyring could still be read. */
  readonly bodiesLeft: number
  readonly keysLeft: number
}

/** A token of a reset, and the link it stands in: neither may be anywhere but in the mail that was delivered. */
const DECLARED = { token: { sink: 'the mail went there' }, subject: { sink: 'the mail went there' } }

async function startWorld(altered?: AlteredProduct): Promise<World> {
  const sink = await startJournallingSink(1_000)
  const installation = await startInstallation({
    outbound: `smtp://127.0.0.1:${sink.port}`,
    env: { BULKHEAD_SENSITIVE_VIA_RELAY: 'on' },
    ...(altered === undefined ? {} : { root: altered.root }),
  })
  return {
    installation,
    sink,
    async [Symbol.asyncDispose]() {
      await installation[Symbol.asyncDispose]()
      await sink[Symbol.asyncDispose]()
      altered?.[Symbol.dispose]()
    },
  }
}

async function readResets({ installation, sink }: World): Promise<Loot> {
  await using hook = await startHookReceiver()
  await installation.http.call('POST', '/v1/webhooks', { body: { url: hook.url } })
  const canaries = createCanaries()
  for (let i = 0; i < MESSAGES; i++) {
    const answer = await installation.http.send({
      from: installation.from,
      to: `person${i}@reader.test`,
      subject: `Reset ${canaries.make('subject')}`,
      text: `https://shop.test/reset?token=${canaries.make('token')}`,
      html: `<a href="https://shop.test/reset?token=${canaries.make('token')}">reset</a>`,
      sensitive: true,
    })
    if (answer.status !== 202) throw new Error(answer.text)
  }
  await until('the delivery of all resets', 30_000, () => sink.journal().length >= MESSAGES)
  const deliveredMs = performance.now()
  await sleep(1_000)

  const { superuser } = databaseUrls(installation.dataDirectory)
  const left = await withClient(superuser, 'replay', async (client) => {
    const count = async (sql: string): Promise<number> =>
      (await client.query<{ n: number }>(`select count(*)::int as n from ${sql}`)).rows[0]?.n ?? -1
    return {
      bodiesLeft: await count('body b join message m on m.id = b.message_id where m.sensitive'),
      keysLeft: await count('keyring.content_key where single_use and wrapped is not null'),
    }
  })
  const afterDeliveryMs = performance.now() - deliveredMs
  const scan = createScan(createSearch(canaries.all()))
  const { http, apiKey, apiUrl } = installation
  let requests = 0
  for (const [who, key] of [
    ['owner', apiKey],
    ['operator', operatorKey(installation.dataDirectory)],
  ] as const) {
    requests += await readEverything(http, key, (path, text) => scan.bytes(who, path, Buffer.from(text)))
  }
  const stream = await firstOfStream(apiUrl, apiKey)
  scan.bytes('stream', '/v1/events/stream', stream)
  for (const { raw } of await sink.messages(1_000)) scan.bytes('sink', 'mail', raw)
  for (const body of hook.bodies) scan.bytes('webhook', 'request', body)
  await scan.dump('dump', superuser)
  await withClient(superuser, 'replay', (client) => client.query('checkpoint'))
  await installation.killEverything()
  scan.bytes('logs', 'output', Buffer.from(installation.output()))
  scan.directory(installation.clusterDirectory, () => 'disk')
  scan.directory(installation.dataDirectory, (path) =>
    path.startsWith('postgres/') || path === 'keyring/root.key' ? null : 'disk',
  )
  return { cells: scan, requests, afterDeliveryMs, ...left }
}

/** What the event stream says within a second, from the beginning on. */
async function firstOfStream(url: string, key: string): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  try {
    const response = await fetch(`${url}/v1/events/stream`, {
      headers: { authorization: `Bearer ${key}`, 'last-event-id': '0' },
      signal: AbortSignal.timeout(1_000),
    })
    for await (const piece of response.body ?? []) pieces.push(piece)
  } catch {
    // The time is up; what came is looked at.
  }
  return Buffer.concat(pieces)
}

replay<World, Loot>(
  {
    id: 'M-05',
    source: 'M:17; D:29; design §2',
    attack: 'staff, owner, webhook or whoever holds a backup → reads reset mails 1 s after delivery',
    bound:
      '0 tokens in any read route, stream, webhook, log, dump or file; no body and no key of them is left',
    control: 'the API keeps sensitive messages like all others: every token is read',
  },
  {
    real: () => startWorld(),
    control: () =>
      startWorld(
        alterProduct([
          {
            file: 'server/src/modules/messages/seal-message.ts',
            find: '    sensitive: message.sensitive,\n    fromDomain',
            replace: '    sensitive: false,\n    fromDomain',
          },
        ]),
      ),
    attack: readResets,
    judge: ({ cells, requests, afterDeliveryMs, bodiesLeft, keysLeft }) => ({
      breaches: [
        ...undeclared(cells, DECLARED),
        ...deviations(
          { bodiesLeft: 0, keysLeft: 0, 'tokens in the delivered mail': MESSAGES * 2 },
          { bodiesLeft, keysLeft, 'tokens in the delivered mail': seen(cells, 'token', 'sink') },
        ),
      ],
      evidence: {
        messages: MESSAGES,
        readRequests: requests,
        tokensRead: seen(cells, 'token', 'owner') + seen(cells, 'token', 'operator'),
        bodiesLeft,
        keysLeft,
        afterDeliveryMs: Math.round(afterDeliveryMs),
      },
    }),
    succeeded({ cells }) {
      const read = seen(cells, 'token', 'owner')
      if (read !== MESSAGES * 2) throw new Error(`only ${read} tokens were read`)
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
