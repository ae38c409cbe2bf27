import type { z } from 'zod'
import { Fault } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import type { ReadingBudget } from '../../security/limits/index.ts'
import { deleteLeaver, insertLeavers, selectLeavers, selectLeft, type LeaverRecord } from './leavers-store.ts'
import { leaverPlace } from './topic-address.ts'
import { leaverAddress, type TopicSuppression } from './topic.ts'
import { found } from './topics-service.ts'

type View = z.output<typeof TopicSuppression>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'actor' | 'read' | 'act'>

export interface TopicSuppressions {
  /** Who has left a topic before stays as he was; answers how many are new. */
  add(caller: Caller, topic: string, emails: readonly string[]): Promise<{ added: number; emails: string[] }>
  list(
    caller: Caller,
    query: {
      readonly topic?: string | undefined
      readonly email?: string | undefined
      readonly since?: string | undefined
      readonly limit: number
      readonly cursor?: string | undefined
    },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  /** Which of these have left the topic. */
  search(caller: Caller, topic: string, emails: readonly string[]): Promise<{ emails: string[] }>
  remove(caller: Caller, topic: string, email: string): Promise<void>
}

/** Who has left which topic: see the slice's door for what holds. */
export function createTopicSuppressions(deps: {
  readonly keyring: Pick<KeyringClient, 'blindAddresses' | 'contentKey' | 'openContentKeys'>
  readonly budget: ReadingBudget
  readonly newId: () => string
}): TopicSuppressions {
  /** Each address once, with its index. */
  async function indexed(workspaceId: string, emails: readonly string[]) {
    const addresses = new Map<string, string>()
    emails.forEach((text, position) => {
      const { indexed: key, email } = leaverAddress(`emails[${position}]`, text)
      if (!addresses.has(key)) addresses.set(key, email)
    })
    const blinds = await deps.keyring.blindAddresses(workspaceId, [...addresses.keys()])
    return [...addresses.values()].map((email, position) => {
      const blind = blinds[position]
      if (blind === undefined) throw new Error('the keyring answered fewer indexes than addresses')
      return { email, index: blind.index }
    })
  }

  async function views(workspaceId: string, rows: readonly LeaverRecord[]): Promise<View[]> {
    if (rows.length === 0) return []
    const keyIds = [...new Set(rows.map((row) => sealedKeyId(row.address)))]
    const keys = await deps.keyring.openContentKeys(workspaceId, keyIds, 'topicSuppressions.list')
    return rows.map((row) => ({
      email:
        keys.get(sealedKeyId(row.address)) === undefined
          ? null
          : open(keys, leaverPlace(workspaceId, row.id), row.address).toString(),
      topicId: encodeId('topic', row.topic_id),
      topicNumber: row.topic_number,
      topicName: row.topic_name,
      via: row.via,
      messageId: row.message_id === null ? null : encodeId('message', row.message_id),
      createdAt: row.created_at.toISOString(),
    }))
  }

  return {
    async add(caller, topic, emails) {
      const { workspaceId } = caller
      const [wanted, key] = await Promise.all([
        indexed(workspaceId, emails),
        deps.keyring.contentKey(workspaceId),
      ])
      const leavers = wanted.map(({ email, index }) => {
        const id = deps.newId()
        return { id, index, address: seal(key, leaverPlace(workspaceId, id), Buffer.from(email)) }
      })
      const added = await caller.act(async (db, about) => {
        const { id } = await found(db, workspaceId, topic)
        const count = await insertLeavers(db, workspaceId, id, leavers)
        about(encodeId('topic', id), { added: count })
        return count
      })
      return { added, emails: wanted.map(({ email }) => email) }
    },

    async list(caller, query) {
      const { workspaceId } = caller
      const [index] =
        query.email === undefined
          ? [null]
          : (await indexed(workspaceId, [query.email])).map((one) => one.index)
      const rows = await caller.read(async (db) => {
        const topicId = query.topic === undefined ? null : (await found(db, workspaceId, query.topic)).id
        const filter = {
          topicId,
          index: index ?? null,
          since: query.since === undefined ? null : new Date(query.since),
          before: idOfCursor(query.cursor),
        }
        return selectLeavers(db, workspaceId, filter, query.limit + 1)
      })
      const { data, nextCursor } = page(
        rows,
        query.limit,
        (row) => row,
        (row) => idCursor(row.id),
      )
      await deps.budget.spend(caller, data.length)
      return { data: await views(workspaceId, data), nextCursor }
    },

    async search(caller, topic, emails) {
      const { workspaceId } = caller
      const wanted = await indexed(workspaceId, emails)
      const left = await caller.read(async (db) => {
        const { id } = await found(db, workspaceId, topic)
        return selectLeft(
          db,
          workspaceId,
          id,
          wanted.map(({ index }) => index),
        )
      })
      const known = new Set(left.map((index) => index.toString('hex')))
      return {
        emails: wanted.filter(({ index }) => known.has(index.toString('hex'))).map(({ email }) => email),
      }
    },

    async remove(caller, topic, email) {
      const { workspaceId } = caller
      const [one] = await indexed(workspaceId, [email])
      await caller.act(async (db, about) => {
        const { id } = await found(db, workspaceId, topic)
        if (one === undefined || !(await deleteLeaver(db, workspaceId, id, one.index)))
          throw new Fault('not_found', { detail: 'This address has not left the topic.' })
        about(encodeId('topic', id))
      })
    },
  }
}
