import type { z } from 'zod'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { decodeId, encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import type { TenantDatabase } from '../../platform/postgres/tenant.ts'
import { leaverAddress, TOPICS_MAX, type Topic, type TopicOfAddress } from './topic.ts'
import {
  clearDefault,
  deleteTopicRow,
  hasName,
  insertTopic,
  lockTopics,
  selectTopic,
  selectTopics,
  selectTopicsOf,
  updateTopicRow,
  type TopicRecord,
} from './topics-store.ts'

type View = z.output<typeof Topic>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read' | 'act'>

export interface Topics {
  create(
    caller: Caller,
    wanted: {
      readonly name: string
      readonly description?: string | undefined
      readonly isDefault?: boolean | undefined
    },
  ): Promise<View>
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  /** `which`: its id, top_…, or its number. */
  get(caller: Caller, which: string): Promise<View>
  update(
    caller: Caller,
    which: string,
    change: {
      readonly name?: string | undefined
      readonly description?: string | undefined
      readonly isDefault?: boolean | undefined
    },
  ): Promise<View>
  remove(caller: Caller, which: string): Promise<void>
  ofAddress(caller: Caller, email: string): Promise<{ data: z.output<typeof TopicOfAddress>[] }>
}

/** Topics: see the slice's door for what holds. */
export function createTopics(deps: {
  readonly keyring: Pick<KeyringClient, 'blindAddresses'>
  readonly newId: () => string
}): Topics {
  return {
    create: (caller, wanted) =>
      caller.act(async (db, about) => {
        const { workspaceId, actor } = caller
        const { next, living } = await lockTopics(db, workspaceId)
        if (living >= TOPICS_MAX)
          throw new Fault('conflict', { detail: `A workspace has at most ${TOPICS_MAX} topics.` })
        const id = deps.newId()
        const isDefault = wanted.isDefault ?? false
        if (isDefault) await clearDefault(db, workspaceId)
        const { name, description = '' } = wanted
        if (!(await insertTopic(db, { workspaceId, id, number: next, name, description, isDefault, actor })))
          throw nameTaken()
        about(encodeId('topic', id), { name, number: next, isDefault })
        return viewOf(await found(db, workspaceId, encodeId('topic', id)))
      }),

    async list(caller, { limit, cursor }) {
      const after = idOfCursor(cursor)
      const rows = await caller.read((db) => selectTopics(db, caller.workspaceId, after, limit + 1))
      return page(rows, limit, viewOf, (row) => idCursor(row.id))
    },

    get: async (caller, which) => viewOf(await caller.read((db) => found(db, caller.workspaceId, which))),

    update: (caller, which, change) =>
      caller.act(async (db, about) => {
        const { workspaceId } = caller
        if (Object.values(change).every((value) => value === undefined))
          throw invalidField('', 'nothing is to be changed', 'Give name, description or isDefault.')
        await lockTopics(db, workspaceId)
        const before = await found(db, workspaceId, which)
        const wanted = {
          name: change.name ?? before.name,
          description: change.description ?? before.description,
          isDefault: change.isDefault ?? before.is_default,
        }
        if (await hasName(db, workspaceId, wanted.name, before.id)) throw nameTaken()
        if (wanted.isDefault && !before.is_default) await clearDefault(db, workspaceId)
        await updateTopicRow(db, workspaceId, before.id, wanted)
        const name = encodeId('topic', before.id)
        about(name, { name: wanted.name, isDefault: wanted.isDefault })
        return viewOf(await found(db, workspaceId, name))
      }),

    remove: (caller, which) =>
      caller.act(async (db, about) => {
        const topic = await found(db, caller.workspaceId, which)
        if (!(await deleteTopicRow(db, caller.workspaceId, topic.id))) throw missing('topic', topic.id)
        about(encodeId('topic', topic.id), { name: topic.name, left: topic.left_count })
      }),

    async ofAddress(caller, email) {
      const { indexed } = leaverAddress('email', email)
      const [blind] = await deps.keyring.blindAddresses(caller.workspaceId, [indexed])
      if (blind === undefined) throw new Error('the keyring answered no index for an address')
      const rows = await caller.read((db) => selectTopicsOf(db, caller.workspaceId, blind.index, TOPICS_MAX))
      return {
        data: rows.map((row) => ({
          id: encodeId('topic', row.id),
          number: row.number,
          name: row.name,
          description: row.description,
          isDefault: row.is_default,
          leftAt: row.left_at?.toISOString() ?? null,
        })),
      }
    },
  }
}

/** A living topic by its id or its number; `not_found` for everything else. */
export async function found(db: TenantDatabase, workspaceId: string, which: string): Promise<TopicRecord> {
  const id = decodeId('topic', which)
  const number = /^[1-9]\d{0,8}$/.test(which) ? Number(which) : null
  const key = id === null ? (number === null ? null : { number }) : { id }
  const row = key === null ? undefined : await selectTopic(db, workspaceId, key)
  if (row === undefined)
    throw new Fault('not_found', { detail: `There is no topic ${which.slice(0, 40)} in this workspace.` })
  return row
}

function nameTaken(): Fault {
  return new Fault('conflict', { detail: 'This workspace has a topic of that name already.' })
}

function viewOf(row: TopicRecord): View {
  return {
    id: encodeId('topic', row.id),
    number: row.number,
    name: row.name,
    description: row.description,
    isDefault: row.is_default,
    left: row.left_count,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}
