import { setTimeout as sleep } from 'node:timers/promises'
import { createHttp } from '../constellation/http.ts'
import { databaseUrls, operatorKey } from '../constellation/database.ts'
import { startInstallation } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import { lettersInSink } from '../constellation/people.ts'
import { startJournallingSink } from '../constellation/sink.ts'
import type { JournallingSink } from '../constellation/sink.ts'
import { withClient } from '../../src/platform/postgres/index.ts'
import { alterProduct } from '../support/altered-product.ts'
import type { AlteredProduct } from '../support/altered-product.ts'
import { createScan } from '../support/plaintext-scan/places.ts'
import type { Cells } from '../support/plaintext-scan/places.ts'
import { createSearch } from '../support/plaintext-scan/search.ts'
import { scanTable, seen, undeclared } from '../support/plaintext-scan/table.ts'
import type { Declared } from '../support/plaintext-scan/table.ts'
import { createCanaries } from './canaries.ts'
import { MANY, plant, startHookReceiver } from './plant.ts'
import { PEOPLE_ENV, plantPeople } from './plant-people.ts'
import type { Amounts } from './plant.ts'
import { replay } from './replay.ts'
import { readEverything } from './responses.ts'

interface World extends AsyncDisposable {
  readonly sink: JournallingSink
  readonly installation: Installation
  readonly amounts: Amounts
}

interface Loot {
  readonly cells: Cells
  readonly planted: Readonly<Record<string, number>>
  readonly operatorRequests: number
  readonly searchMs: number
}

const PLACES = [
  'sink',
  'webhook',
  'owner reads',
  'person reads',
  'operator reads',
  'dump',
  'database files',
  'WAL',
  'logs',
  'spool',
]

const MAIL = { sink: 'the mail went there', 'owner reads': 'it is the own mail of the workspace' }
const OWN = { 'owner reads': 'the workspace reads its own settings' }
/** Where what may be seen. Everything that is not here must be nowhere. */
const DECLARED: Declared = {
  address: { ...MAIL, webhook: 'the customer is told whose mail it was' },
  'refused address': { ...MAIL, webhook: 'the customer is told whose mail it was' },
  'bcc address': { ...MAIL, webhook: 'the customer is told whose mail it was' },
  'display name': MAIL,
  subject: MAIL,
  metadata: { 'owner reads': 'its own', webhook: 'the customer gets its own references back' },
  'account reference': OWN,
  body: MAIL,
  'header field': MAIL,
  attachment: MAIL,
  'sensitive address': { sink: 'the mail went there' },
  'sensitive subject': { sink: 'the mail went there' },
  'sensitive token': { sink: 'the mail went there' },
  'sender address': OWN,
  'sender name': OWN,
  'reply-to': OWN,
  'suppressed address': OWN,
  'suppression note': OWN,
  'contact address': { ...MAIL, webhook: 'the customer is told whose mail it was' },
  'contact name': MAIL,
  'contact attribute': OWN,
  'broadcast name': OWN,
  'broadcast subject': MAIL,
  'broadcast text': MAIL,
  'address of a person': { sink: 'letters went there', 'person reads': 'it is the own account' },
  'network of a person': {
    sink: 'letters say from where somebody signed in',
    'person reads': 'the own sessions',
  },
  'name of a person': { 'person reads': 'it is the own account' },
  'name of a passkey': { 'person reads': 'it is the own account' },
  'invited address': { sink: 'the letter went there', 'person reads': 'an owner sees whom he invited' },
  'wished address': { sink: 'the letter went there', 'person reads': 'it is the own account' },
  'link in a letter': { sink: 'the letter went there' },
  // Not sealed: a business fact that everybody sees who may list endpoints. Its signing secret is sealed.
  'webhook URL': {
    ...OWN,
    dump: 'class business',
    'database files': 'class business',
    WAL: 'class business',
  },
}

const PEOPLE = 20

const FEW: Amounts = {
  messages: 30,
  sensitive: 5,
  submitted: 5,
  suppressions: 100,
  contacts: 5,
  senders: 5,
  webhooks: 2,
  keys: 2,
}

async function startWorld(amounts: Amounts, altered?: AlteredProduct): Promise<World> {
  const sink = await startJournallingSink(2_000)
  try {
    const installation = await startInstallation({
      outbound: `smtp://127.0.0.1:${sink.port}`,
      env: { BULKHEAD_SENSITIVE_VIA_RELAY: 'on', ...PEOPLE_ENV },
      ...(altered === undefined ? {} : { root: altered.root }),
    })
    return {
      sink,
      installation,
      amounts,
      async [Symbol.asyncDispose]() {
        await installation[Symbol.asyncDispose]()
        await sink[Symbol.asyncDispose]()
        altered?.[Symbol.dispose]()
      },
    }
  } catch (error) {
    await sink[Symbol.asyncDispose]()
    throw error
  }
}

