import type { z } from 'zod'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { encodeId } from '../../kernel/ids.ts'
import { idCursor, idOfCursor, missing, page } from '../../platform/http/listing.ts'
import type { OperationContext } from '../../platform/http/operation.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { createDeliveries, newTest } from './deliveries-service.ts'
import type { Deliveries } from './deliveries-service.ts'
import { insertTestDelivery } from './deliveries-store.ts'
import { secretContext } from './sealed-places.ts'
import { haveSameSecrets, newSigningSecret, overlaps, SIGNATURES } from './signing.ts'
import { toldAfter, toldIn } from './told.ts'
import { CHECK_EVENT, endpointUrl } from './webhook.ts'
import type { Webhook, WebhookFormat, WebhookVerification, WebhookWithSecret } from './webhook.ts'
import {
  countWebhooks,
  deleteWebhookRow,
  insertWebhook,
  lockWebhook,
  replaceSecret,
  selectWebhook,
  selectWebhooks,
  updateWebhookRow,
} from './webhooks-store.ts'
import type { WebhookRecord } from './webhooks-store.ts'

type View = z.output<typeof Webhook>
type ViewWithSecret = z.output<typeof WebhookWithSecret>
type Caller = Pick<OperationContext<unknown>, 'workspaceId' | 'read' | 'act'>

export interface Webhooks extends Deliveries {
  create(
    caller: Caller,
    wanted: {
      readonly url: string
      readonly description?: string | undefined
      readonly eventTypes: readonly string[]
      readonly format?: WebhookFormat | undefined
      readonly formatEvents?: readonly string[] | undefined
      readonly signing?: boolean | undefined
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
      readonly format?: WebhookFormat | undefined
      readonly formatEvents?: readonly string[] | undefined
      readonly signing?: boolean | undefined
      readonly state?: 'enabled' | 'disabled' | undefined
    },
  ): Promise<View>
  remove(caller: Caller, id: string): Promise<void>
  /** The old secret signs as well for 24 hours, where the format has room for two signatures; else no longer. */
  rotateSecret(caller: Caller, id: string): Promise<ViewWithSecret>
  verification(caller: Caller, id: string): Promise<z.output<typeof WebhookVerification>>
}

const ENDPOINTS_MAX = 50
const OVERLAP_SECONDS = 24 * 3600

/** Webhook endpoints: see the slice's door for what holds. */
export function createWebhooks(deps: {
  readonly keyring: Pick<KeyringClient, 'sealSecret' | 'contentKey' | 'openContentKeys'>
  readonly newId: () => string
  readonly allowPrivateTargets: boolean
}): Webhooks {
  async function freshSecret(workspaceId: string, endpointId: string, format: WebhookFormat) {
    const { kept, shown, publicKey } = newSigningSecret(format)
    const plain = Buffer.from(kept.reveal())
    const sealed = await deps.keyring.sealSecret(workspaceId, 'webhook', secretContext(endpointId), plain)
    plain.fill(0)
    return { shown, stored: { sealed, publicKey } }
  }

  return {
    ...createDeliveries(deps),

    async create(caller, wanted) {
      const url = endpointUrl(wanted.url, deps.allowPrivateTargets)
      const { format = 'bulkhead' } = wanted
      const signing = requireSigning(format, wanted.signing ?? true)
      const told = toldIn(format, wanted)
      const id = deps.newId()
      const { shown, stored } = await freshSecret(caller.workspaceId, id, format)
      const check = format === 'mandrill' ? await newTest(deps, caller.workspaceId, CHECK_EVENT) : null
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
          ...told,
          format,
          signing,
          publicKey: stored.publicKey,
          secret: stored.sealed,
        })
        // The vendor asks a new URL whether it is there, with a request without events.
        if (check !== null) await insertTestDelivery(db, { ...check, endpointId: id })
        about(encodeId('webhook', id), { host: new URL(url).host, format })
        return { ...view(row), secret: shown, publicKey: row.public_key }
      })
    },

    async list(caller, { limit, cursor }) {
      const before = idOfCursor(cursor)
      const rows = await caller.read((db) => selectWebhooks(db, caller.workspaceId, before, limit + 1))
      return page(rows, limit, view, (row) => idCursor(row.id))
    },

    get: async (caller, id) => view(await found(caller, id)),

    async verification(caller, id) {
      const { format, signing, public_key: publicKey } = await found(caller, id)
      const { algorithm, headers } = SIGNATURES[format]
      return { format, signing, algorithm, headers: [...headers], publicKey }
    },

    async update(caller, id, change) {
      const url = change.url === undefined ? null : endpointUrl(change.url, deps.allowPrivateTargets)
      const before = change.format === undefined ? undefined : await found(caller, id)
      // A secret of another kind is shown by nobody: whoever may see secrets makes the next one.
      const needsSecret =
        before !== undefined && change.format !== undefined && !haveSameSecrets(before.format, change.format)
      const fresh = needsSecret ? await freshSecret(caller.workspaceId, id, change.format) : null
      return caller.act(async (db, about) => {
        const now = await lockWebhook(db, caller.workspaceId, id)
        if (now === undefined) throw missing('webhook', id)
        if (before !== undefined && now.format !== before.format)
          throw new Fault('conflict', { detail: 'The format of the endpoint was changed at the same time.' })
        const format = change.format ?? now.format
        const told = toldAfter(
          { format: now.format, eventTypes: now.event_types, formatEvents: now.format_events },
          change,
        )
        const row = await updateWebhookRow(db, caller.workspaceId, id, {
          url,
          description: change.description ?? null,
          eventTypes: told?.eventTypes ?? null,
          format: change.format ?? null,
          signing: requireSigning(format, change.signing ?? (format === 'sendgrid' ? now.signing : true)),
          formatEvents: told?.formatEvents ?? null,
          secret: fresh?.stored ?? null,
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
      const { format } = await found(caller, id)
      const { shown, stored } = await freshSecret(caller.workspaceId, id, format)
      return caller.act(async (db, about) => {
        const now = await lockWebhook(db, caller.workspaceId, id)
        if (now?.format !== format) throw missing('webhook', id)
        const overlap = overlaps(format) ? OVERLAP_SECONDS : 0
        const row = await replaceSecret(db, caller.workspaceId, id, stored, overlap)
        if (row === undefined) throw missing('webhook', id)
        about(encodeId('webhook', id))
        return { ...view(row), secret: shown, publicKey: row.public_key }
      })
    },
  }
}

async function found(caller: Caller, id: string): Promise<WebhookRecord> {
  const row = await caller.read((db) => selectWebhook(db, caller.workspaceId, id))
  if (row === undefined) throw missing('webhook', id)
  return row
}

function requireSigning(format: WebhookFormat, signing: boolean): boolean {
  if (signing || format === 'sendgrid') return signing
  throw invalidField(
    'signing',
    `requests in the format ${format} are always signed`,
    'Only the format sendgrid may go without, as there.',
  )
}

function view(row: WebhookRecord): View {
  return {
    id: encodeId('webhook', row.id),
    url: row.url,
    description: row.description,
    format: row.format,
    signing: row.signing,
    eventTypes: row.event_types,
    formatEvents: row.format_events,
    state: row.state,
    disabledReason: row.disabled_reason,
    failingSince: row.failing_since?.toISOString() ?? null,
    previousSecretExpiresAt: row.previous_secret_expires_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    updatedAt: (row.updated_at ?? row.created_at).toISOString(),
    inertUntil: row.inert_until?.toISOString() ?? null,
  }
}
