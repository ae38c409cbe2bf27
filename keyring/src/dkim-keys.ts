import { createPrivateKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { decrypt, encrypt } from './aead.ts'
import type { SigningIdentity } from './dkim-check.ts'
import type { KeyHierarchy } from './hierarchy.ts'
import { Lru } from './lru.ts'
import { Refusal } from './refusal.ts'
import { generateEd25519 } from './rsa-pool.ts'
import type { KeyPair } from './rsa-pool.ts'
import type { DkimKeyRow, Store } from './store.ts'
import { newKeyId } from './uuid.ts'

export interface SigningKey extends SigningIdentity {
  readonly workspaceId: string
  readonly privateKey: KeyObject
}

interface CachedKey {
  readonly key: SigningKey
  checkedAtMs: number
}

// An RSA KeyObject is about 4 KB.
const CACHE_LIMIT = 20_000
/** A destroyed key is used for at most this long by a keyring that did not destroy it itself. */
const RECHECK_MS = 60_000
// The last 32 bytes of an Ed25519 SubjectPublicKeyInfo are the raw key that RFC 8463 §4 publishes.
const ED25519_RAW_BYTES = 32

export type DkimKeys = ReturnType<typeof createDkimKeys>

/** DKIM key pairs. The private half is sealed in the database, open in this process's memory, and nowhere else. */
export function createDkimKeys(deps: {
  hierarchy: KeyHierarchy
  store: Store
  takeRsa: () => Promise<KeyPair>
  nowMs: () => number
}) {
  const { hierarchy, store } = deps
  const cache = new Lru<string, CachedKey>(CACHE_LIMIT)
  const loading = new Map<string, Promise<void>>()

  /** Null where it is destroyed or does not open: one such key must not fail the others that are asked for with it. */
  async function openRow(row: DkimKeyRow): Promise<SigningKey | null> {
    if (row.sealedPrivate === null) return null
    try {
      return await openPrivate(row, row.sealedPrivate)
    } catch (error) {
      if (error instanceof Refusal && (error.code === 'refused' || error.code === 'shredded')) return null
      throw error
    }
  }

  async function openPrivate(row: DkimKeyRow, sealed: Buffer): Promise<SigningKey> {
    const { key } = await hierarchy.keyOfVersion(row.workspaceId, 'dkim', row.purposeVersion)
    const der = decrypt(key, dkimKeyPlace(row), sealed)
    const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    der.fill(0)
    const { workspaceId, domain, selector, algorithm } = row
    return { workspaceId, domain, selector, algorithm, privateKey }
  }

  async function load(ids: readonly string[]): Promise<void> {
    const rows = new Map((await store.dkimKeys(ids)).map((row) => [row.id, row]))
    for (const id of ids) {
      const row = rows.get(id)
      const key = row === undefined ? null : await openRow(row)
      if (key === null) cache.delete(id)
      else cache.set(id, { key, checkedAtMs: deps.nowMs() })
    }
  }

  function loadOnce(ids: readonly string[]): Promise<unknown> {
    const missing = ids.filter((id) => !loading.has(id))
    if (missing.length > 0) {
      const work = load(missing).finally(() => {
        for (const id of missing) loading.delete(id)
      })
      for (const id of missing) loading.set(id, work)
    }
    return Promise.all(ids.map(async (id) => loading.get(id)))
  }

  return {
    /**
     * Makes a key pair, or returns the one that exists for this selector, so that a repeated request is harmless. Throws `refused`
     * where the selector was used for a key of another algorithm or for one that was destroyed.
     */
    async create(request: {
      workspaceId: string
      domain: string
      selector: string
      algorithm: 'rsa' | 'ed25519'
    }): Promise<{ keyId: string; publicKey: string }> {
      const { workspaceId, domain, selector, algorithm } = request
      let row = await store.dkimKeyBySelector(workspaceId, domain, selector)
      if (row === undefined) {
        const pair = algorithm === 'rsa' ? await deps.takeRsa() : await generateEd25519()
        const spki = pair.publicKey.export({ format: 'der', type: 'spki' })
        const published = algorithm === 'rsa' ? spki : spki.subarray(-ED25519_RAW_BYTES)
        const { version, key } = await hierarchy.currentKey(workspaceId, 'dkim')
        const fresh = {
          ...request,
          id: newKeyId(),
          purposeVersion: version,
          sealedPrivate: null,
          publicKey: published.toString('base64'),
        }
        const der = pair.privateKey.export({ format: 'der', type: 'pkcs8' })
        await store.addDkimKey({ ...fresh, sealedPrivate: encrypt(key, dkimKeyPlace(fresh), der) })
        der.fill(0)
        row = await store.dkimKeyBySelector(workspaceId, domain, selector)
      }
      if (row === undefined) {
        // The dkim key that it was sealed under was retired by a rotation: the next try takes the newest.
        hierarchy.forget(workspaceId)
        throw new Refusal('unavailable', 'The key could not be stored')
      }
      if (row.algorithm !== algorithm || row.sealedPrivate === null) {
        throw new Refusal(
          'refused',
          `The selector ${selector} of ${domain} was used for another key; choose a new one`,
        )
      }
      return { keyId: row.id, publicKey: row.publicKey }
    },

    /**
     * The keys that exist among `ids`. Known keys come from memory, also while the database is away; once a minute they are looked
     * up again in the background.
     */
    async get(ids: readonly string[]): Promise<ReadonlyMap<string, SigningKey>> {
      const now = deps.nowMs()
      const found = new Map<string, SigningKey>()
      const missing = new Set<string>()
      const stale: string[] = []
      for (const id of new Set(ids)) {
        const entry = cache.get(id)
        if (entry === undefined) missing.add(id)
        else {
          found.set(id, entry.key)
          if (now - entry.checkedAtMs > RECHECK_MS) {
            entry.checkedAtMs = now
            stale.push(id)
          }
        }
      }
      // A refusal here is logged by the store; the key stays usable until the database answers.
      if (stale.length > 0) loadOnce(stale).catch(() => undefined)
      if (missing.size > 0) {
        await loadOnce([...missing])
        for (const id of missing) {
          const entry = cache.get(id)
          if (entry !== undefined) found.set(id, entry.key)
        }
      }
      return found
    },

    /** Destroys the private half for good. Returns whether there was one. Other keyrings sign with it for at most a minute. */
    async destroy(workspaceId: string, id: string): Promise<boolean> {
      const isDestroyed = await store.destroyDkimKey(workspaceId, id)
      if (cache.get(id)?.key.workspaceId === workspaceId) cache.delete(id)
      return isDestroyed
    },

    /** Drops a workspace's keys from memory. */
    forget(workspaceId: string): void {
      cache.deleteWhere((_, entry) => entry.key.workspaceId === workspaceId)
    },

    /** The public halves, for publishing. */
    async publicKeys(ids: readonly string[]): Promise<readonly DkimKeyRow[]> {
      return store.dkimKeys(ids)
    },
  }
}

/** Where a sealed private key belongs. */
export function dkimKeyPlace(row: Omit<DkimKeyRow, 'sealedPrivate' | 'publicKey'>): (string | number)[] {
  return ['dkim_key', row.workspaceId, row.id, row.domain, row.selector, row.algorithm, row.purposeVersion]
}
