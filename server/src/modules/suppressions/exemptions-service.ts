import type { z } from 'zod'
import { Fault } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import type { ReadingBudget } from '../../security/limits/index.ts'
import { exemptionPlace } from './exemption.ts'
import type { Exemption } from './exemption.ts'
import { deleteExemption, insertExemption, selectExemption, selectExemptions } from './exemptions-store.ts'
import type { ExemptionRow } from './exemptions-store.ts'
import { suppressedAddress } from './suppression.ts'
import { withdrawReason } from './suppressions-store.ts'

type View = z.output<typeof Exemption>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read' | 'act'>

export interface SuppressionExemptions {
  /** Takes back what bounces and people of the workspace had written down of the address; one that is exempt already stays as it is. */
  add(caller: Caller, wanted: { readonly email: string; readonly note?: string | undefined }): Promise<View>
  list(
    caller: Caller,
    query: {
      readonly email?: string | undefined
      readonly limit: number
      readonly cursor?: string | undefined
    },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  /** Throws `not_found`. */
  remove(caller: Caller, email: string): Promise<void>
}

/** Addresses that hard bounces do not suppress: the trigger spare_exempt asks them. */
export function createSuppressionExemptions(deps: {
  readonly keyring: Pick<KeyringClient, 'blindAddresses' | 'contentKey' | 'openContentKeys'>
  readonly budget: ReadingBudget
  readonly newId: () => string
}): SuppressionExemptions {
  async function indexOf(workspaceId: string, email: string): Promise<Buffer> {
    const [blind] = await deps.keyring.blindAddresses(workspaceId, [suppressedAddress(email).indexed])
    if (blind === undefined) throw new Error('the keyring answered no index for an address')
    return blind.index
  }

  async function views(workspaceId: string, rows: readonly ExemptionRow[]): Promise<View[]> {
    if (rows.length === 0) return []
    const sealed = rows.flatMap(({ address, sealed_note: note }) =>
      note === null ? [address] : [address, note],
    )
    const keyIds = [...new Set(sealed.map(sealedKeyId))]
    const keys = await deps.keyring.openContentKeys(workspaceId, keyIds, 'exemptions.list')
    const opened = (id: string, column: 'address' | 'sealed_note', value: Buffer | null): string | null =>
      value === null || keys.get(sealedKeyId(value)) === undefined
        ? null
        : open(keys, exemptionPlace(workspaceId, id, column), value).toString()
    return rows.map((row) => ({
      id: encodeId('exemption', row.id),
      email: opened(row.id, 'address', row.address),
      note: opened(row.id, 'sealed_note', row.sealed_note),
      createdAt: row.created_at.toISOString(),
    }))
  }

  return {
    async add(caller, { email: written, note }) {
      const { workspaceId } = caller
      const { email } = suppressedAddress(written)
      const id = deps.newId()
      const [index, key] = await Promise.all([
        indexOf(workspaceId, email),
        deps.keyring.contentKey(workspaceId),
      ])
      const sealed = (column: 'address' | 'sealed_note', text: string): Buffer =>
        seal(key, exemptionPlace(workspaceId, id, column), Buffer.from(text))
      const row = await caller.act(async (db, about) => {
        const added = await insertExemption(db, workspaceId, {
          id,
          index,
          address: sealed('address', email),
          note: note === undefined || note === '' ? null : sealed('sealed_note', note),
          by: caller.actor,
        })
        for (const reason of ['hard_bounce', 'manual'] as const)
          await withdrawReason(db, workspaceId, { reason, indexes: [index], isUnroutable: null }, 1)
        const there = added ?? (await selectExemption(db, workspaceId, index))
        if (there === undefined)
          throw new Fault('conflict', { detail: 'The address was taken away at the same moment; try again.' })
        about(encodeId('exemption', there.id), { isNew: added !== undefined })
        return there
      })
      const [view] = await views(workspaceId, [row])
      if (view === undefined) throw new Error('a row has no view')
      return view
    },

    async list(caller, { email, limit, cursor }) {
      const { workspaceId } = caller
      const index = email === undefined ? null : await indexOf(workspaceId, email)
      const rows = await caller.read((db) =>
        selectExemptions(db, workspaceId, { before: idOfCursor(cursor), index }, limit + 1),
      )
      const { data, nextCursor } = page(
        rows,
        limit,
        (row) => row,
        (row) => idCursor(row.id),
      )
      await deps.budget.spend(caller, data.length)
      return { data: await views(workspaceId, data), nextCursor }
    },

    async remove(caller, email) {
      const { workspaceId } = caller
      const index = await indexOf(workspaceId, email)
      await caller.act(async (db, about) => {
        const removed = await deleteExemption(db, workspaceId, index)
        if (removed === undefined) throw new Fault('not_found', { detail: 'This address is not exempt.' })
        about(encodeId('exemption', removed))
      })
    },
  }
}
