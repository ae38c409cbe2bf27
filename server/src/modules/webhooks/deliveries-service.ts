import type { z } from 'zod'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { open, seal, sealedKeyId } from '../../platform/sealing/index.ts'
import {
  insertTestDelivery,
  requeueDelivery,
  requeueFailed,
  selectDeliveries,
  selectDelivery,
  selectDeliveryBins,
  selectNewestDeliveries,
  selectNow,
} from './deliveries-store.ts'
import type { DeliveryRecord, DeliverySource } from './deliveries-store.ts'
import { nothingSent, outgoingOf } from './formats/formats.ts'
import { keyIdsOf, sourceOf } from './reading.ts'
import { answerPlace } from './sealed-places.ts'
import { AUDIT_EVENT, CHECK_EVENT, CONTAINMENT_EVENT, SECURITY_EVENT, TEST_EVENT } from './webhook.ts'
import type {
  ReplayedWebhooks,
  WebhookDelivery,
  WebhookDeliveryDetail,
  WebhookStatistics,
} from './webhook.ts'
import { selectWebhook } from './webhooks-store.ts'

type View = z.output<typeof WebhookDelivery>
type Detail = z.output<typeof WebhookDeliveryDetail>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'principal' | 'read' | 'act'>

export interface Deliveries {
  /** In the order of their commits, a feed on which a reader goes on; or the newest first, for people. */
  deliveries(
    caller: Caller,
    id: string,
    query: {
      readonly limit: number
      readonly cursor?: string | undefined
      readonly order: 'oldest' | 'newest'
      readonly state?: DeliveryRecord['state'] | undefined
      readonly type?: string | undefined
      readonly since?: string | undefined
    },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  /** With what is sent and what was answered, as far as the caller's scopes go. */
  delivery(caller: Caller, id: string, deliveryId: string): Promise<Detail>
  statistics(caller: Caller, id: string, period: '24h' | '7d'): Promise<z.output<typeof WebhookStatistics>>
  /** Throws `conflict` where the endpoint is disabled. */
  replay(caller: Caller, id: string, deliveryId: string): Promise<View>
  /** The oldest failed ones, at most `limit`; see requeueFailed. Throws `conflict` where the endpoint is disabled. */
  replayFailed(
    caller: Caller,
    id: string,
    request: { readonly limit: number; readonly until?: string | undefined },
  ): Promise<z.output<typeof ReplayedWebhooks>>
  /** Throws `conflict` where the endpoint is disabled. */
  test(caller: Caller, id: string): Promise<View>
}

const POSITION = /^(\d{1,19})\.(\d{1,15})$/
const LEFT_MAX = 10_000
const COUNTED_MAX = 100_000
const PERIODS = {
  '24h': { seconds: 24 * 3_600, binSeconds: 1_800 },
  '7d': { seconds: 7 * 24 * 3_600, binSeconds: 4 * 3_600 },
} as const

/** What became of deliveries, and sending them again: the part of the slice that is about no endpoint's settings. */
export function createDeliveries(deps: {
  readonly keyring: Pick<KeyringClient, 'contentKey' | 'openContentKeys'>
  readonly newId: () => string
}): Deliveries {
  async function opened(
    caller: Caller,
    row: DeliverySource,
  ): Promise<Pick<Detail, 'body' | 'bodyProblem' | 'answer'>> {
    const problem = whyNoBody(caller, row)
    // An answer may repeat what was sent: who may not see the one may not see the other.
    if (problem !== null) return { body: null, bodyProblem: problem, answer: null }
    const ids = [...keyIdsOf(row), ...(row.answer === null ? [] : [sealedKeyId(row.answer)])]
    const keys = await deps.keyring.openContentKeys(
      caller.workspaceId,
      [...new Set(ids)],
      'webhooks.delivery',
    )
    const body = outgoingOf(row.format, row.format_events, sourceOf(row, keys))?.body ?? null
    const hasAnswer = row.answer !== null && keys.get(sealedKeyId(row.answer)) !== undefined
    const answer = hasAnswer
      ? open(keys, answerPlace(row.workspace_id, row.id), row.answer).toString('utf8')
      : ''
    return {
      body,
      bodyProblem: body === null ? nothingSent(row.format) : null,
      answer: answer === '' ? null : answer,
    }
  }

  return {
    async deliveries(caller, id, query) {
      const filter = {
        state: query.state ?? null,
        type: query.type ?? null,
        since: query.since === undefined ? null : new Date(query.since),
      }
      const position = positionOf(query.cursor)
      const rows = await caller.read(async (db) => {
        if ((await selectWebhook(db, caller.workspaceId, id)) === undefined) throw missing('webhook', id)
        const rowsMax = query.limit + 1
        if (query.order === 'newest')
          return selectNewestDeliveries(db, caller.workspaceId, id, position, filter, rowsMax)
        const after = position ?? { xid: '0', sequence: 0 }
        return selectDeliveries(db, caller.workspaceId, id, after, filter, rowsMax)
      })
      return page(rows, query.limit, deliveryView, positionText)
    },

    async delivery(caller, id, deliveryId) {
      const row = await caller.read((db) => selectDelivery(db, caller.workspaceId, id, deliveryId))
      if (row === undefined) throw missing('delivery', deliveryId)
      return { ...deliveryView(row), ...(await opened(caller, row)) }
    },

    async statistics(caller, id, period) {
      const { seconds, binSeconds } = PERIODS[period]
      const { since, rows } = await caller.read(async (db) => {
        if ((await selectWebhook(db, caller.workspaceId, id)) === undefined) throw missing('webhook', id)
        const nowMs = (await selectNow(db)).getTime()
        const binMs = binSeconds * 1_000
        const begin = new Date(Math.floor(nowMs / binMs) * binMs - seconds * 1_000 + binMs)
        const request = { since: begin, binSeconds, rowsMax: COUNTED_MAX }
        return { since: begin, rows: await selectDeliveryBins(db, caller.workspaceId, id, request) }
      })
      const found = new Map(rows.map((row) => [row.at.getTime(), row]))
      const data = Array.from({ length: seconds / binSeconds }, (_, index) => {
        const at = since.getTime() + index * binSeconds * 1_000
        const { delivered = 0, failed = 0, pending = 0, median_ms: medianMs = null } = found.get(at) ?? {}
        return { at: new Date(at).toISOString(), delivered, failed, pending, medianMs }
      })
      const sum = (state: 'delivered' | 'failed' | 'pending'): number =>
        data.reduce((total, bin) => total + bin[state], 0)
      const totals = { delivered: sum('delivered'), failed: sum('failed'), pending: sum('pending') }
      return {
        since: since.toISOString(),
        binSeconds,
        isWhole: totals.delivered + totals.failed + totals.pending < COUNTED_MAX,
        ...totals,
        data,
      }
    },

    replay: (caller, id, deliveryId) =>
      caller.act(async (db, about) => {
        requireEnabled(await selectWebhook(db, caller.workspaceId, id), id)
        const row = await requeueDelivery(db, caller.workspaceId, id, deliveryId)
        if (row === undefined) throw missing('delivery', deliveryId)
        about(encodeId('webhook', id), { delivery: encodeId('delivery', deliveryId) })
        return deliveryView(row)
      }),

    replayFailed: (caller, id, { limit, until: asked }) =>
      caller.act(async (db, about) => {
        requireEnabled(await selectWebhook(db, caller.workspaceId, id), id)
        const until = asked === undefined ? await selectNow(db) : new Date(asked)
        const { taken, left } = await requeueFailed(db, caller.workspaceId, id, {
          until,
          limit,
          countMax: LEFT_MAX + limit,
        })
        about(encodeId('webhook', id), { failed: taken, until: until.toISOString() })
        return { replayed: taken, left, until: until.toISOString() }
      }),

    async test(caller, id) {
      const { workspaceId } = caller
      const delivery = await newTest(deps, workspaceId, TEST_EVENT)
      return caller.act(async (db, about) => {
        requireEnabled(await selectWebhook(db, workspaceId, id), id)
        const row = await insertTestDelivery(db, { ...delivery, endpointId: id })
        about(encodeId('webhook', id), { delivery: encodeId('delivery', row.id) })
        return deliveryView(row)
      })
    },
  }
}

/** A delivery of no event. Its empty answer is sealed with the key that the worker, which makes none, seals the endpoint's answer with. */
export async function newTest(
  deps: { readonly keyring: Pick<KeyringClient, 'contentKey'>; readonly newId: () => string },
  workspaceId: string,
  type: string,
): Promise<Omit<Parameters<typeof insertTestDelivery>[1], 'endpointId'>> {
  const id = deps.newId()
  const key = await deps.keyring.contentKey(workspaceId)
  const answer = seal(key, answerPlace(workspaceId, id), Buffer.alloc(0))
  return { workspaceId, eventId: deps.newId(), type, id, answer }
}

/** Why the caller gets no body; null where he does. Of what an event tells, nobody sees more here than at its own operation. */
function whyNoBody(caller: Caller, row: DeliverySource): string | null {
  const may = (scope: string): string | null =>
    caller.principal.scopes.includes(scope)
      ? null
      : `What is sent is shown to those who have the scope ${scope}.`
  if (row.type === TEST_EVENT || row.type === CHECK_EVENT) return null
  if (row.type === AUDIT_EVENT)
    return may('audit:read') ?? (row.detail === null ? 'This record was erased from the audit log.' : null)
  if (row.type === CONTAINMENT_EVENT)
    return 'The body holds the containment as it is when it is sent; see the containments.'
  if (row.type === SECURITY_EVENT) return 'See the alerts.'
  return may('messages:read')
}

function requireEnabled(
  row: { readonly state: string; readonly disabled_reason: string | null } | undefined,
  id: string,
): void {
  if (row === undefined) throw missing('webhook', id)
  if (row.state === 'disabled') {
    throw new Fault('conflict', {
      detail: `The endpoint is disabled (${row.disabled_reason ?? 'no reason was kept'}). Enable it first: PATCH it with {"state": "enabled"}.`,
    })
  }
}

function positionOf(cursor: string | undefined): { readonly xid: string; readonly sequence: number } | null {
  if (cursor === undefined) return null
  const match = POSITION.exec(cursor)
  if (match?.[1] === undefined || match[2] === undefined) {
    throw invalidField(
      'cursor',
      'is not a cursor of this list',
      'Give nextCursor of the page before, or the cursor of a delivery.',
    )
  }
  return { xid: match[1], sequence: Number(match[2]) }
}

function positionText(row: DeliveryRecord): string {
  return `${row.xid}.${row.sequence}`
}

function deliveryView(row: DeliveryRecord): View {
  return {
    id: encodeId('delivery', row.id),
    cursor: positionText(row),
    sequence: row.sequence,
    eventId: encodeId('event', row.event_id),
    type: row.type,
    messageId: row.message_id === null ? null : encodeId('message', row.message_id),
    recipient: row.number,
    state: row.state,
    attempts: row.attempts,
    nextAttemptAt: row.state === 'pending' ? row.due.toISOString() : null,
    lastStatus: row.last_status,
    lastError: row.last_error,
    durationMs: row.last_ms,
    createdAt: row.created_at.toISOString(),
    settledAt: row.settled_at?.toISOString() ?? null,
  }
}
