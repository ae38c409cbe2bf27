import { z } from 'zod'
import { decodeId, encodeId, uuidFromHex } from '../../../kernel/ids.ts'
import {
  createWebhook,
  deleteWebhook,
  getWebhookVerification,
  listWebhooks,
  namesTold,
  testWebhook,
  updateWebhook,
} from '../../../modules/webhooks/index.ts'
import type { Webhooks } from '../../../modules/webhooks/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { bodyOf } from './body.ts'
import { refuse, vendorError } from './errors.ts'
import { collect } from './paging.ts'

export interface EventWebhookServices {
  readonly webhooks: Webhooks
}

type Call = DoorCall<EventWebhookServices>
type Webhook = NonNullable<(typeof listWebhooks)['types']>['output']['data'][number]

/** The vendor's switches, and how it calls the events that they are of. */
const SWITCHES = {
  group_resubscribe: 'group_resubscribe',
  delivered: 'delivered',
  group_unsubscribe: 'group_unsubscribe',
  spam_report: 'spamreport',
  bounce: 'bounce',
  deferred: 'deferred',
  unsubscribe: 'unsubscribe',
  processed: 'processed',
  open: 'open',
  click: 'click',
  dropped: 'dropped',
} as const
type Switch = keyof typeof SWITCHES
const SWITCH_NAMES = [
  'group_resubscribe',
  'delivered',
  'group_unsubscribe',
  'spam_report',
  'bounce',
  'deferred',
  'unsubscribe',
  'processed',
  'open',
  'click',
  'dropped',
] as const satisfies readonly Switch[]
const MAX_ALLOWED = 50

const Flag = z.boolean({ error: 'must be a boolean' }).optional()
const Settings = z.object({
  enabled: Flag,
  url: z.string({ error: 'url must be a string' }).max(2_048).optional(),
  friendly_name: z.string().max(500).nullable().optional(),
  group_resubscribe: Flag,
  delivered: Flag,
  group_unsubscribe: Flag,
  spam_report: Flag,
  bounce: Flag,
  deferred: Flag,
  unsubscribe: Flag,
  processed: Flag,
  open: Flag,
  click: Flag,
  dropped: Flag,
})
type Settings = z.output<typeof Settings>
const Signing = z.object({ enabled: z.boolean({ error: 'enabled must be a boolean' }) })
const Test = z.object({ id: z.string().max(100).optional(), url: z.string().max(2_048).optional() })

function present(webhook: Webhook, publicKey: string | null) {
  const told = namesTold(webhook)
  return {
    enabled: webhook.state === 'enabled',
    url: webhook.url,
    ...switchesOf((name) => told.includes(SWITCHES[name])),
    friendly_name: webhook.description,
    id: decodeId('webhook', webhook.id),
    created_date: wholeSeconds(webhook.createdAt),
    updated_date: wholeSeconds(webhook.updatedAt),
    ...(publicKey === null ? {} : { public_key: publicKey }),
  }
}

function wholeSeconds(instant: string): string {
  return instant.replace(/\.\d+Z$/, 'Z')
}

function switchesOf(of: (name: Switch) => boolean): Record<string, boolean> {
  return Object.fromEntries(SWITCH_NAMES.map((name) => [name, of(name)]))
}

const NONE = { enabled: false, url: '', ...switchesOf(() => false), friendly_name: null, id: '' }

async function create(call: Call) {
  const settings = bodyOf(call, Settings)
  const made = await created(call, settings)
  return { status: 201, body: present(made, null) }
}

async function created(call: Call, settings: Settings): Promise<Webhook> {
  if (settings.url === undefined || settings.url === '')
    throw refuse(400, vendorError('url is required', 'url'))
  await requireUnique(call, settings.url)
  const names = namesAfter(settings, null)
  const made = await withUrl(settings.url, (url) =>
    call.run(createWebhook, {
      url,
      format: 'sendgrid',
      ...(settings.friendly_name ? { description: settings.friendly_name } : {}),
      ...(names === null ? {} : { formatEvents: names }),
    }),
  )
  if (settings.enabled !== false) return made
  return call.run(updateWebhook, { webhookId: made.id, state: 'disabled' })
}

