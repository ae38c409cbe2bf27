import { createSecretKey, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { decrypt, encrypt, KEY_BYTES } from './aead.ts'
import { Lru } from './lru.ts'
import { Refusal } from './refusal.ts'
import type { RootProvider } from './roots/root-provider.ts'
import type { Store } from './store.ts'

export const PURPOSES = ['content', 'contact', 'webhook', 'connector', 'totp', 'blind', 'dkim'] as const
export type Purpose = (typeof PURPOSES)[number]

/** The root that wraps new keys, and earlier ones whose keys still open until they are wrapped anew. */
export interface Roots {
  readonly current: RootProvider
  readonly previous: readonly RootProvider[]
}

/** A key in use: callers write `version` beside what they seal and ask for it by that version later. */
export interface VersionedKey {
  readonly version: number
  readonly key: KeyObject
}

interface LoadedKey extends VersionedKey {
  /** The row's bytes: while they are the same, the root is not asked again. */
  readonly wrapped: Buffer
}

interface CacheEntry {
  readonly workspaceId: string | null
  readonly value: Promise<LoadedKey>
  readonly checkAgainMs: number
}

export type KeyHierarchy = ReturnType<typeof createKeyHierarchy>

// 50,000 keys are about 10 MB of heap.
const CACHE_LIMIT = 50_000
const FIRST_VERSION = 1
/** Another keyring may have made a newer key: for at most this long one that is not the newest seals. */
const NEWEST_FOR_MS = 60_000
/** Another keyring may have destroyed a version that nothing needs any more. */
const VERSION_FOR_MS = 10 * 60_000
// A version can be destroyed between being read and being used to store; a second time in a row something else is wrong.
const MAX_ROUNDS = 3

/** Opens what a root wrapped, by the root that wrapped it. Throws `unavailable` with that root's name where it is not configured. */
export async function unwrapByRoot(
  roots: Roots,
  rootId: string,
  place: readonly (string | number)[],
  wrapped: Buffer,
): Promise<Buffer> {
  const root = [roots.current, ...roots.previous].find((known) => known.id === rootId)
  if (root !== undefined) return root.unwrap(place, wrapped)
  throw new Refusal(
    'unavailable',
    `Keys in the database were wrapped by root ${rootId}, this keyring holds root ${roots.current.id}: restore the right root key`,
  )
}

export const workspaceKeyPlace = (workspaceId: string, version: number) => ['workspace', workspaceId, version]
export const installationKeyPlace = (name: string, version: number) => ['installation', name, version]
export const purposeKeyPlace = (
  workspaceId: string,
  purpose: string,
  version: number,
  aboveVersion: number,
) => ['purpose', workspaceId, purpose, version, aboveVersion]

/**
 * Root → workspace key → purpose keys. Keys are made when first asked for and kept open in memory, so that what needs no database
 * goes on while it is away. Each wrapping is bound to what the key is, so a row moved in the database does not open.
 */
export function createKeyHierarchy(deps: {
  roots: Roots
  store: Store
  nowMs: () => number
  /** Throws `refused` where the keys of the workspace were destroyed. */
  refuseShredded: (workspaceId: string) => void
}) {
  const { roots, store } = deps
  const cache = new Lru<string, CacheEntry>(CACHE_LIMIT)

  function cached(
    id: string,
    workspaceId: string | null,
    forMs: number,
    load: (known: LoadedKey | undefined) => Promise<LoadedKey>,
  ): Promise<VersionedKey> {
    const nowMs = deps.nowMs()
    const entry = cache.get(id)
    if (entry !== undefined && nowMs < entry.checkAgainMs) return entry.value
    const value = entry === undefined ? load(undefined) : reload(entry.value, load)
    const fresh = { workspaceId, value, checkAgainMs: nowMs + forMs }
    cache.set(id, fresh)
    value.catch(() => {
      if (cache.get(id) === fresh) cache.delete(id)
    })
    return value
  }

  async function loadInstallationKey(name: string, known: LoadedKey | undefined): Promise<LoadedKey> {
    const place = installationKeyPlace(name, FIRST_VERSION)
    let row = await store.installationKey(name, FIRST_VERSION)
    if (row === undefined) {
      const wrapped = await roots.current.wrap(place, randomBytes(KEY_BYTES))
      await store.addInstallationKey(name, FIRST_VERSION, { rootId: roots.current.id, wrapped })
      row = await store.installationKey(name, FIRST_VERSION)
    }
    if (row === undefined) throw new Refusal('unavailable', 'An installation key could not be stored')
    if (known?.wrapped.equals(row.wrapped) === true) return known
    const key = intoKey(await unwrapByRoot(roots, row.rootId, place, row.wrapped))
    return { version: FIRST_VERSION, key, wrapped: row.wrapped }
  }

  async function loadWorkspaceKey(
    workspaceId: string,
    version: number | null,
    known: LoadedKey | undefined,
  ): Promise<LoadedKey> {
    let row = await store.workspaceKey(workspaceId, version)
    if (row === undefined && version === null) {
      const wrapped = await roots.current.wrap(
        workspaceKeyPlace(workspaceId, FIRST_VERSION),
        randomBytes(KEY_BYTES),
      )
      await store.addWorkspaceKey(workspaceId, { version: FIRST_VERSION, rootId: roots.current.id, wrapped })
      row = await store.workspaceKey(workspaceId, null)
    }
    if (row === undefined) throw new Refusal('refused', 'The workspace has no such key')
    if (row.wrapped === null)
      throw new Refusal('shredded', 'The workspace was shredded: its keys are destroyed for good')
    if (known?.version === row.version && known.wrapped.equals(row.wrapped)) return known
    const place = workspaceKeyPlace(workspaceId, row.version)
    return {
      version: row.version,
      key: intoKey(await unwrapByRoot(roots, row.rootId, place, row.wrapped)),
      wrapped: row.wrapped,
    }
  }

  function workspaceKey(workspaceId: string, version: number | null): Promise<VersionedKey> {
    return cached(
      `${workspaceId}/${version ?? 'newest'}`,
      workspaceId,
      version === null ? NEWEST_FOR_MS : VERSION_FOR_MS,
      (known) => loadWorkspaceKey(workspaceId, version, known),
    )
  }

  async function loadPurposeKey(
    workspaceId: string,
    purpose: Purpose,
    version: number | null,
    known: LoadedKey | undefined,
  ): Promise<LoadedKey> {
    let row = await store.purposeKey(workspaceId, purpose, version)
    const mayMake = version === null ? MAX_ROUNDS : 0
    for (let round = 0; row === undefined && round < mayMake; round++) {
      if (round > 0) cache.delete(`${workspaceId}/newest`)
      const above = await workspaceKey(workspaceId, null)
      const place = purposeKeyPlace(workspaceId, purpose, FIRST_VERSION, above.version)
      await store.addPurposeKey(workspaceId, purpose, {
        version: FIRST_VERSION,
        workspaceKeyVersion: above.version,
        wrapped: encrypt(above.key, place, randomBytes(KEY_BYTES)),
      })
      row = await store.purposeKey(workspaceId, purpose, null)
    }
    if (row === undefined) throw new Refusal('refused', 'The workspace has no such key')
    if (row.wrapped === null) throw new Refusal('refused', 'This version of the key was destroyed')
    if (known?.version === row.version && known.wrapped.equals(row.wrapped)) return known
    const above = await workspaceKey(workspaceId, row.workspaceKeyVersion)
    const place = purposeKeyPlace(workspaceId, purpose, row.version, row.workspaceKeyVersion)
    const key = intoKey(decrypt(above.key, place, row.wrapped))
    return { version: row.version, key, wrapped: row.wrapped }
  }

  return {
    /** A key of the whole installation, made at first use. It has one version: what it computes is compared for years. */
    installationKey(name: string): Promise<VersionedKey> {
      return cached(`installation/${name}`, null, Infinity, (known) => loadInstallationKey(name, known))
    },

    /** The newest key of a purpose, made at first use. */
    async currentKey(workspaceId: string, purpose: Purpose): Promise<VersionedKey> {
      deps.refuseShredded(workspaceId)
      return cached(`${workspaceId}/${purpose}/newest`, workspaceId, NEWEST_FOR_MS, (known) =>
        loadPurposeKey(workspaceId, purpose, null, known),
      )
    },

    /** The key that sealed something earlier. Throws `refused` where there is none. */
    async keyOfVersion(workspaceId: string, purpose: Purpose, version: number): Promise<VersionedKey> {
      deps.refuseShredded(workspaceId)
      return cached(`${workspaceId}/${purpose}/${version}`, workspaceId, VERSION_FOR_MS, (known) =>
        loadPurposeKey(workspaceId, purpose, version, known),
      )
    },

    workspaceKey,

    /** Drops a workspace's keys from memory. */
    forget(workspaceId: string): void {
      cache.deleteWhere((_, entry) => entry.workspaceId === workspaceId)
    },
  }
}

/** While the database or the root is away, the key that is known goes on. */
async function reload(
  earlier: Promise<LoadedKey>,
  load: (known: LoadedKey | undefined) => Promise<LoadedKey>,
): Promise<LoadedKey> {
  const known = await earlier
  try {
    return await load(known)
  } catch (error) {
    if (error instanceof Refusal && error.code === 'unavailable') return known
    throw error
  }
}

/** A KeyObject: ten times cheaper to use than bytes (measured), and it does not print. */
export function intoKey(bytes: Buffer): KeyObject {
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}
