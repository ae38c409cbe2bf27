import type { z } from 'zod'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import type { ReadingBudget } from '../../security/limits/index.ts'
import { explain } from './explanation.ts'
import type { Explanation } from './explanation.ts'
import { addressPlace, expiryOf, notePlace, scopeOfReason, suppressedAddress } from './suppression.ts'
import type { Suppression, SuppressionReason, SuppressionScope } from './suppression.ts'
import {
  deleteSuppressionRow,
  putSuppressions,
  replaceReadableNote,
  selectReadableNotes,
  selectSuppression,
  selectSuppressionByIndex,
  selectSuppressions,
  updateSuppressionRow,
  withdrawReason,
} from './suppressions-store.ts'
import type { SuppressionRecord } from './suppressions-store.ts'

type View = z.output<typeof Suppression>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'principal' | 'actor' | 'read' | 'act'>

interface Filter {
  readonly email?: string | undefined
  readonly reason?: SuppressionReason | undefined
  readonly scope?: SuppressionScope | undefined
  /** Entries made at this time or later. */
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly unroutable?: 'true' | 'false' | undefined
  readonly limit: number
  readonly cursor?: string | undefined
  readonly skip?: number | undefined
}

export interface Suppressions {
  /** Adds an address; of one that is listed already the entry stays, unless the new one stops more. */
  add(
    caller: Caller,
    wanted: {
      readonly email: string
      readonly reason: SuppressionReason
      readonly scope?: SuppressionScope | undefined
      readonly expiresAt?: string | undefined
      readonly note?: string | undefined
    },
  ): Promise<View>
  list(caller: Caller, query: Filter): Promise<{ data: View[]; nextCursor: string | null }>
  get(caller: Caller, id: string): Promise<View>
  /** What is undefined stays as it is, null is taken away. */
  update(
    caller: Caller,
    id: string,
    change: {
      readonly scope: SuppressionScope | undefined
      readonly expiresAt: string | null | undefined
      readonly note: string | null | undefined
    },
  ): Promise<View>
  /** `why` is kept in the audit log. */
  remove(caller: Caller, id: string, why?: string): Promise<void>
  removeByEmail(caller: Caller, email: string): Promise<void>
  /** Takes one reason back, of some addresses or of all; other reasons for the same address go on to stop mail. */
  withdraw(
    caller: Caller,
    wanted: {
      readonly reason: SuppressionReason
      readonly emails?: readonly string[] | undefined
      readonly unroutable?: boolean | undefined
    },
  ): Promise<{ withdrawn: number; hasMore: boolean }>
  explain(caller: Caller, email: string): Promise<Explanation>
  /** A part of the list as JSON lines, newest first, and a line that says where the next part begins. */
  export(caller: Caller, query: Filter): Promise<Buffer>
}

/** Entries that one call changes. */
export const WITHDRAWN_MAX = 1_000

