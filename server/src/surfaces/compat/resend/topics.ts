import { z } from 'zod'
import { encodeId } from '../../../kernel/ids.ts'
import { getContact } from '../../../modules/contacts/index.ts'
import type { Contacts } from '../../../modules/contacts/index.ts'
import { createTopic, deleteTopic, getTopic, listTopics, updateTopic } from '../../../modules/topics/index.ts'
import type { Topics, TopicSuppressions } from '../../../modules/topics/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorAnswer, DoorCall } from '../door.ts'
import { collect } from '../listing.ts'
import { bodyOf, valueOf } from './body.ts'
import { subscribe, Subscriptions, subscriptionsOf } from './contact-topics.ts'
import { invalid, notFound } from './errors.ts'
import { isUuid, ownId, uuidOf } from './ids.ts'
import { FULL } from './permissions.ts'

export interface TopicRouteServices {
  readonly topics: Topics
  readonly topicSuppressions: TopicSuppressions
  readonly contacts: Contacts
}

type Call = DoorCall<TopicRouteServices>

const Visibility = z.enum(['public', 'private']).nullish()
const NewTopic = z.object({
  name: z.string().min(1),
  description: z.string().nullish(),
  default_subscription: z.enum(['opt_in', 'opt_out']),
  visibility: Visibility,
})
const Change = z.object({
  name: z.string().min(1).optional(),
  description: z.string().optional(),
  visibility: Visibility,
})

/** What has no meaning here is refused rather than forgotten. */
function requirePrivate(visibility: z.output<typeof Visibility>): void {
  if (visibility === 'public')
    throw invalid(
      'Invalid `visibility` field: whoever unsubscribes is shown the topic of that mail only, which is `private`.',
    )
}

async function create(call: Call): Promise<DoorAnswer> {
  const wanted = bodyOf(call, NewTopic)
  requirePrivate(wanted.visibility)
  if (wanted.default_subscription === 'opt_out')
    throw invalid(
      'Invalid `default_subscription` field: a topic reaches everybody who has not left it, which is `opt_in`. For one that people join, send to a segment.',
    )
  const { name, description } = wanted
  const made = await call.run(createTopic, {
    name,
    ...(typeof description === 'string' ? { description } : {}),
  })
  return { status: 201, body: { object: 'topic', id: uuidOf('topic', made.id) } }
}

type Topic = Awaited<ReturnType<typeof found>>

function present({ id, name, description, createdAt }: Topic) {
  return {
    id: uuidOf('topic', id),
    name,
    description,
    default_subscription: 'opt_in',
    visibility: 'private',
    created_at: createdAt,
  }
}

async function list(call: Call): Promise<DoorAnswer> {
  const all = await collect((page) => call.run(listTopics, page))
  return { status: 200, body: { object: 'list', has_more: false, data: all.map(present) } }
}

function found(call: Call) {
  return call.run(getTopic, { topicId: idOf(call) })
}

async function show(call: Call): Promise<DoorAnswer> {
  return { status: 200, body: { object: 'topic', ...present(await found(call)) } }
}

async function update(call: Call): Promise<DoorAnswer> {
  const { name, description, visibility } = bodyOf(call, Change)
  requirePrivate(visibility)
  const topicId = idOf(call)
  await call.run(updateTopic, {
    topicId,
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
  })
  return { status: 200, body: { object: 'topic', id: uuidOf('topic', topicId) } }
}

async function remove(call: Call): Promise<DoorAnswer> {
  const topicId = idOf(call)
  await call.run(deleteTopic, { topicId })
  return { status: 200, body: { object: 'topic', id: uuidOf('topic', topicId), deleted: true } }
}

function idOf(call: Call): string {
  return ownId('topic', call.params['id'])
}

async function ofContact(call: Call): Promise<DoorAnswer> {
  const { email } = await contactOf(call)
  return { status: 200, body: { object: 'list', has_more: false, data: await subscriptionsOf(call, email) } }
}

function contactOf(call: Call) {
  const named = call.params['contact_id'] ?? ''
  if (!isUuid(named) && !named.includes('@')) throw notFound('Contact')
  return call.run(getContact, { contactId: isUuid(named) ? encodeId('contact', named.toLowerCase()) : named })
}

/** The vendor's client sends the list alone, its reference has it within an object. */
async function choose(call: Call): Promise<DoorAnswer> {
  const wanted = Array.isArray(call.body)
    ? valueOf(call.body, Subscriptions)
    : bodyOf(call, z.object({ topics: Subscriptions })).topics
  const { id, email } = await contactOf(call)
  await subscribe(call, email, wanted)
  const uuid = uuidOf('contact', id)
  return { status: 200, body: { object: 'contact_topics', id: uuid, contact_id: uuid, topics: wanted } }
}

export const topicRoutes = doorRoutes<TopicRouteServices>([
  { method: 'POST', path: '/topics', doorScope: FULL, handle: create },
  { method: 'GET', path: '/topics', doorScope: FULL, handle: list },
  { method: 'GET', path: '/topics/{id}', doorScope: FULL, handle: show },
  { method: 'PATCH', path: '/topics/{id}', doorScope: FULL, handle: update },
  { method: 'DELETE', path: '/topics/{id}', doorScope: FULL, handle: remove },
  { method: 'GET', path: '/contacts/{contact_id}/topics', doorScope: FULL, handle: ofContact },
  { method: 'PATCH', path: '/contacts/{contact_id}/topics', doorScope: FULL, handle: choose },
])
