import { randomBytes } from 'node:crypto'
import { decrypt, encrypt, KEY_BYTES } from './aead.ts'
import type { ProcessKind } from './access.ts'
import type { KeyHierarchy } from './hierarchy.ts'
import type { Store } from './store.ts'
import type { createUnwrapLog } from './unwrap-log.ts'
import { newKeyId } from './uuid.ts'

export type OpenedKey =
  | { readonly state: 'open'; readonly key: Buffer }
  | { readonly state: 'destroyed' }
  | { readonly state: 'unknown' }

/** How long a process may keep a content key in memory. */
const LEASE_MS = 5 * 60_000

export type ContentKeys = ReturnType<typeof createContentKeys>

/** Keys that seal message content. */
export function createContentKeys(deps: {
  hierarchy: KeyHierarchy
  store: Store
  unwrapLog: ReturnType<typeof createUnwrapLog>
}) {
  const { hierarchy, store, unwrapLog } = deps

  return {
    /**
     * A seal lease: a fresh random key, stored wrapped before it is answered, so that nothing can be sealed that cannot be opened
     * later. The asker learns no older key: it can open only what it sealed itself.
     */
    async lease(
      workspaceId: string,
      singleUse: boolean,
    ): Promise<{ keyId: string; key: Buffer; expiresAtMs: number }> {
      const above = await hierarchy.currentKey(workspaceId, 'content')
      const keyId = newKeyId()
      const key = randomBytes(KEY_BYTES)
      const wrapped = encrypt(above.key, place(workspaceId, keyId, above.version), key)
      await store.addContentKey({ id: keyId, workspaceId, purposeVersion: above.version, singleUse, wrapped })
      return { keyId, key, expiresAtMs: Date.now() + LEASE_MS }
    },

    /** Opens keys for a process, in the order asked for. The unwrap is committed to the log before any key is returned. */
    async open(request: {
      process: ProcessKind
      workspaceId: string
      keyIds: readonly string[]
      reason: string
    }): Promise<OpenedKey[]> {
      const { workspaceId, keyIds } = request
      const rows = new Map((await store.contentKeys(workspaceId, keyIds)).map((row) => [row.id, row]))
      const opened: OpenedKey[] = []
      let openedCount = 0
      for (const keyId of keyIds) {
        const row = rows.get(keyId)
        if (row === undefined) opened.push({ state: 'unknown' })
        else if (row.wrapped === null) opened.push({ state: 'destroyed' })
        else {
          const above = await hierarchy.keyOfVersion(workspaceId, 'content', row.purposeVersion)
          opened.push({
            state: 'open',
            key: decrypt(above.key, place(workspaceId, keyId, row.purposeVersion), row.wrapped),
          })
          openedCount += 1
        }
      }
      if (openedCount > 0) {
        await unwrapLog.record({
          process: request.process,
          workspaceId,
          purpose: 'content',
          keyCount: openedCount,
          reason: request.reason,
        })
      }
      return opened
    },

    /** Destroys keys for good; what they sealed never opens again. Returns how many there were. */
    destroy: (keyIds: readonly string[]): Promise<number> => store.destroyContentKeys(keyIds),
  }
}

function place(workspaceId: string, keyId: string, version: number): (string | number)[] {
  return ['content_key', workspaceId, keyId, version]
}
