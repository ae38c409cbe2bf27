import type { z } from 'zod'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { newWebhookSecret } from './signature.ts'
import { TEST_EVENT, endpointUrl } from './webhook.ts'
import type { Webhook, WebhookDelivery, WebhookWithSecret } from './webhook.ts'
import {
  countWebhooks,
  deleteWebhookRow,
  insertTestDelivery,
  insertWebhook,
  replaceSecret,
  requeueDelivery,
  selectDeliveries,
  selectWebhook,
  selectWebhooks,
  updateWebhookRow,
} from './webhooks-store.ts'
import type { DeliveryRecord, WebhookRecord } from './webhooks-store.ts'

type View = z.output<typeof Webhook>
type ViewWithSecret = z.output<typeof WebhookWithSecret>
type DeliveryView = z.output<typeof WebhookDelivery>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'read' | 'act'>

export interface Webhooks {
  create(
    caller: Caller,
    wanted: {
      readonly url: string
      readonly description?: string | undefined
      readonly eventTypes: readonly string[]
    },
  ): Promise<ViewWithSecret>
  list(
    caller: Caller,
    query: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ data: View[]; nextCursor: string | null }>
  get(caller: Caller, id: string): Promise<View>
  update(
    caller: Caller,
    id: string,
    change: {
      readonly url?: string | undefined
      readonly description?: string | undefined
      readonly eventTypes?: readonly string[] | undefined
      readonly state?: 'enabled' | 'disabled' | undefined
    },
  ): Promise<View>
  remove(caller: Caller, id: string): Promise<void>
  /** The old secret signs as well for 24 hours. */
  rotateSecret(caller: Caller, id: string): Promise<ViewWithSecret>
  deliveries(
    caller: Caller,
    id: string,
    query: {
      readonly limit: number
      readonly cursor?: string | undefined
      readonly state?: DeliveryRecord['state'] | undefined
    },
  ): Promise<{ data: DeliveryView[]; nextCursor: string | null }>
  /** Throws `conflict` where the endpoint is disabled. */
  replay(caller: Caller, id: string, deliveryId: string): Promise<DeliveryView>
  /** Throws `conflict` where the endpoint is disabled. */
  test(caller: Caller, id: string): Promise<DeliveryView>
}

const ENDPOINTS_MAX = 50
const OVERLAP_SECONDS = 24 * 3600
const POSITION = /^(\d{1,19})\.(\d{1,15})$/

/** Where an endpoint's secrets are sealed; both live in one row, so a rotation moves the old one without opening it. */
export function secretContext(endpointId: string): string {
  return `webhook_endpoint.secret/${endpointId}`
}

