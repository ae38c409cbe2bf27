import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createKeyringClient } from '../../src/platform/keyring-client/index.ts'
import type { KeyringClient } from '../../src/platform/keyring-client/index.ts'
import { TEST_TOKENS, makeTestKeyring } from '../../src/platform/keyring-client/test-keyring.ts'
import type { TestKeyring } from '../../src/platform/keyring-client/test-keyring.ts'
import { createLogger } from '../../src/platform/telemetry/index.ts'
import type { AlteredProduct } from '../support/altered-product.ts'
import { createTestDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'

type Kind = keyof typeof TEST_TOKENS

/** A keyring process with a root of its own on a database of its own, and the tokens of every process. */
export interface KeyringWorld extends AsyncDisposable {
  readonly database: TestDatabase
  readonly process: TestKeyring
  client(kind: Kind): KeyringClient
}

/** Starts one, from an altered copy of the sources where given; `beforeStart` may lay a root key file. */
export async function startKeyringWorld(
  options: {
    readonly altered?: AlteredProduct
    readonly database?: TestDatabase
    readonly beforeStart?: (rootPath: string) => Promise<void>
  } = {},
): Promise<KeyringWorld> {
  const database = options.database ?? (await createTestDatabase())
  const make = options.altered === undefined ? makeTestKeyring : await makerOf(options.altered)
  const keyring = await make({ databaseUrl: database.url.bulkhead_keyring })
  await options.beforeStart?.(keyring.rootPath)
  await keyring.start()
  const log = createLogger({ name: 'replay', level: 'error' })
  const clients = new Map<Kind, KeyringClient>()
  return {
    database,
    process: keyring,
    client(kind) {
      const known = clients.get(kind)
      if (known !== undefined) return known
      const made = createKeyringClient({
        socketPath: keyring.socketPath,
        token: TEST_TOKENS[kind],
        log,
        timeoutMs: 20_000,
      })
      clients.set(kind, made)
      return made
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients.values()) await client[Symbol.asyncDispose]()
      await keyring[Symbol.asyncDispose]()
      if (options.database === undefined) await database[Symbol.asyncDispose]()
      options.altered?.[Symbol.dispose]()
    },
  }
}

async function makerOf({ root }: AlteredProduct): Promise<typeof makeTestKeyring> {
  const path = join(root, 'server/src/platform/keyring-client/test-keyring.ts')
  const module: { makeTestKeyring: typeof makeTestKeyring } = await import(
    /* @vite-ignore */ pathToFileURL(path).href
  )
  return module.makeTestKeyring
}

export const newWorkspaces = (count: number): string[] => Array.from({ length: count }, () => randomUUID())

const AT_ONCE = 32

/** Works through a list, 32 at once, and answers in its order. */
export async function forAll<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let index = next++; index < items.length; index = next++) {
        results[index] = await work(items[index]!, index)
      }
    }),
  )
  return results
}
