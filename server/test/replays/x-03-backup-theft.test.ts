import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Client } from 'pg'
import { createKeyringClient } from '../../src/platform/keyring-client/index.ts'
import { TEST_TOKENS, makeTestKeyring } from '../../src/platform/keyring-client/test-keyring.ts'
import { openRuntimeDirectory } from '../../src/platform/lifecycle/runtime-directory.ts'
import { pathDigest, startEmbeddedPostgres } from '../../src/platform/postgres/index.ts'
import { open, sealedKeyId } from '../../src/platform/sealing/index.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import { databaseUrls } from '../constellation/database.ts'
import { startInstallation } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import { makeDirectory } from '../support/cluster.ts'
import { createScan } from '../support/plaintext-scan/places.ts'
import { createSearch } from '../support/plaintext-scan/search.ts'
import { createCanaries } from './canaries.ts'
import type { Canaries } from './canaries.ts'
import { deviations, replay } from './replay.ts'

const MESSAGES = 60

interface World extends AsyncDisposable {
  readonly installation: Installation
  readonly canaries: Canaries
  readonly takesRootKey: boolean
}

interface Loot {
  readonly messages: number
  readonly readable: number
  readonly readableInFiles: number
  readonly keyring: string
}

async function startWorld(takesRootKey: boolean): Promise<World> {
  const installation = await startInstallation()
  return {
    installation,
    takesRootKey,
    canaries: createCanaries(),
    [Symbol.asyncDispose]: async () => await installation[Symbol.asyncDispose](),
  }
}

/** Takes every file of a killed installation, starts the database elsewhere as its superuser, and a keyring of his own beside it. */
async function stealBackup({ installation, canaries, takesRootKey }: World): Promise<Loot> {
  for (let i = 0; i < MESSAGES; i++) {
    const answer = await installation.http.send({
      from: installation.from,
      to: `${canaries.make('address')}@reader.test`,
      subject: canaries.make('subject'),
      text: canaries.make('body'),
      sendAt: new Date(Date.now() + 3_600_000).toISOString(),
    })
    if (answer.status !== 202) throw new Error(answer.text)
  }
  const { superuser } = databaseUrls(installation.dataDirectory)
  const scan = createScan(createSearch(canaries.all()))
  await scan.dump('dump', superuser)
  await installation.killEverything()
  const stolen = makeDirectory('stolen')
  const data = join(stolen, 'data')
  try {
    copyAll(installation.dataDirectory, data)
    if (!existsSync(join(data, 'postgres'))) copyAll(installation.clusterDirectory, join(data, 'postgres'))
    rmSync(join(data, 'postgres', 'postmaster.pid'), { force: true })
    chmodSync(data, 0o711)
    const rootKey = join(data, 'keyring/root.key')
    if (!existsSync(rootKey)) throw new Error('the root key is no longer where this replay takes it from')
    if (!takesRootKey) rmSync(rootKey)
    scan.directory(data, (path) => (path === 'keyring/root.key' ? null : 'files'))
    const found = [...scan.found.values()].map(
      (places) => (places.get('files')?.size ?? 0) + (places.get('dump')?.size ?? 0),
    )
    return {
      messages: MESSAGES,
      readableInFiles: found.reduce((sum, count) => sum + count, 0),
      ...(await readBackup(data, rootKey, canaries)),
    }
  } finally {
    rmSync(stolen, { recursive: true, force: true })
  }
}

/** With owners and modes, as a backup has them: PostgreSQL refuses others. */
function copyAll(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to])
}

async function readBackup(
  data: string,
  rootKey: string,
  canaries: Canaries,
): Promise<Pick<Loot, 'readable' | 'keyring'>> {
  const runtimeDirectory = openRuntimeDirectory(pathDigest(data))
  const server = await startEmbeddedPostgres({ dataDirectory: data, runtimeDirectory, log: () => undefined })
  const urls = databaseUrls(data)
  const client = new Client({ connectionString: urls.superuser })
  await client.connect()
  const keyring = await makeTestKeyring({ databaseUrl: urls.roles.bulkhead_keyring })
  try {
    if (existsSync(rootKey)) {
      mkdirSync(dirname(keyring.rootPath), { recursive: true, mode: 0o700 })
      cpSync(rootKey, keyring.rootPath)
    }
    await keyring.start().catch(() => undefined)
    const { rows } = await client.query<{ id: string; workspace: string; summary: Buffer; body: Buffer }>(
      'select m.id, m.workspace_id as workspace, m.summary, b.sealed as body from message m join body b on b.message_id = m.id',
    )
    await using worker = createKeyringClient({
      socketPath: keyring.socketPath,
      token: TEST_TOKENS.sender,
      log: createLogger({ name: 'thief', level: 'error' }),
      timeoutMs: 1_500,
    })
    const read = new Set<string>()
    const workspace = rows[0]?.workspace ?? ''
    try {
      const keys = await worker.openContentKeys(
        workspace,
        rows.map((row) => sealedKeyId(row.body)),
        'theft',
      )
      for (const row of rows) {
        const place = { workspaceId: row.workspace, table: 'body', column: 'sealed', rowId: row.id }
        const text = open(keys, place, row.body).toString()
        for (const { class: kind, text: wanted } of canaries.all())
          if (kind === 'body' && text.includes(wanted)) read.add(wanted)
      }
      return { readable: read.size, keyring: 'opened' }
    } catch (error) {
      return { readable: read.size, keyring: error instanceof Error ? error.name : 'refused' }
    }
  } finally {
    await keyring[Symbol.asyncDispose]()
    await client.end()
    await server.stop('immediate')
    rmSync(runtimeDirectory, { recursive: true, force: true })
  }
}

replay<World, Loot>(
  {
    id: 'X-03',
    source: 'replays §1.7',
    attack:
      'whoever steals a backup of every file but the root key → starts database and keyring elsewhere and reads',
    bound: 'as much as a dump: 0 messages, 0 texts in the files',
    control: 'the root key is in the backup: every message is read',
  },
  {
    real: () => startWorld(false),
    control: () => startWorld(true),
    attack: stealBackup,
    judge: ({ messages, readable, readableInFiles, keyring }) => ({
      breaches: deviations({ readable: 0, readableInFiles: 0 }, { readable, readableInFiles }),
      evidence: { messages, readable, readableInFiles, keyring },
    }),
    succeeded({ readable, readableInFiles }) {
      if (readable !== MESSAGES || readableInFiles !== 0) throw new Error(`${readable} of ${MESSAGES} read`)
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
