import { randomBytes } from 'node:crypto'
import { decrypt, encrypt, KEY_BYTES } from './aead.ts'
import type { ProcessKind } from './access.ts'
import type { Budgets } from './budgets.ts'
import type { KeyHierarchy, VersionedKey } from './hierarchy.ts'
import { Refusal } from './refusal.ts'
import type { Log } from './log.ts'
import type { Spool } from './spool.ts'
import type { ContentKeyRow, Store } from './store.ts'
import type { UnwrapLog } from './unwrap-log.ts'
import { newKeyId } from './uuid.ts'

export type OpenedKey =
  | { readonly state: 'open'; readonly key: Buffer }
  | { readonly state: 'destroyed' }
  | { readonly state: 'unknown' }

/** How long a process may keep a content key in memory, counted by itself from the answer: nobody's wall clock has a say. */
export const LEASE_MS = 5 * 60_000
/** The purpose key can be destroyed between being taken and being used; a third time in a row something else is wrong. */
const MAX_ROUNDS = 3
const WARN_EVERY_MS = 60_000

export type ContentKeys = ReturnType<typeof createContentKeys>

/** Keys that seal message content. */
export function createContentKeys(deps: {
  hierarchy: KeyHierarchy
  store: Store
  spool: Spool
  budgets: Budgets
  unwrapLog: UnwrapLog
  log: Log
  nowMs: () => number
}) {
  const { hierarchy, store, spool } = deps
  let warnAgainMs = 0

  /** Either the file was made anew, or two hosts have different ones: then half of the sensitive messages are lost until that is mended. */
  function warnOfForeignSpool(): void {
    if (deps.nowMs() < warnAgainMs) return
    warnAgainMs = deps.nowMs() + WARN_EVERY_MS
    deps.log(
      'error',
      'A sensitive message was sealed with another spool state; give all hosts the same file',
      {
        spool: spool.id,
      },
    )
  }

  /** Null: the spool key of its hour is gone, or another host has it. For this keyring it opens never again. */
  function openRow(
    row: ContentKeyRow,
    workspaceId: string,
    wrapped: Buffer,
    above: VersionedKey,
  ): Buffer | null {
    const inner = decrypt(
      above.key,
      contentKeyPlace(workspaceId, row.id, row.purposeVersion, row.spoolHour),
      wrapped,
    )
    if (row.spoolHour === null) return inner
    if (row.spoolId !== spool.id) {
      warnOfForeignSpool()
      return null
    }
    const spoolKey = spool.key(row.spoolHour)
    return spoolKey === null ? null : decrypt(spoolKey, spoolPlace(workspaceId, row.id, row.spoolHour), inner)
  }

  async function openOne(row: ContentKeyRow | undefined, workspaceId: string): Promise<OpenedKey> {
    if (row === undefined) return { state: 'unknown' }
    if (row.wrapped === null) return { state: 'destroyed' }
    const above = await hierarchy.keyOfVersion(workspaceId, 'content', row.purposeVersion)
    const key = openRow(row, workspaceId, row.wrapped, above)
    return key === null ? { state: 'destroyed' } : { state: 'open', key }
  }

  return {
    /**
     * A seal lease: a fresh random key, stored wrapped before it is answered, so that nothing can be sealed that cannot be opened
     * later. The asker learns no older key: it can open only what it sealed itself. A key for a single sensitive message is wrapped
     * twice: by the workspace's key, and by the spool key of the hour, which exists for five hours.
     */
    async lease(workspaceId: string, singleUse: boolean): Promise<{ keyId: string; key: Buffer }> {
      const keyId = newKeyId()
      const key = randomBytes(KEY_BYTES)
      for (let round = 0; round < MAX_ROUNDS; round++) {
        if (round > 0) hierarchy.forget(workspaceId)
        const above = await hierarchy.currentKey(workspaceId, 'content')
        const spoolHour = singleUse ? spool.hour() : null
        const inner = spoolHour === null ? key : wrapInHour(workspaceId, keyId, spoolHour, key)
        const wrapped = encrypt(
          above.key,
          contentKeyPlace(workspaceId, keyId, above.version, spoolHour),
          inner,
        )
        const row = {
          id: keyId,
          workspaceId,
          purposeVersion: above.version,
          singleUse,
          wrapped,
          spoolHour,
          spoolId: spoolHour === null ? null : spool.id,
        }
        if (await store.addContentKey(row)) return { keyId, key }
      }
      throw new Refusal('unavailable', 'The content key could not be stored')
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
      const wanted = keyIds.filter((keyId) => (rows.get(keyId)?.wrapped ?? null) !== null).length
      if (wanted > 0) deps.budgets.spend(request.process, workspaceId, wanted)
      const opened: OpenedKey[] = []
      for (const keyId of keyIds) opened.push(await openOne(rows.get(keyId), workspaceId))
      const keyCount = opened.filter((item) => item.state === 'open').length
      if (keyCount > 0) {
        const { process, reason } = request
        try {
          await deps.unwrapLog.record({ process, workspaceId, purpose: 'content', keyCount, reason })
        } catch (error) {
          for (const item of opened) if (item.state === 'open') item.key.fill(0)
          throw error
        }
      }
      return opened
    },

    /**
     * Destroys keys of sensitive messages for good; what they sealed never opens again. Keys that many values share cannot be
     * destroyed by a process. Returns how many of the workspace there were.
     */
    destroy: (workspaceId: string, keyIds: readonly string[]): Promise<number> =>
      store.destroyContentKeys(workspaceId, keyIds),
  }

  function wrapInHour(workspaceId: string, keyId: string, spoolHour: number, key: Buffer): Buffer {
    const spoolKey = spool.key(spoolHour)
    if (spoolKey === null) throw new Refusal('unavailable', 'The spool key of this hour is not there')
    return encrypt(spoolKey, spoolPlace(workspaceId, keyId, spoolHour), key)
  }
}

/** Where a wrapped content key belongs. Rotation opens and closes it at the same place but for the version. */
export function contentKeyPlace(
  workspaceId: string,
  keyId: string,
  version: number,
  spoolHour: number | null,
): (string | number)[] {
  const place = ['content_key', workspaceId, keyId, version]
  return spoolHour === null ? place : [...place, 'spool', spoolHour]
}

function spoolPlace(workspaceId: string, keyId: string, spoolHour: number): (string | number)[] {
  return ['spool', workspaceId, keyId, spoolHour]
}
