import type { z } from 'zod'
import { Fault } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import { addressPlace, notePlace, suppressedAddress } from './suppression.ts'
import type { Suppression, SuppressionReason } from './suppression.ts'
import {
  deleteSuppressionRow,
  insertSuppression,
  replaceReadableNote,
  selectReadableNotes,
  selectSuppression,
  selectSuppressionByIndex,
  selectSuppressions,
} from './suppressions-store.ts'
import type { SuppressionRecord } from './suppressions-store.ts'

type View = z.output<typeof Suppression>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'read' | 'act'>

export interface Suppressions {
  /** Adds an address; one that is listed already is answered as it stands. */
  add(
    caller: Caller,
    wanted: {
      readonly email: string
      readonly reason: SuppressionReason
      readonly note?: string | undefined
    },
  ): Promise<View>
  list(
    caller: Caller,
    query: {
      readonly limit: number
      readonly cursor?: string | undefined
      readonly email?: string | undefined
      readonly reason?: SuppressionReason | undefined
    },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  get(caller: Caller, id: string): Promise<View>
  remove(caller: Caller, id: string): Promise<void>
  removeByEmail(caller: Caller, email: string): Promise<void>
}

/** Suppressions: see the slice's door for what holds. */
export function createSuppressions(deps: {
  readonly keyring: Pick<KeyringClient, 'blindAddresses' | 'contentKey' | 'openContentKeys'>
  readonly newId: () => string
}): Suppressions {
  async function indexOf(workspaceId: string, indexed: string): Promise<Buffer> {
    const [blind] = await deps.keyring.blindAddresses(workspaceId, [indexed])
    if (blind === undefined) throw new Error('the keyring answered no index for an address')
    return blind.index
  }

  async function views(
    workspaceId: string,
    rows: readonly SuppressionRecord[],
    reason: string,
  ): Promise<View[]> {
    if (rows.length === 0) return []
    const keyIds = rows.flatMap((row) =>
      [row.address, row.sealed_note].filter((value) => value !== null).map(sealedKeyId),
    )
    const keys = await deps.keyring.openContentKeys(workspaceId, [...new Set(keyIds)], reason)
    return rows.map((row) => {
      const email =
        keys.get(sealedKeyId(row.address)) === undefined
          ? null
          : open(keys, addressPlace(workspaceId, row.id), row.address).toString()
      return {
        id: encodeId('suppression', row.id),
        email,
        reason: row.reason,
        note:
          row.sealed_note === null
            ? null
            : open(keys, notePlace(workspaceId, row.id), row.sealed_note).toString(),
        messageId: row.message_id === null ? null : encodeId('message', row.message_id),
        evidence: row.evidence,
        createdAt: row.created_at.toISOString(),
      }
    })
  }

  async function one(workspaceId: string, row: SuppressionRecord, reason: string): Promise<View> {
    const [view] = await views(workspaceId, [row], reason)
    if (view === undefined) throw new Error('a row has no view')
    return view
  }

  return {
    async add(caller, wanted) {
      const { workspaceId } = caller
      const { email, indexed } = suppressedAddress(wanted.email)
      const id = deps.newId()
      const [index, key] = await Promise.all([
        indexOf(workspaceId, indexed),
        deps.keyring.contentKey(workspaceId),
      ])
      const place = addressPlace(workspaceId, id)
      const address = seal(key, place, Buffer.from(email))
      const note =
        wanted.note === undefined ? null : seal(key, notePlace(workspaceId, id), Buffer.from(wanted.note))
      const row = await caller.act(async (db, about) => {
        const entry = { id, workspaceId, index, address, reason: wanted.reason, note }
        const isNew = await insertSuppression(db, entry)
        const found = await selectSuppressionByIndex(db, workspaceId, index)
        if (found === undefined) {
          throw new Fault('conflict', { detail: 'The address was removed at the same moment; try again.' })
        }
        about(encodeId('suppression', found.id), { reason: found.reason, isNew })
        return found
      })
      return one(workspaceId, row, 'suppressions.add')
    },

    async list(caller, query) {
      const before = idOfCursor(query.cursor)
      const index =
        query.email === undefined
          ? null
          : await indexOf(caller.workspaceId, suppressedAddress(query.email).indexed)
      const filter = { index, reason: query.reason ?? null, before }
      const rows = await caller.read((db) =>
        selectSuppressions(db, caller.workspaceId, filter, query.limit + 1),
      )
      const { data, nextCursor } = page(
        rows,
        query.limit,
        (row) => row,
        (row) => idCursor(row.id),
      )
      return { data: await views(caller.workspaceId, data, 'suppressions.list'), nextCursor }
    },

    async get(caller, id) {
      const row = await caller.read((db) => selectSuppression(db, caller.workspaceId, id))
      if (row === undefined) throw missing('suppression', id)
      return one(caller.workspaceId, row, 'suppressions.get')
    },

    remove: (caller, id) =>
      caller.act(async (db, about) => {
        const removed = await deleteSuppressionRow(db, caller.workspaceId, { id })
        if (removed === undefined) throw missing('suppression', id)
        about(encodeId('suppression', id), { reason: removed.reason })
      }),

    async removeByEmail(caller, email) {
      const index = await indexOf(caller.workspaceId, suppressedAddress(email).indexed)
      await caller.act(async (db, about) => {
        const removed = await deleteSuppressionRow(db, caller.workspaceId, { index })
        if (removed === undefined) {
          throw new Fault('not_found', { detail: 'This address is not on the suppression list.' })
        }
        about(encodeId('suppression', removed.id), { reason: removed.reason })
      })
    },
  }
}

const LEFTOVERS_MAX = 200

/** Seals up to 200 notes of a workspace that can still be read; answers how many there were. In a transaction of the workspace. */
export async function sealReadableNotes(
  keyring: Pick<KeyringClient, 'contentKey'>,
  db: TenantDatabase,
  workspaceId: string,
): Promise<number> {
  const rows = await selectReadableNotes(db, workspaceId, LEFTOVERS_MAX)
  for (const row of rows) {
    const sealed = seal(
      await keyring.contentKey(workspaceId),
      notePlace(workspaceId, row.id),
      Buffer.from(row.note),
    )
    await replaceReadableNote(db, workspaceId, row.id, sealed)
  }
  return rows.length
}
