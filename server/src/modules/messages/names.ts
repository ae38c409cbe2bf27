import { invalidField } from '../../kernel/faults.ts'
import { decodeId } from '../../kernel/ids.ts'
import { createKeptReads } from '../../kernel/kept-reads.ts'
import type { Pool } from '../../platform/postgres/index.ts'
import { findNames, type FoundNames } from './accept-store.ts'
import {
  batchTag,
  subaccountTag,
  topicTag,
  type MessageSummary,
  type PreparedMessage,
  type Subaccount,
  type SuppressedBy,
} from './message.ts'

/** What a message names beside its content. */
export interface NamesRequest {
  readonly topic?: string | undefined
  readonly batch?: string | undefined
  readonly subaccount?: string | undefined
  readonly bypass?: readonly SuppressedBy[] | undefined
}

/** The same, looked up in its workspace. */
export interface Names {
  /** UUID. */
  readonly topicId?: string
  /** UUID. */
  readonly batchId?: string
  readonly subaccount?: Subaccount & { readonly name: string }
  readonly bypass?: readonly SuppressedBy[]
}

export type NamesOf = (workspaceId: string, request: NamesRequest) => Promise<Names>

const KEPT_MS = 1_000
const KEPT_MAX = 10_000
const DEFAULT_TOPIC = 'default'
const BATCH_DAYS = 10

/** Looks up what messages name; what is unknown is refused. A message that names nothing costs nothing, and many that name the same one look-up. */
export function createNames(deps: { readonly pool: Pool; readonly now: () => number }): NamesOf {
  const kept = createKeptReads<Names>({ keptMs: KEPT_MS, keptMax: KEPT_MAX, nowMs: deps.now })

  return async (workspaceId, { topic, batch, subaccount, bypass }) => {
    const bypassed = bypass === undefined || bypass.length === 0 ? {} : { bypass: [...new Set(bypass)] }
    if (topic === undefined && batch === undefined && subaccount === undefined) return bypassed
    const key = JSON.stringify([workspaceId, topic, batch, subaccount])
    const names = await kept.of(key, async () => {
      const found = await findNames(deps.pool, workspaceId, {
        topicId: topic === undefined ? null : decodeId('topic', topic),
        topicNumber: topicNumber(topic),
        batchId: batch === undefined ? null : decodeId('batch', batch),
        subaccount: subaccount ?? null,
      })
      return namesOf({ topic, batch, subaccount }, found)
    })
    return { ...names, ...bypassed }
  }
}

function topicNumber(topic: string | undefined): number | null {
  if (topic === DEFAULT_TOPIC) return 0
  return topic !== undefined && /^[1-9]\d{0,8}$/.test(topic) ? Number(topic) : null
}

function namesOf({ topic, batch, subaccount }: NamesRequest, found: FoundNames): Names {
  if (topic !== undefined && found.topicId === null)
    throw invalidField(
      'topic',
      topic === DEFAULT_TOPIC ? 'this workspace has no default topic' : 'names no topic of this workspace',
      'List them: bulkhead topics list.',
    )
  if (batch !== undefined && found.batchId === null)
    throw invalidField('batch', 'names no batch of this workspace', 'Make one: bulkhead batches create.')
  if (batch !== undefined && !found.isBatchFresh)
    throw invalidField(
      'batch',
      `is more than ${BATCH_DAYS} days old, and takes no new messages`,
      'Make a new one: bulkhead batches create.',
    )
  if (subaccount !== undefined && found.subaccount === null)
    throw invalidField(
      'subaccount',
      `there is no subaccount ${JSON.stringify(subaccount)} in this workspace`,
      'Make it first: bulkhead subaccounts create.',
    )
  return {
    ...(found.topicId === null ? {} : { topicId: found.topicId }),
    ...(found.batchId === null ? {} : { batchId: found.batchId }),
    ...(found.subaccount === null || subaccount === undefined
      ? {}
      : { subaccount: { ...found.subaccount, name: subaccount } }),
  }
}

/** What the sealed summary keeps of it. */
export function summaryOfNames({
  topicId,
  batchId,
  subaccount,
  bypass,
}: Names): Pick<MessageSummary, 'topic' | 'batch' | 'subaccount' | 'bypass'> {
  return {
    ...(topicId === undefined ? {} : { topic: topicId }),
    ...(batchId === undefined ? {} : { batch: batchId }),
    ...(subaccount === undefined ? {} : { subaccount: { id: subaccount.id, name: subaccount.name } }),
    ...(bypass === undefined ? {} : { bypass }),
  }
}

/** By what it is found and stopped. */
export function tagsOfNames({ topicId, batchId, subaccount }: Names): string[] {
  return [
    ...(topicId === undefined ? [] : [topicTag(topicId)]),
    ...(batchId === undefined ? [] : [batchTag(batchId)]),
    ...(subaccount === undefined ? [] : [subaccountTag(subaccount.id)]),
  ]
}

/** What acceptance enforces. */
export function actingNames({
  topicId,
  bypass,
  subaccount,
}: Names): Pick<PreparedMessage, 'topicId' | 'bypass' | 'subaccount'> {
  return { topicId, bypass, subaccount }
}

/** Nobody leaves the resets of his password. */
export function refuseTopicOfSensitive(names: Names, sensitive: boolean): void {
  if (sensitive && names.topicId !== undefined)
    throw invalidField('topic', 'a sensitive message belongs to no topic', 'Leave topic out.')
}
