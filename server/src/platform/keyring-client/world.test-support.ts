import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { createTestDatabase } from '../../../test/support/database.ts'
import type { TestDatabase } from '../../../test/support/database.ts'
import { createKeyringClient } from './index.ts'
import type { ContentKeyLease, KeyringClient, KeyringRotation } from './index.ts'
import { makeTestKeyring, TEST_TOKENS } from './test-keyring.ts'
import type { TestKeyring } from './test-keyring.ts'

export type Kind = keyof typeof TEST_TOKENS

/** A workspace with a key of every kind in use. */
export interface Furnished {
  readonly workspaceId: string
  readonly content: ContentKeyLease
  readonly sensitive: ContentKeyLease
  readonly secret: Buffer
  readonly dkim: { readonly keyId: string }
  readonly index: Buffer
}

// oxlint-disable-next-line typescript/no-explicit-any -- rows are looked into by tests only
type Row = any

const log = { info: () => undefined, warn: () => undefined }

/** A header block of example.com as a signer asks for it. */
export function block(selector: string): Buffer {
  return Buffer.from(
    `from:ann@example.com\r\ndkim-signature:v=1; a=ed25519-sha256; d=example.com; s=${selector}; h=from; bh=x; b=`,
  )
}

/** A database and a real keyring on it, with what the tests of its compartments ask again and again. */
export async function startWorld() {
  const database = await createTestDatabase()
  const keyring = await makeTestKeyring({
    databaseUrl: database.url.bulkhead_keyring,
    env: { BULKHEAD_SHRED_DELAY_HOURS: '0' },
  })
  await keyring.start()
  const opened: KeyringClient[] = []

  function clientOf(kind: Kind, of: TestKeyring = keyring, timeoutMs = 5000): KeyringClient {
    const client = createKeyringClient({
      socketPath: of.socketPath,
      token: TEST_TOKENS[kind],
      log,
      timeoutMs,
    })
    opened.push(client)
    return client
  }

  return {
    database,
    keyring,
    clientOf,

    /** Another keyring on the same database with the same root. */
    async another(env: Readonly<Record<string, string>> = {}): Promise<TestKeyring> {
      const other = await makeTestKeyring({
        databaseUrl: database.url.bulkhead_keyring,
        rootPath: keyring.rootPath,
        env,
      })
      await other.start()
      return other
    },

    /** Looks behind the scenes. */
    async rows(sql: string, values: unknown[] = [], of: TestDatabase = database): Promise<Row[]> {
      return (await of.pool('owner').query(sql, values)).rows
    },

    async furnish(of: TestKeyring = keyring): Promise<Furnished> {
      const workspaceId = randomUUID()
      const api = clientOf('api', of)
      const content = await api.contentKey(workspaceId)
      const sensitive = await api.contentKey(workspaceId, { sensitive: true })
      const secret = await api.sealSecret(workspaceId, 'webhook', 'w/1', Buffer.from('whsec'))
      const made = { domain: 'example.com', selector: 's1', algorithm: 'ed25519' } as const
      const dkim = await api.createDkimKey({ workspaceId, ...made })
      const [index] = await api.blind(workspaceId, ['ann@example.com'])
      if (index === undefined) throw new Error('no index was answered')
      return { workspaceId, content, sensitive, secret, dkim, index }
    },

    /** Everything of a furnished workspace works. */
    async expectWhole(of: TestKeyring, furnished: Furnished): Promise<void> {
      const { workspaceId, content, sensitive } = furnished
      const sender = clientOf('sender', of)
      const keys = await sender.openContentKeys(workspaceId, [content.keyId, sensitive.keyId], 'test')
      expect(keys.get(content.keyId)?.equals(content.key)).toBe(true)
      expect(keys.get(sensitive.keyId)?.equals(sensitive.key)).toBe(true)
      const opening = clientOf('worker', of).openSecret(
        workspaceId,
        'webhook',
        'w/1',
        furnished.secret,
        'test',
      )
      expect((await opening).toString()).toBe('whsec')
      const [signed] = await sender.sign([{ keyId: furnished.dkim.keyId, data: block('s1') }])
      expect(signed?.state).toBe('signed')
      expect((await clientOf('api', of).blind(workspaceId, ['ann@example.com']))[0]).toEqual(furnished.index)
    },

    /** Waits until no rotation runs and returns how the last one ended. */
    async rotated(api: KeyringClient): Promise<KeyringRotation | null> {
      await expect.poll(async () => (await api.rotation())?.state, { timeout: 20_000 }).not.toBe('running')
      return api.rotation()
    },

    async [Symbol.asyncDispose]() {
      for (const client of opened) await client[Symbol.asyncDispose]()
      await keyring[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

export type World = Awaited<ReturnType<typeof startWorld>>