/** Suppressions: see the slice's door for what holds. */
export function createSuppressions(deps: {
  readonly keyring: Pick<KeyringClient, 'blindAddresses' | 'contentKey' | 'openContentKeys'>
  readonly budget: ReadingBudget
  /** Of people who export. */
  readonly exports: ReadingBudget
  readonly newId: () => string
  readonly nowMs?: () => number
}): Suppressions {
  const nowMs = deps.nowMs ?? Date.now

  async function indexOf(workspaceId: string, indexed: string): Promise<Buffer> {
    const [blind] = await deps.keyring.blindAddresses(workspaceId, [indexed])
    if (blind === undefined) throw new Error('the keyring answered no index for an address')
    return blind.index
  }

  async function sealedNote(workspaceId: string, id: string, note: string): Promise<Buffer> {
    return seal(await deps.keyring.contentKey(workspaceId), notePlace(workspaceId, id), Buffer.from(note))
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
        reasons: row.reasons,
        scope: row.applies_to,
        expiresAt: row.expires_at?.toISOString() ?? null,
        note:
          row.sealed_note === null
            ? null
            : open(keys, notePlace(workspaceId, row.id), row.sealed_note).toString(),
        messageId: row.message_id === null ? null : encodeId('message', row.message_id),
        importId: row.import_id === null ? null : encodeId('import', row.import_id),
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

  async function found(caller: Caller, query: Filter): Promise<SuppressionRecord[]> {
    const index =
      query.email === undefined
        ? null
        : await indexOf(caller.workspaceId, suppressedAddress(query.email).indexed)
    const filter = {
      index,
      reason: query.reason ?? null,
      scope: query.scope ?? null,
      since: query.since === undefined ? null : new Date(query.since),
      until: query.until === undefined ? null : new Date(query.until),
      isUnroutable: query.unroutable === undefined ? null : query.unroutable === 'true',
      before: idOfCursor(query.cursor),
      skip: query.skip ?? 0,
    }
    return caller.read((db) => selectSuppressions(db, caller.workspaceId, filter, query.limit + 1))
  }

  return {
    async add(caller, wanted) {
      const { workspaceId } = caller
      const { email, indexed } = suppressedAddress(wanted.email)
      const expiresAt =
        wanted.expiresAt === undefined ? null : expiryOf('expiresAt', wanted.expiresAt, nowMs())
      const id = deps.newId()
      const [index, key] = await Promise.all([
        indexOf(workspaceId, indexed),
        deps.keyring.contentKey(workspaceId),
      ])
      const entry = {
        id,
        index,
        address: seal(key, addressPlace(workspaceId, id), Buffer.from(email)),
        reason: wanted.reason,
        scope: wanted.scope ?? scopeOfReason(wanted.reason),
        expiresAt,
        note: wanted.note === undefined ? null : await sealedNote(workspaceId, id, wanted.note),
      }
      const row = await caller.act(async (db, about) => {
        const { added, widened } = await putSuppressions(db, workspaceId, null, [entry])
        const there = await selectSuppressionByIndex(db, workspaceId, index)
        if (there === undefined) {
          throw new Fault('conflict', { detail: 'The address was removed at the same moment; try again.' })
        }
        about(encodeId('suppression', there.id), {
          reason: there.reason,
          isNew: added > 0,
          stopsMore: widened > 0,
        })
        return there
      })
      return one(workspaceId, row, 'suppressions.add')
    },

    async list(caller, query) {
      const { data, nextCursor } = page(
        await found(caller, query),
        query.limit,
        (row) => row,
        (row) => idCursor(row.id),
      )
      await deps.budget.spend(caller, data.length)
      return { data: await views(caller.workspaceId, data, 'suppressions.list'), nextCursor }
    },

    async get(caller, id) {
      const row = await caller.read((db) => selectSuppression(db, caller.workspaceId, id))
      if (row === undefined) throw missing('suppression', id)
      await deps.budget.spend(caller, 1)
      return one(caller.workspaceId, row, 'suppressions.get')
    },

    async update(caller, id, change) {
      const { workspaceId } = caller
      const { scope, expiresAt, note } = change
      if (scope === undefined && expiresAt === undefined && note === undefined)
        throw invalidField('', 'nothing is to be changed', 'Give scope, expiresAt or note.')
      const wanted = {
        scope,
        expiresAt: typeof expiresAt === 'string' ? expiryOf('expiresAt', expiresAt, nowMs()) : expiresAt,
        note: typeof note === 'string' ? await sealedNote(workspaceId, id, note) : note,
      }
      // The answer shows the address.
      await deps.budget.spend(caller, 1)
      const row = await caller.act(async (db, about) => {
        const changed = await updateSuppressionRow(db, workspaceId, id, wanted)
        if (changed === undefined) throw missing('suppression', id)
        about(encodeId('suppression', id), {
          scope: changed.applies_to,
          expiresAt: changed.expires_at?.toISOString() ?? null,
          note: note === undefined ? 'unchanged' : note === null ? 'removed' : 'written',
        })
        return changed
      })
      return one(workspaceId, row, 'suppressions.update')
    },

    remove: (caller, id, why) =>
      caller.act(async (db, about) => {
        const removed = await deleteSuppressionRow(db, caller.workspaceId, { id })
        if (removed === undefined) throw missing('suppression', id)
        about(encodeId('suppression', id), {
          reason: removed.reason,
          ...(why === undefined || why === '' ? {} : { why }),
        })
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

    async withdraw(caller, { reason, emails, unroutable }) {
      const { workspaceId } = caller
      const indexed = emails?.map((email) => suppressedAddress(email).indexed)
      const indexes =
        indexed === undefined
          ? null
          : (await deps.keyring.blindAddresses(workspaceId, [...new Set(indexed)])).map(({ index }) => index)
      return caller.act(async (db, about) => {
        const which = { reason, indexes, isUnroutable: unroutable ?? null }
        const withdrawn = await withdrawReason(db, workspaceId, which, WITHDRAWN_MAX)
        about('suppressions', { reason, withdrawn, ...(emails === undefined ? { all: true } : {}) })
        return { withdrawn, hasMore: withdrawn === WITHDRAWN_MAX }
      })
    },

    async explain(caller, email) {
      const address = suppressedAddress(email)
      const index = await indexOf(caller.workspaceId, address.indexed)
      const row = await caller.read((db) => selectSuppressionByIndex(db, caller.workspaceId, index))
      const view = row === undefined ? null : await one(caller.workspaceId, row, 'suppressions.explain')
      return explain(address.email, view, row?.keeps_bulk ?? false, new Date(nowMs()))
    },

    async export(caller, query) {
      const { data, nextCursor } = page(
        await found(caller, query),
        query.limit,
        (row) => row,
        (row) => idCursor(row.id),
      )
      await (caller.principal.kind === 'person' ? deps.exports : deps.budget).spend(caller, data.length)
      const entries = await views(caller.workspaceId, data, 'suppressions.export')
      const readable = entries.filter(({ email }) => email !== null)
      const end = {
        type: 'end',
        entries: readable.length,
        erased: entries.length - readable.length,
        next: nextCursor,
      }
      const lines = [...readable.map((entry) => ({ type: 'entry', ...entry })), end]
      return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
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
