import type { z } from 'zod'
import { Fault, sentence } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import { errorCode } from '../../platform/postgres/index.ts'
import { BATCH_DAYS, type Batch, type BatchState } from './batch.ts'
import { insertBatch, selectBatch, selectStopped, setBatchState, type BatchRecord } from './batches-store.ts'

type View = z.output<typeof Batch>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read' | 'act'>

export interface Batches {
  create(caller: Caller): Promise<View>
  get(caller: Caller, id: string): Promise<View>
  /** Those that are paused or cancelled, newest first. */
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  update(caller: Caller, id: string, state: BatchState): Promise<View>
}

/** Batches: see the slice's door for what holds. */
export function createBatches(deps: { readonly newId: () => string }): Batches {
  return {
    create: (caller) =>
      caller.act(async (db, about) => {
        const made = await insertBatch(db, caller.workspaceId, deps.newId(), caller.actor)
        if (made === undefined) throw new Error('a batch was not written')
        about(encodeId('batch', made.id))
        return viewOf(made)
      }),

    async get(caller, id) {
      const row = await caller.read((db) => selectBatch(db, caller.workspaceId, id))
      if (row === undefined) throw missing('batch', id)
      return viewOf(row)
    },

    async list(caller, { limit, cursor }) {
      const before = idOfCursor(cursor)
      const rows = await caller.read((db) => selectStopped(db, caller.workspaceId, before, limit + 1))
      return page(rows, limit, viewOf, (row) => idCursor(row.id))
    },

    update: (caller, id, state) =>
      caller.act(async (db, about) => {
        const { workspaceId, actor } = caller
        const name = encodeId('batch', id)
        await setBatchState(db, { workspaceId, id, tag: `batch:${name}`, name, state, actor }).catch(
          (error: unknown) => {
            if (errorCode(error) === 'BH404') throw missing('batch', id)
            if (errorCode(error) === 'BH409' && error instanceof Error)
              throw new Fault('conflict', { detail: sentence(error.message), cause: error })
            throw error
          },
        )
        about(name, { state })
        const row = await selectBatch(db, workspaceId, id)
        if (row === undefined) throw missing('batch', id)
        return viewOf(row)
      }),
  }
}

function viewOf(row: BatchRecord): View {
  return {
    id: encodeId('batch', row.id),
    state: row.state,
    takesMessagesUntil: new Date(row.created_at.getTime() + BATCH_DAYS * 86_400_000).toISOString(),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}
