import { createHash } from 'node:crypto'
import {
  createWebhook,
  deleteWebhook,
  getWebhookStatistics,
  listWebhookDeliveries,
  listWebhooks,
  updateWebhook,
} from '../../../modules/webhooks/index.ts'
import type { Webhooks } from '../../../modules/webhooks/index.ts'
import { Fault } from '../../../kernel/faults.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { collect, eachOf } from '../listing.ts'
import { parametersOf } from './body.ts'
import { createProblems, SAY, textAt, textsAt, toldTime } from './checks.ts'
import type { Problems } from './checks.ts'
import type { JsonObject } from '../json-object.ts'
import { notValid, unknownWebhook } from './errors.ts'
import { route } from './routes.ts'

export interface WebhookServices {
  readonly webhooks: Webhooks
}

type Call = DoorCall<WebhookServices>

interface Webhook {
  readonly id: string
  readonly url: string
  readonly description: string | null
  readonly formatEvents: readonly string[]
  readonly format: string
  readonly createdAt: string
  readonly disabledReason: string | null
}

const EVENTS = [
  'send',
  'deferral',
  'delivered',
  'hard_bounce',
  'soft_bounce',
  'open',
  'click',
  'spam',
  'unsub',
  'reject',
] as const
/** Changes of lists, which the vendor tells too: here they are in the audit log, not in these webhooks. */
const UNTOLD: ReadonlySet<string> = new Set(['blacklist', 'whitelist', 'denylist', 'allowlist', 'inbound'])

/** The vendor's ids are whole numbers: ours is made one, always the same. */
function numberOf({ id }: Pick<Webhook, 'id'>): number {
  return createHash('sha256').update(id).digest().readUInt32BE(0) & 0x7fffffff
}

function mine(call: Call): Promise<Webhook[]> {
  return collect((page) => call.run(listWebhooks, page)).then((all) =>
    all.filter(({ format }) => format === 'mandrill'),
  )
}

async function requireWebhook(call: Call): Promise<Webhook> {
  const { id } = parametersOf(call, 'id')
  const told = typeof id === 'string' || typeof id === 'number' ? String(id) : ''
  const found = (await mine(call)).find((webhook) => String(numberOf(webhook)) === told)
  if (found === undefined) throw unknownWebhook(told)
  return found
}

async function list(call: Call) {
  return eachOf((await mine(call)).reverse(), (webhook) => present(call, webhook))
}

async function info(call: Call) {
  return present(call, await requireWebhook(call))
}

async function add(call: Call) {
  const made = await inUrl(
    call.run(createWebhook, { ...changeOf(parametersOf(call, 'url')), format: 'mandrill' }),
  )
  return present(call, made, made.secret)
}

async function update(call: Call) {
  const parameters = parametersOf(call, 'id', 'url')
  const { id } = await requireWebhook(call)
  return present(call, await inUrl(call.run(updateWebhook, { webhookId: id, ...changeOf(parameters) })))
}

async function remove(call: Call) {
  const webhook = await requireWebhook(call)
  const shown = await present(call, webhook)
  await call.run(deleteWebhook, { webhookId: webhook.id })
  return shown
}

function changeOf(parameters: JsonObject) {
  const problems = createProblems()
  const url = textAt(problems, parameters['url'], ['url'], 2_048)?.trim() ?? ''
  const description = textAt(problems, parameters['description'], ['description'], 500)
  const formatEvents = readEvents(problems, parameters['events'])
  if (!URL.canParse(url)) problems.add(['url'], SAY.url)
  problems.throwIfAny()
  return {
    url,
    ...(description === undefined ? {} : { description }),
    ...(formatEvents === undefined ? {} : { formatEvents }),
  }
}

function readEvents(problems: Problems, given: unknown): string[] | undefined {
  const known: ReadonlySet<string> = new Set(EVENTS)
  const wanted = textsAt(problems, given, ['events'])
  if (wanted === undefined || wanted.length === 0) return undefined
  for (const [at, name] of wanted.entries()) {
    if (!known.has(name) && !UNTOLD.has(name))
      problems.add(['events', at], `Value must be one of: ${EVENTS.join('; ')} (not '${name}')`)
  }
  const told = wanted.filter((name) => known.has(name))
  if (told.length === 0 && wanted.every((name) => UNTOLD.has(name)))
    problems.add(['events'], 'None of these events is told by webhooks here')
  return [...new Set(told)]
}

async function inUrl<Result>(work: Promise<Result>): Promise<Result> {
  return work.catch((error: unknown) => {
    const problem = error instanceof Fault ? error.fields.find(({ field }) => field === 'url') : undefined
    throw problem === undefined ? error : notValid({ url: `${SAY.url}: it ${problem.problem}` })
  })
}

/** The key by which requests are signed is shown where it is made, and nowhere else. */
async function present(call: Call, webhook: Webhook, authKey: string | null = null) {
  const [counted, delivered, failed] = await Promise.all([
    call.run(getWebhookStatistics, { webhookId: webhook.id, period: '7d' }),
    call.run(listWebhookDeliveries, { webhookId: webhook.id, order: 'newest', state: 'delivered', limit: 1 }),
    call.run(listWebhookDeliveries, { webhookId: webhook.id, order: 'newest', state: 'failed', limit: 1 }),
  ])
  const [last] = delivered.data
  const lastAt = last?.settledAt ?? last?.createdAt
  return {
    id: numberOf(webhook),
    url: webhook.url,
    description: webhook.description ?? '',
    auth_key: authKey,
    events: webhook.formatEvents.length === 0 ? [...EVENTS] : [...webhook.formatEvents],
    created_at: webhook.createdAt.slice(0, 23).replace('T', ' '),
    last_sent_at: lastAt === undefined ? null : toldTime(lastAt),
    batches_sent: counted.delivered,
    events_sent: counted.delivered,
    last_error: failed.data[0]?.lastError ?? webhook.disabledReason,
  }
}

/** Who is told what became of mail. */
export const webhookRoutes = doorRoutes<WebhookServices>([
  route('webhooks/list', list),
  route('webhooks/add', add),
  route('webhooks/info', info),
  route('webhooks/update', update),
  route('webhooks/delete', remove),
])