async function list(call: Call) {
  const webhooks = await endpoints(call)
  const shown = await Promise.all(webhooks.map(async (one) => present(one, await keyOf(call, one))))
  return { status: 200, body: { max_allowed: MAX_ALLOWED, webhooks: shown } }
}

async function show(call: Call) {
  const webhook = await found(call)
  return { status: 200, body: present(webhook, await keyOf(call, webhook)) }
}

async function showOldest(call: Call) {
  const webhook = (await endpoints(call))[0]
  return { status: 200, body: webhook === undefined ? NONE : present(webhook, await keyOf(call, webhook)) }
}

async function change(call: Call) {
  return changed(call, await found(call))
}

/** Before there could be several the vendor's call made the one that there was: it still does. */
async function changeOldest(call: Call) {
  const webhook = (await endpoints(call))[0]
  if (webhook !== undefined) return changed(call, webhook)
  return { status: 200, body: present(await created(call, bodyOf(call, Settings)), null) }
}

async function changed(call: Call, webhook: Webhook) {
  const settings = bodyOf(call, Settings)
  const { url, friendly_name: name, enabled } = settings
  if (url !== undefined && url !== webhook.url) await requireUnique(call, url, webhook.id)
  const names = namesAfter(settings, webhook)
  const now = await withUrl(url, (given) =>
    call.run(updateWebhook, {
      webhookId: webhook.id,
      ...(given === '' ? {} : { url: given }),
      ...(name === undefined ? {} : { description: name ?? '' }),
      ...(names === null ? {} : { formatEvents: names }),
      ...(enabled === undefined ? {} : { state: enabled ? 'enabled' : 'disabled' }),
    }),
  )
  return { status: 200, body: present(now, null) }
}

async function remove(call: Call) {
  await call.run(deleteWebhook, { webhookId: (await found(call)).id })
  return { status: 204 }
}

async function showSigned(call: Call) {
  return signedAnswer(call, await found(call))
}

async function showOldestSigned(call: Call) {
  return signedAnswer(call, (await endpoints(call))[0])
}

async function changeSigned(call: Call) {
  return sign(call, await found(call))
}

async function changeOldestSigned(call: Call) {
  const webhook = (await endpoints(call))[0]
  if (webhook === undefined) throw unknownId()
  return sign(call, webhook)
}

async function sign(call: Call, webhook: Webhook) {
  const { enabled } = bodyOf(call, Signing)
  return signedAnswer(call, await call.run(updateWebhook, { webhookId: webhook.id, signing: enabled }))
}

async function signedAnswer(call: Call, webhook: Webhook | undefined) {
  if (webhook === undefined) return { status: 200, body: { id: '', public_key: '' } }
  return {
    status: 200,
    body: { id: decodeId('webhook', webhook.id), public_key: (await keyOf(call, webhook)) ?? '' },
  }
}

/** Samples of the vendor's events, to an endpoint that there is: this server posts to no other address. */
async function test(call: Call) {
  const { id, url } = bodyOf(call, Test)
  const webhooks = await endpoints(call)
  const webhook =
    id === undefined || id === ''
      ? webhooks.find((one) => url === undefined || isSameUrl(one.url, url))
      : webhooks.find((one) => decodeId('webhook', one.id) === id.toLowerCase())
  if (webhook === undefined)
    throw refuse(
      400,
      vendorError('Create a webhook with this url first: tests go to existing webhooks only.', 'url'),
    )
  await call.run(testWebhook, { webhookId: webhook.id })
  return { status: 204 }
}

/** The oldest first: the vendor's calls without an id mean the first. */
async function endpoints(call: Call): Promise<Webhook[]> {
  const all = await collect((page) => call.run(listWebhooks, page))
  return all.filter(({ format }) => format === 'sendgrid').reverse()
}

