import { createHash, createHmac, scryptSync } from 'node:crypto'
import { withClient } from '../../src/platform/postgres/index.ts'
import { databaseUrls, operatorKey } from '../constellation/database.ts'
import { startInstallation } from '../constellation/installation.ts'
import type { Installation } from '../constellation/installation.ts'
import { alterProduct } from '../support/altered-product.ts'
import type { AlteredProduct } from '../support/altered-product.ts'
import { createHashQueue, createPasswords } from '../../src/security/passwords/index.ts'
import { bindFactor } from '../../src/security/factors/factor-binding.ts'
import { lettersInInbox } from '../constellation/people.ts'
import { createCanaries } from './canaries.ts'
import { forAll } from './keyring-world.ts'
import { PEOPLE_ENV, plantPeople } from './plant-people.ts'
import { deviations, replay } from './replay.ts'

interface World extends AsyncDisposable {
  readonly installation: Installation
}

interface Loot {
  readonly secrets: number
  readonly hashesInDump: number
  readonly cracked: number
  readonly guesses: number
}

const EACH = 100
const PEOPLE = 6

async function startWorld(altered?: AlteredProduct): Promise<World> {
  const installation = await startInstallation({
    env: PEOPLE_ENV,
    ...(altered === undefined ? {} : { root: altered.root }),
  })
  return {
    installation,
    async [Symbol.asyncDispose]() {
      await installation[Symbol.asyncDispose]()
      altered?.[Symbol.dispose]()
    },
  }
}

/** The thief has the whole database and a word list that holds every true secret; he lacks what the keyring keeps outside of it. */
async function crack({ installation }: World): Promise<Loot> {
  const { http, dataDirectory } = installation
  const words = [installation.apiKey, installation.smtp.password]
  await forAll(Array.from({ length: EACH }), async () => {
    const key = await http.call('POST', '/v1/api-keys', { body: { name: 'x' } })
    const credential = await http.call('POST', '/v1/smtp-credentials', { body: { name: 'x' } })
    words.push(key.body.key, credential.body.password)
  })
  const workspace = await http.call('POST', '/v1/workspaces', {
    key: operatorKey(dataDirectory),
    body: { name: 'Other' },
  })
  words.push(workspace.body.apiKey.key)
  const planted = createCanaries()
  const people = await plantPeople(installation, lettersInInbox(installation), planted, PEOPLE)
  for (const { links, token, earlierTokens } of people) words.push(...links, token, ...earlierTokens)
  const { superuser } = databaseUrls(dataDirectory)
  const { hashes, texts } = await stealHashes(superuser)
  const found = new Set<string>()
  const codes = people.flatMap(({ recoveryCodes }) => recoveryCodes)
  const passwords = people.map(({ password }) => password)
  let guesses = await crackPeople(superuser, hashes, codes, passwords, found)
  for (const word of words) {
    for (const guess of guessesOf(word, texts)) {
      guesses += 1
      if (hashes.has(guess.toString('hex'))) found.add(word)
    }
  }
  return {
    secrets: words.length + codes.length + passwords.length,
    hashesInDump: hashes.size,
    cracked: found.size,
    guesses,
  }
}

/** What hashes of people take: our own code without the pepper, on the rows with their salts, for every person of the dump. */
async function crackPeople(
  url: string,
  hashes: ReadonlySet<string>,
  codes: readonly string[],
  words: readonly string[],
  found: Set<string>,
): Promise<number> {
  const { rows } = await withClient(url, 'replay', (client) =>
    client.query<{ id: string; hash: Buffer; salt: Buffer; params: string }>(
      `select id, password_hash as hash, password_salt as salt, password_params as params from account.person
       where password_hash is not null`,
    ),
  )
  const passwords = createPasswords({ pepper: { of: async (digest) => digest }, queue: createHashQueue() })
  const keyring = { pepper: async (_name: string, digests: readonly Buffer[]) => [...digests] }
  let guesses = 0
  for (const row of rows) {
    for (const word of words) {
      guesses += 1
      if (await passwords.verify(row.id, word, row)) found.add(word)
    }
    for (const code of codes) {
      guesses += 1
      const digest = await bindFactor(keyring, 'recovery code', [row.id, code.replaceAll('-', '')])
      if (hashes.has(digest.toString('hex'))) found.add(code)
    }
  }
  return guesses
}

/** Every short byte string of the dump may be a hash, whatever its column is called; every short text may be a salt. */
async function stealHashes(url: string): Promise<{ hashes: Set<string>; texts: string[] }> {
  return withClient(url, 'replay', async (client) => {
    const hashes = new Set<string>()
    const texts = new Set<string>(['', 'bulkhead', 'pepper', 'credential'])
    const { rows: tables } = await client.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`,
    )
    for (const { name } of tables) {
      const { rows } = await client.query(`select * from ${name}`)
      for (const value of rows.flatMap((row) => Object.values<unknown>(row))) {
        if (value instanceof Buffer && value.length >= 16 && value.length <= 64)
          hashes.add(value.toString('hex'))
        if (typeof value === 'string' && /^[0-9a-f]{32,128}$/i.test(value)) hashes.add(value.toLowerCase())
        if (typeof value === 'string' && value.length <= 40 && texts.size < 60) texts.add(value)
      }
    }
    return { hashes, texts: [...texts] }
  })
}

function sha256(...parts: readonly (string | Buffer)[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** What a cracker tries: plain and salted hashes, HMAC in both directions, hashes of the parts of a key. */
function* guessesOf(word: string, salts: readonly string[]): Generator<Buffer> {
  const parts = new Set([
    word,
    ...word.split('_').filter((part) => part.length >= 20),
    word.split('_').slice(0, 3).join('_'),
  ])
  for (const part of parts) {
    const digest = sha256(part)
    yield digest
    yield sha256(digest)
    yield createHash('sha512').update(part).digest()
    yield createHash('sha1').update(part).digest()
    for (const salt of salts) {
      yield sha256(salt, part)
      yield sha256(part, salt)
      yield createHmac('sha256', salt).update(part).digest()
      yield createHmac('sha256', salt).update(digest).digest()
      yield createHmac('sha256', part).update(salt).digest()
    }
  }
  yield scryptSync(word, '', 32, { N: 2 })
}

replay<World, Loot>(
  {
    id: 'S-03',
    source: 'S:15',
    attack:
      'whoever has a dump of the whole database and a word list with every true secret → cracks its hashes',
    bound: '0 hits: each digest is peppered with a key that is in the keyring and not in the database',
    control: 'the keyring answers a digest without its pepper: every secret is hit',
  },
  {
    real: () => startWorld(),
    control: () =>
      startWorld(
        alterProduct([
          {
            file: 'keyring/src/peppers.ts',
            find: "createHmac('sha256', key)\n          .update(digests.subarray(at, at + DIGEST_BYTES))\n          .digest()\n          .copy(out, at)",
            replace: 'digests.copy(out, at, at, at + DIGEST_BYTES)',
          },
        ]),
      ),
    attack: crack,
    judge: (loot) => ({
      breaches: [
        ...deviations({ cracked: 0 }, { ...loot }),
        ...(loot.hashesInDump >= loot.secrets
          ? []
          : [`the dump holds only ${loot.hashesInDump} values that may be hashes`]),
      ],
      evidence: { ...loot },
    }),
    succeeded({ cracked, secrets }) {
      if (cracked !== secrets) throw new Error(`${cracked} of ${secrets} were hit`)
    },
    close: (world) => world[Symbol.asyncDispose](),
  },
)