/** Webhook endpoints: see the slice's door for what holds. */
export function createWebhooks(deps: {
  readonly keyring: Pick<KeyringClient, 'sealSecret'>
  readonly newId: () => string
  readonly allowPrivateTargets: boolean
}): Webhooks {
  async function freshSecret(workspaceId: string, endpointId: string) {
    const secret = newWebhookSecret()
    const plain = Buffer.from(secret.reveal())
    const sealed = await deps.keyring.sealSecret(workspaceId, 'webhook', secretContext(endpointId), plain)
    return { secret, sealed }
  }

  return {
    async create(caller, wanted) {
      const url = endpointUrl(wanted.url, deps.allowPrivateTargets)
      const id = deps.newId()
      const { secret, sealed } = await freshSecret(caller.workspaceId, id)
      return caller.act(async (db, about) => {
        if ((await countWebhooks(db, caller.workspaceId)) >= ENDPOINTS_MAX) {
          throw new Fault('conflict', {
            detail: `A workspace has at most ${ENDPOINTS_MAX} webhook endpoints.`,
          })
        }
        const row = await insertWebhook(db, {
          id,
          workspaceId: caller.workspaceId,
          url,
          description: wanted.description ?? null,
          eventTypes: wanted.eventTypes,
          secret: sealed,
        })
        about(encodeId('webhook', id), { host: new URL(url).host })
        return { ...view(row), secret: secret.reveal() }
      })
    },

    async list(caller, { limit, cursor }) {
      const before = idOfCursor(cursor)
      const rows = await caller.read((db) => selectWebhooks(db, caller.workspaceId, before, limit + 1))
      return page(rows, limit, view, (row) => idCursor(row.id))
    },

    async get(caller, id) {
      const row = await caller.read((db) => selectWebhook(db, caller.workspaceId, id))
      if (row === undefined) throw missing('webhook', id)
      return view(row)
    },

    update(caller, id, change) {
      const url = change.url === undefined ? null : endpointUrl(change.url, deps.allowPrivateTargets)
      return caller.act(async (db, about) => {
        const row = await updateWebhookRow(db, caller.workspaceId, id, {
          url,
          description: change.description ?? null,
          eventTypes: change.eventTypes ?? null,
          state: change.state ?? null,
        })
        if (row === undefined) throw missing('webhook', id)
        about(encodeId('webhook', id), {
          changed: Object.keys(change).filter((key) => key !== 'webhookId'),
          state: row.state,
        })
        return view(row)
      })
    },

    remove: (caller, id) =>
      caller.act(async (db, about) => {
        if (!(await deleteWebhookRow(db, caller.workspaceId, id))) throw missing('webhook', id)
        about(encodeId('webhook', id))
      }),

    async rotateSecret(caller, id) {
      const { secret, sealed } = await freshSecret(caller.workspaceId, id)
      return caller.act(async (db, about) => {
        const row = await replaceSecret(db, caller.workspaceId, id, sealed, OVERLAP_SECONDS)
        if (row === undefined) throw missing('webhook', id)
        about(encodeId('webhook', id))
        return { ...view(row), secret: secret.reveal() }
      })
    },

    async deliveries(caller, id, query) {
      const after = positionOf(query.cursor)
      const rows = await caller.read(async (db) => {
        if ((await selectWebhook(db, caller.workspaceId, id)) === undefined) throw missing('webhook', id)
        return selectDeliveries(db, caller.workspaceId, id, after, query.state ?? null, query.limit + 1)
      })
      return page(rows, query.limit, deliveryView, positionText)
    },

    replay: (caller, id, deliveryId) =>
      caller.act(async (db, about) => {
        requireEnabled(await selectWebhook(db, caller.workspaceId, id), id)
        const row = await requeueDelivery(db, caller.workspaceId, id, deliveryId)
        if (row === undefined) throw missing('delivery', deliveryId)
        about(encodeId('webhook', id), { delivery: encodeId('delivery', deliveryId) })
        return deliveryView(row)
      }),

    test: (caller, id) =>
      caller.act(async (db, about) => {
        requireEnabled(await selectWebhook(db, caller.workspaceId, id), id)
        const row = await insertTestDelivery(db, {
          workspaceId: caller.workspaceId,
          endpointId: id,
          eventId: deps.newId(),
          type: TEST_EVENT,
        })
        about(encodeId('webhook', id), { delivery: encodeId('delivery', row.id) })
        return deliveryView(row)
      }),
  }
}

function requireEnabled(row: WebhookRecord | undefined, id: string): void {
  if (row === undefined) throw missing('webhook', id)
  if (row.state === 'disabled') {
    throw new Fault('conflict', {
      detail: `The endpoint is disabled (${row.disabled_reason ?? 'no reason was kept'}). Enable it first: PATCH it with {"state": "enabled"}.`,
    })
  }
}

function positionOf(cursor: string | undefined): { readonly xid: string; readonly sequence: number } {
  if (cursor === undefined) return { xid: '0', sequence: 0 }
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

function view(row: WebhookRecord): View {
  return {
    id: encodeId('webhook', row.id),
    url: row.url,
    description: row.description,
    eventTypes: row.event_types,
    state: row.state,
    disabledReason: row.disabled_reason,
    failingSince: row.failing_since?.toISOString() ?? null,
    previousSecretExpiresAt: row.previous_secret_expires_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    inertUntil: row.inert_until?.toISOString() ?? null,
  }
}

function deliveryView(row: DeliveryRecord): DeliveryView {
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
    createdAt: row.created_at.toISOString(),
    settledAt: row.settled_at?.toISOString() ?? null,
  }
}
