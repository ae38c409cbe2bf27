import { createSecretKey, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { decrypt, encrypt, KEY_BYTES } from './aead.ts'
import { Lru } from './lru.ts'
import { Refusal } from './refusal.ts'
import type { RootProvider } from './root.ts'
import type { Store } from './store.ts'

export const PURPOSES = ['content', 'contact', 'webhook', 'connector', 'totp', 'blind', 'dkim'] as const
export type Purpose = (typeof PURPOSES)[number]

/** A key in use: callers write `version` beside what they seal and ask for it by that version later. */
export interface VersionedKey {
  readonly version: number
  readonly key: KeyObject
}

export type KeyHierarchy = ReturnType<typeof createKeyHierarchy>

// 50,000 keys are about 10 MB of heap.
const CACHE_LIMIT = 50_000
const FIRST_VERSION = 1

/**
 * Root → workspace key → purpose keys. Keys are made when first asked for and kept open in memory, so that what needs no database
 * goes on while it is away. Each wrapping is bound to what the key is, so a row moved in the database does not open.
 */
export function createKeyHierarchy(deps: { root: RootProvider; store: Store }) {
  const { root, store } = deps
  const cache = new Lru<string, Promise<VersionedKey>>(CACHE_LIMIT)

  function cached(id: string, load: () => Promise<VersionedKey>): Promise<VersionedKey> {
    const known = cache.get(id)
    if (known !== undefined) return known
    const loading = load()
    cache.set(id, loading)
    loading.catch(() => cache.delete(id))
    return loading
  }

  function checkRoot(rootId: string): void {
    if (rootId === root.id) return
    throw new Refusal(
      'unavailable',
      `Keys in the database were wrapped by root ${rootId}, this keyring holds root ${root.id}: restore the right root key file`,
    )
  }

  async function loadInstallationKey(name: string): Promise<VersionedKey> {
    const place = ['installation', name, FIRST_VERSION]
    let row = await store.installationKey(name, FIRST_VERSION)
    if (row === undefined) {
      const wrapped = await root.wrap(place, randomBytes(KEY_BYTES))
      await store.addInstallationKey(name, FIRST_VERSION, { rootId: root.id, wrapped })
      row = await store.installationKey(name, FIRST_VERSION)
    }
    if (row === undefined) throw new Refusal('unavailable', 'An installation key could not be stored')
    checkRoot(row.rootId)
    return { version: FIRST_VERSION, key: intoKey(await root.unwrap(place, row.wrapped)) }
  }

  async function loadWorkspaceKey(workspaceId: string, version: number | null): Promise<VersionedKey> {
    let row = await store.workspaceKey(workspaceId, version)
    if (row === undefined && version === null) {
      const wrapped = await root.wrap(['workspace', workspaceId, FIRST_VERSION], randomBytes(KEY_BYTES))
      await store.addWorkspaceKey(workspaceId, { version: FIRST_VERSION, rootId: root.id, wrapped })
      row = await store.workspaceKey(workspaceId, null)
    }
    if (row === undefined) throw new Refusal('refused', 'The workspace has no such key')
    if (row.wrapped === null) throw new Refusal('refused', "The workspace's key was destroyed")
    checkRoot(row.rootId)
    return {
      version: row.version,
      key: intoKey(await root.unwrap(['workspace', workspaceId, row.version], row.wrapped)),
    }
  }

  function workspaceKey(workspaceId: string, version: number | null): Promise<VersionedKey> {
    return cached(`${workspaceId}/${version ?? 'newest'}`, () => loadWorkspaceKey(workspaceId, version))
  }

  async function loadPurposeKey(
    workspaceId: string,
    purpose: Purpose,
    version: number | null,
  ): Promise<VersionedKey> {
    let row = await store.purposeKey(workspaceId, purpose, version)
    if (row === undefined && version === null) {
      const above = await workspaceKey(workspaceId, null)
      const place = ['purpose', workspaceId, purpose, FIRST_VERSION, above.version]
      const wrapped = encrypt(above.key, place, randomBytes(KEY_BYTES))
      await store.addPurposeKey(workspaceId, purpose, {
        version: FIRST_VERSION,
        workspaceKeyVersion: above.version,
        wrapped,
      })
      row = await store.purposeKey(workspaceId, purpose, null)
    }
    if (row === undefined) throw new Refusal('refused', 'The workspace has no such key')
    const above = await workspaceKey(workspaceId, row.workspaceKeyVersion)
    const place = ['purpose', workspaceId, purpose, row.version, row.workspaceKeyVersion]
    return { version: row.version, key: intoKey(decrypt(above.key, place, row.wrapped)) }
  }

  return {
    /** A key of the whole installation, made at first use. */
    installationKey(name: string): Promise<VersionedKey> {
      return cached(`installation/${name}`, () => loadInstallationKey(name))
    },

    /** The newest key of a purpose, made at first use. */
    currentKey(workspaceId: string, purpose: Purpose): Promise<VersionedKey> {
      return cached(`${workspaceId}/${purpose}/newest`, () => loadPurposeKey(workspaceId, purpose, null))
    },

    /** The key that sealed something earlier. Throws `refused` where there is none. */
    keyOfVersion(workspaceId: string, purpose: Purpose, version: number): Promise<VersionedKey> {
      return cached(`${workspaceId}/${purpose}/${version}`, () =>
        loadPurposeKey(workspaceId, purpose, version),
      )
    },
  }
}

/** A KeyObject: ten times cheaper to use than bytes (measured), and it does not print. */
function intoKey(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}
