import { z } from 'zod'
import {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listWebhooks,
  rotateWebhookSecret,
  updateWebhook,
} from '../../../modules/webhooks/index.ts'
import type { Webhooks } from '../../../modules/webhooks/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorAnswer, DoorCall } from '../door.ts'
import { collect } from '../listing.ts'
import { bodyOf } from './body.ts'
import { notFound } from './errors.ts'
import { ownId, uuidOf } from './ids.ts'
import { listOf } from './paging.ts'
import { FULL } from './permissions.ts'

export interface WebhookServices {
  readonly webhooks: Webhooks
}

type Call = DoorCall<WebhookServices>

const Endpoint = z.string().min(1).max(2048)
const Events = z.array(z.string().min(1).max(40)).min(1).max(20)
const NewWebhook = z.object({ endpoint: Endpoint, events: Events })
const Change = z.object({
  endpoint: Endpoint.nullish(),
  events: Events.nullish(),
  status: z.enum(['enabled', 'disabled']).nullish(),
})

async function create(call: Call): Promise<DoorAnswer> {
  const { endpoint, events } = bodyOf(call, NewWebhook)
  const made = await call.run(createWebhook, { url: endpoint, format: 'resend', formatEvents: events })
  return {
    status: 201,
    body: { object: 'webhook', id: uuidOf('webhook', made.id), signing_secret: made.secret },
  }
}

/** Those in the vendor's format; others are no concern of its clients. */
async function list(call: Call): Promise<DoorAnswer> {
  const all = await collect((page) => call.run(listWebhooks, page))
  const own = all.filter(({ format }) => format === 'resend')
  return listOf(call, { kind: 'webhook', ask: async (page) => pageAmong(own, page) }, present)
}

/** An endpoint's place in a list is its id, as in ours. */
function pageAmong<Item extends { readonly id: string }>(
  all: readonly Item[],
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
) {
  const after = cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString('hex')
  const rest =
    after === undefined ? all : all.filter(({ id }) => uuidOf('webhook', id).replaceAll('-', '') < after)
  const last = rest[limit - 1]
  return {
    data: rest.slice(0, limit),
    nextCursor:
      rest.length > limit && last !== undefined
        ? Buffer.from(uuidOf('webhook', last.id).replaceAll('-', ''), 'hex').toString('base64url')
        : null,
  }
}

type Webhook = Awaited<ReturnType<typeof found>>

function present({ id, url, formatEvents, state, createdAt }: Webhook) {
  return {
    id: uuidOf('webhook', id),
    endpoint: url,
    events: formatEvents,
    status: state,
    created_at: createdAt,
  }
}

/** The secret is shown where it is made, and nowhere else. */
async function show(call: Call): Promise<DoorAnswer> {
  return { status: 200, body: { object: 'webhook', ...present(await found(call)), signing_secret: null } }
}

async function found(call: Call) {
  const webhook = await call.run(getWebhook, {
    webhookId: ownId('webhook', call.params['webhook_id']),
  })
  if (webhook.format !== 'resend') throw notFound('Webhook')
  return webhook
}

async function update(call: Call): Promise<DoorAnswer> {
  const { endpoint, events, status } = bodyOf(call, Change)
  const { id } = await found(call)
  await call.run(updateWebhook, {
    webhookId: id,
    ...(typeof endpoint === 'string' ? { url: endpoint } : {}),
    ...(events === undefined || events === null ? {} : { formatEvents: events }),
    ...(status === undefined || status === null ? {} : { state: status }),
  })
  return { status: 200, body: { object: 'webhook', id: uuidOf('webhook', id) } }
}

async function remove(call: Call): Promise<DoorAnswer> {
  const { id } = await found(call)
  await call.run(deleteWebhook, { webhookId: id })
  return { status: 200, body: { object: 'webhook', id: uuidOf('webhook', id), deleted: true } }
}

async function rotate(call: Call): Promise<DoorAnswer> {
  const { id } = await found(call)
  const { secret } = await call.run(rotateWebhookSecret, { webhookId: id })
  return { status: 200, body: { object: 'webhook', id: uuidOf('webhook', id), signing_secret: secret } }
}

const WEBHOOK = '/webhooks/{webhook_id}'

export const webhookRoutes = doorRoutes<WebhookServices>([
  { method: 'POST', path: '/webhooks', doorScope: FULL, handle: create },
  { method: 'GET', path: '/webhooks', doorScope: FULL, handle: list },
  { method: 'GET', path: WEBHOOK, doorScope: FULL, handle: show },
  { method: 'PATCH', path: WEBHOOK, doorScope: FULL, handle: update },
  { method: 'DELETE', path: WEBHOOK, doorScope: FULL, handle: remove },
  { method: 'POST', path: `${WEBHOOK}/signing-secret/rotate`, doorScope: FULL, handle: rotate },
])