async function found(call: Call): Promise<Webhook> {
  const digits = (call.params['id'] ?? '').replaceAll('-', '').toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(digits)) throw unknownId()
  const webhookId = encodeId('webhook', uuidFromHex(digits))
  const webhook = (await endpoints(call)).find(({ id }) => id === webhookId)
  if (webhook === undefined) throw unknownId()
  return webhook
}

async function keyOf(call: Call, webhook: Webhook): Promise<string | null> {
  if (!webhook.signing) return null
  return (await call.run(getWebhookVerification, { webhookId: webhook.id })).publicKey
}

/** The vendor's names that are to be sent; null: as it is, which is all of a new one. */
function namesAfter(settings: Settings, webhook: Webhook | null): string[] | null {
  if (SWITCH_NAMES.every((name) => settings[name] === undefined)) return null
  const now = webhook === null ? [] : namesTold(webhook)
  const names = SWITCH_NAMES.filter((name) => settings[name] ?? now.includes(SWITCHES[name])).map(
    (name) => SWITCHES[name],
  )
  if (names.length > 0) return names
  throw refuse(
    400,
    vendorError('At least one event must be chosen; to stop all of them set enabled to false.'),
  )
}

async function requireUnique(call: Call, url: string, except?: string): Promise<void> {
  const other = (await endpoints(call)).find((one) => one.id !== except && isSameUrl(one.url, url))
  if (other === undefined) return
  const message = `Webhook at '${url}' already exists. Please provide a unique URL.`
  throw refuse(400, withPlace(message, other.id, url))
}

function withPlace(message: string, id: string, url: string) {
  return { ...vendorError(message), id: decodeId('webhook', id), url }
}

function isSameUrl(one: string, other: string): boolean {
  return one === other || one === URL.parse(other)?.href
}

/** Runs work with the URL that was given, and says in the vendor's words where it is none. */
async function withUrl<Result>(
  url: string | undefined,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(url ?? '')
  } catch (error) {
    const isAboutUrl =
      error instanceof Error &&
      'fields' in error &&
      Array.isArray(error.fields) &&
      error.fields.some((field: { readonly field?: string }) => field.field === 'url')
    if (!isAboutUrl) throw error
    throw refuse(400, vendorError(`'${url}' is not a valid url`))
  }
}

function unknownId() {
  return refuse(404, vendorError('Invalid id provided.'))
}

const SETTINGS = '/v3/user/webhooks/event/settings'
const ONE = `${SETTINGS}/{id}`
const SIGNED = `${SETTINGS}/signed`
const read = 'user.webhooks.event.settings.read'
const update = 'user.webhooks.event.settings.update'

/** Event webhooks; the forms without an id are of the time when there was one. */
export const eventWebhookRoutes = doorRoutes<EventWebhookServices>([
  { method: 'POST', path: SETTINGS, doorScope: 'user.webhooks.event.settings.create', handle: create },
  { method: 'GET', path: SETTINGS, doorScope: read, handle: showOldest },
  { method: 'PATCH', path: SETTINGS, doorScope: update, handle: changeOldest },
  { method: 'GET', path: `${SETTINGS}/all`, doorScope: read, handle: list },
  { method: 'GET', path: SIGNED, doorScope: read, handle: showOldestSigned },
  { method: 'PATCH', path: SIGNED, doorScope: update, handle: changeOldestSigned },
  { method: 'GET', path: `${SIGNED}/{id}`, doorScope: read, handle: showSigned },
  { method: 'PATCH', path: `${SIGNED}/{id}`, doorScope: update, handle: changeSigned },
  { method: 'GET', path: ONE, doorScope: read, handle: show },
  { method: 'PATCH', path: ONE, doorScope: update, handle: change },
  { method: 'DELETE', path: ONE, doorScope: 'user.webhooks.event.settings.delete', handle: remove },
  {
    method: 'POST',
    path: '/v3/user/webhooks/event/test',
    doorScope: 'user.webhooks.event.test.create',
    handle: test,
  },
])