async function search({ installation, sink, amounts }: World): Promise<Loot> {
  await using hook = await startHookReceiver()
  await installation.http.call('POST', '/v1/webhooks', { body: { url: hook.url } })
  const canaries = createCanaries()
  const people = await plantPeople(installation, lettersInSink(sink), canaries, amounts === MANY ? PEOPLE : 2)
  await plant(installation, sink, canaries, amounts)
  await installation.untilSettled(60_000)
  await sleep(1_000)

  const scan = createScan(createSearch(canaries.all()))
  const reads = (place: string) => (path: string, text: string) => scan.bytes(place, path, Buffer.from(text))
  await readEverything(installation.http, installation.apiKey, reads('owner reads'))
  const asOperator = createHttp(installation.apiUrl, operatorKey(installation.dataDirectory))
  const operatorRequests = await readEverything(
    asOperator,
    operatorKey(installation.dataDirectory),
    reads('operator reads'),
  )
  for (const person of people)
    await readEverything(createHttp(installation.apiUrl, person.token), person.token, reads('person reads'))
  for (const [i, { raw }] of (await sink.messages(2_000)).entries()) scan.bytes('sink', `mail ${i}`, raw)
  for (const { recipient } of sink.journal()) scan.bytes('sink', 'journal', Buffer.from(recipient))
  for (const body of hook.bodies) scan.bytes('webhook', 'request', body)
  const { superuser } = databaseUrls(installation.dataDirectory)
  await scan.dump('dump', superuser)
  // Every dirty page goes to the data files, and what is on the disk is what the power cut leaves.
  await withClient(superuser, 'replay', (client) => client.query('checkpoint'))
  await installation.killEverything()
  scan.bytes('logs', 'output of the processes', Buffer.from(installation.output()))
  const startedMs = performance.now()
  scan.directory(installation.clusterDirectory, (path) =>
    path.startsWith('pg_wal/') ? 'WAL' : path.startsWith('log/') ? 'logs' : 'database files',
  )
  scan.directory(installation.dataDirectory, (path) =>
    path.startsWith('postgres/') || path === 'keyring/root.key'
      ? null
      : path.endsWith('.log')
        ? 'logs'
        : 'spool',
  )
  const searchMs = performance.now() - startedMs
  const planted = canaries.counts()
  process.stdout.write(`${scanTable(scan, planted, PLACES)}\n`)
  return { cells: scan, planted, operatorRequests, searchMs }
}

replay<World, Loot>(
  {
    id: 'SCAN',
    source: 'security.md §3.9',
    attack:
      'whoever gets the disk, the write-ahead log, a dump, the logs, the spool or the operator key → looks for 10,000 planted texts in every encoding',
    bound: '0 outside the declared cells (the mail itself, the workspace that owns it)',
    control:
      'one column (suppression.address) keeps its plaintext: every planted address of it must be found',
  },
  {
    real: () => startWorld(MANY),
    control: () =>
      startWorld(
        FEW,
        alterProduct([
          {
            file: 'server/src/platform/sealing/sealing.ts',
            find: '  cipher.update(plaintext).copy(sealed, BODY_AT)\n',
            replace:
              "  cipher.update(plaintext).copy(sealed, BODY_AT)\n  if (place.table === 'suppression') plaintext.copy(sealed, BODY_AT)\n",
          },
          {
            file: 'server/src/platform/sealing/sealing.ts',
            find: '  const keyId = sealedKeyId(sealed)\n  const key = keys.get(keyId)\n',
            replace:
              "  const keyId = sealedKeyId(sealed)\n  if (place.table === 'suppression') return sealed.subarray(BODY_AT, sealed.length - TAG_BYTES)\n  const key = keys.get(keyId)\n",
          },
        ]),
      ),
    attack: search,
    judge({ cells, planted, operatorRequests, searchMs }, { amounts }) {
      const total = Object.values(planted).reduce((sum, count) => sum + count, 0)
      const megabytes = Object.values(cells.bytesSearched).reduce((sum, bytes) => sum + bytes, 0) / 1e6
      // A search that does not see what must be there would call anything clean.
      const blind = (['address', 'body', 'attachment', 'sensitive token'] as const).filter(
        (kind) => seen(cells, kind, 'sink') < (planted[kind] ?? 0) * 0.85,
      )
      return {
        breaches: [
          ...undeclared(cells, DECLARED),
          ...blind.map((kind) => `the search is blind: ${kind} is not in the sink's mail`),
          ...(amounts === MANY && total < 10_000 ? [`only ${total} canaries were planted`] : []),
        ],
        evidence: {
          canaries: total,
          classes: Object.keys(planted).length,
          megabytes: Math.round(megabytes),
          operatorRequests,
          searchMs: Math.round(searchMs),
        },
      }
    },
    succeeded({ cells, planted }) {
      const all = planted['suppressed address'] ?? 0
      for (const place of ['dump', 'database files', 'WAL']) {
        const found = seen(cells, 'suppressed address', place)
        // A page of the write-ahead log ends where it ends, even within a word: a few are cut.
        if (found < (place === 'WAL' ? all * 0.9 : all)) throw new Error(`${found} of ${all} in ${place}`)
      }
    },
    close: (world) => world[Symbol.asyncDispose](),
    timeoutMs: 360_000,
  },
)
