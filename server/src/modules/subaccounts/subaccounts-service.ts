import type { z } from 'zod'
import { Fault, invalidField, sentence } from '../../kernel/faults.ts'
import { decodeId, encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { errorCode } from '../../platform/postgres/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import { notePlace, type Subaccount, type SubaccountState } from './subaccount.ts'
import {
  deleteSubaccountRow,
  insertSubaccount,
  selectSubaccount,
  selectSubaccounts,
  setSubaccountStop,
  updateSubaccountRow,
  type SubaccountRecord,
} from './subaccounts-store.ts'

type View = z.output<typeof Subaccount>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read' | 'act'>

export interface Subaccounts {
  create(
    caller: Caller,
    wanted: {
      readonly name: string
      readonly title?: string | undefined
      readonly note?: string | undefined
      readonly hourlyQuota?: number | undefined
    },
  ): Promise<View>
  list(
    caller: Caller,
    query: {
      readonly begins?: string | undefined
      readonly limit: number
      readonly cursor?: string | undefined
    },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  /** `which`: its id, sba_…, or its name. */
  get(caller: Caller, which: string): Promise<View>
  /** What is undefined stays as it is. */
  update(
    caller: Caller,
    which: string,
    change: {
      readonly title?: string | undefined
      readonly note?: string | null | undefined
      readonly hourlyQuota?: number | null | undefined
      readonly state?: SubaccountState | undefined
    },
  ): Promise<View>
  remove(caller: Caller, which: string): Promise<void>
}

/** Subaccounts: see the slice's door for what holds. */
export function createSubaccounts(deps: {
  readonly keyring: Pick<KeyringClient, 'contentKey' | 'openContentKeys'>
  readonly newId: () => string
}): Subaccounts {
  const sealedNote = async (workspaceId: string, id: string, note: string): Promise<Buffer> =>
    seal(await deps.keyring.contentKey(workspaceId), notePlace(workspaceId, id), Buffer.from(note))

  async function views(
    workspaceId: string,
    rows: readonly SubaccountRecord[],
    reason: string,
  ): Promise<View[]> {
    const keyIds = rows.flatMap(({ sealed_note: note }) => (note === null ? [] : [sealedKeyId(note)]))
    const keys =
      keyIds.length === 0
        ? null
        : await deps.keyring.openContentKeys(workspaceId, [...new Set(keyIds)], reason)
    return rows.map((row) => {
      const { sealed_note: note } = row
      const isReadable = note !== null && keys !== null && keys.get(sealedKeyId(note)) !== undefined
      return viewOf(row, isReadable ? open(keys, notePlace(workspaceId, row.id), note).toString() : null)
    })
  }

  async function one(workspaceId: string, row: SubaccountRecord, reason: string): Promise<View> {
    const [view] = await views(workspaceId, [row], reason)
    if (view === undefined) throw new Error('a row has no view')
    return view
  }

  return {
    async create(caller, wanted) {
      const { workspaceId, actor } = caller
      const id = deps.newId()
      const note = wanted.note === undefined ? null : await sealedNote(workspaceId, id, wanted.note)
      const row = await caller.act(async (db, about) => {
        const made = await insertSubaccount(db, {
          workspaceId,
          id,
          name: wanted.name,
          title: wanted.title ?? '',
          note,
          hourlyQuota: wanted.hourlyQuota ?? null,
          actor,
        })
        if (!made)
          throw new Fault('conflict', { detail: 'This workspace has a subaccount of that name already.' })
        about(encodeId('subaccount', id), { name: wanted.name })
        return found(db, workspaceId, encodeId('subaccount', id))
      })
      return one(workspaceId, row, 'subaccounts.create')
    },

    async list(caller, { begins, limit, cursor }) {
      const filter = { begins: begins ?? null, after: idOfCursor(cursor) }
      const rows = await caller.read((db) => selectSubaccounts(db, caller.workspaceId, filter, limit + 1))
      const { data, nextCursor } = page(
        rows,
        limit,
        (row) => row,
        (row) => idCursor(row.id),
      )
      return { data: await views(caller.workspaceId, data, 'subaccounts.list'), nextCursor }
    },

    async get(caller, which) {
      const row = await caller.read((db) => found(db, caller.workspaceId, which))
      return one(caller.workspaceId, row, 'subaccounts.get')
    },

    async update(caller, which, change) {
      const { workspaceId, actor } = caller
      if (Object.values(change).every((value) => value === undefined))
        throw invalidField('', 'nothing is to be changed', 'Give title, note, hourlyQuota or state.')
      const id = await idOfName(caller, which)
      const note =
        typeof change.note === 'string' ? await sealedNote(workspaceId, id, change.note) : change.note
      const row = await caller.act(async (db, about) => {
        const name = encodeId('subaccount', id)
        const before = await found(db, workspaceId, name, true)
        const state = change.state ?? before.state
        await updateSubaccountRow(db, workspaceId, id, {
          title: change.title ?? before.title,
          note: note === undefined ? before.sealed_note : note,
          hourlyQuota: change.hourlyQuota === undefined ? before.hourly_quota : change.hourlyQuota,
          state,
        })
        if (state !== before.state) {
          const tag = `subaccount:${name}`
          await setSubaccountStop(db, { workspaceId, id, tag, name: before.name, state, actor }).catch(
            (error: unknown) => {
              if (errorCode(error) === 'BH409' && error instanceof Error)
                throw new Fault('conflict', { detail: sentence(error.message), cause: error })
              throw error
            },
          )
        }
        about(name, {
          state,
          ...(change.hourlyQuota === undefined ? {} : { hourlyQuota: change.hourlyQuota }),
        })
        return found(db, workspaceId, name)
      })
      return one(workspaceId, row, 'subaccounts.update')
    },

    async remove(caller, which) {
      const id = await idOfName(caller, which)
      await caller.act(async (db, about) => {
        const name = encodeId('subaccount', id)
        const row = await found(db, caller.workspaceId, name, true)
        if (row.state === 'paused')
          throw new Fault('conflict', {
            detail:
              'The subaccount is paused, and its mail waits for it. Make it active first, or cancel the mail.',
          })
        await deleteSubaccountRow(db, caller.workspaceId, id)
        about(name, { name: row.name })
      })
    },
  }
}

async function idOfName(caller: Caller, which: string): Promise<string> {
  return (await caller.read((db) => found(db, caller.workspaceId, which))).id
}

async function found(
  db: TenantDatabase,
  workspaceId: string,
  which: string,
  lock = false,
): Promise<SubaccountRecord> {
  const id = decodeId('subaccount', which)
  const row =
    (id === null ? undefined : await selectSubaccount(db, workspaceId, { id }, lock)) ??
    (await selectSubaccount(db, workspaceId, { name: which }, lock))
  if (row === undefined)
    throw new Fault('not_found', {
      detail: `There is no subaccount ${which.slice(0, 40)} in this workspace.`,
    })
  return row
}

function viewOf(row: SubaccountRecord, note: string | null): View {
  return {
    id: encodeId('subaccount', row.id),
    name: row.name,
    title: row.title,
    note,
    state: row.state,
    hourlyQuota: row.hourly_quota,
    sent: {
      hour: Number(row.hour),
      week: Number(row.week),
      month: Number(row.month),
      total: Number(row.total),
    },
    createdAt: row.created_at.toISOString(),
    firstSentAt: row.first_at?.toISOString() ?? null,
    updatedAt: row.updated_at.toISOString(),
  }
}
