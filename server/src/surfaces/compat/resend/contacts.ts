import { z } from 'zod'
import { Fault } from '../../../kernel/faults.ts'
import { encodeId } from '../../../kernel/ids.ts'
import {
  addListContacts,
  createContact,
  deleteContact,
  getContact,
  getList,
  listContacts,
  listLists,
  removeListContacts,
  updateContact,
} from '../../../modules/contacts/index.ts'
import type { ContactLists, Contacts } from '../../../modules/contacts/index.ts'
import type { Topics, TopicSuppressions } from '../../../modules/topics/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorAnswer, DoorCall } from '../door.ts'
import { collect } from '../listing.ts'
import { bodyOf } from './body.ts'
import { subscribe, Subscriptions } from './contact-topics.ts'
import { notFound, unlessMissing } from './errors.ts'
import { isUuid, ownId, uuidOf } from './ids.ts'
import { listOf, WHOLE } from './paging.ts'
import { FULL } from './permissions.ts'
import { presentSegment } from './segment-view.ts'

export interface ContactServices {
  readonly contacts: Contacts
  readonly contactLists: ContactLists
  readonly topics: Topics
  readonly topicSuppressions: TopicSuppressions
}

type Call = DoorCall<ContactServices>

const Value = z.union([z.string(), z.number(), z.boolean()])
const facts = {
  first_name: z.string().nullish(),
  last_name: z.string().nullish(),
  unsubscribed: z.boolean().nullish(),
  properties: z.record(z.string(), Value.nullable()).nullish(),
}
const SegmentRef = z.union([z.string(), z.object({ id: z.string() })])
const NewContact = z.object({
  email: z.string().min(1),
  audience_id: z.string().nullish(),
  segments: z.array(SegmentRef).max(100).nullish(),
  topics: Subscriptions.nullish(),
  ...facts,
})
const Change = z.object({ email: z.string().min(1).optional(), ...facts })

/** Somebody who is a contact already is changed, and put on what is named besides. */
async function create(call: Call): Promise<DoorAnswer> {
  const wanted = bodyOf(call, NewContact)
  const segments = [
    ...(wanted.segments ?? []).map((one) => (typeof one === 'string' ? one : one.id)),
    ...[call.params['audience_id'] ?? wanted.audience_id ?? []].flat(),
  ]
  const contact = await call.run(createContact, {
    email: wanted.email,
    upsert: true,
    lists: segments.map((id) => ownId('list', id, 'segments.id')),
    ...(typeof wanted.first_name === 'string' ? { firstName: wanted.first_name } : {}),
    ...(typeof wanted.last_name === 'string' ? { lastName: wanted.last_name } : {}),
    ...(typeof wanted.unsubscribed === 'boolean' ? { unsubscribed: wanted.unsubscribed } : {}),
    attributes: Object.fromEntries(
      Object.entries(wanted.properties ?? {}).filter(
        (entry): entry is [string, z.output<typeof Value>] => entry[1] !== null,
      ),
    ),
  })
  await subscribe(call, contact.email, wanted.topics ?? [])
  return { status: 201, body: { object: 'contact', id: uuidOf('contact', contact.id) } }
}

type Contact = Awaited<ReturnType<typeof found>>

function present(contact: Contact) {
  return {
    id: uuidOf('contact', contact.id),
    email: contact.email,
    first_name: contact.firstName,
    last_name: contact.lastName,
    created_at: contact.createdAt,
    unsubscribed: contact.unsubscribed,
  }
}

async function list(call: Call): Promise<DoorAnswer> {
  const segment =
    call.params['audience_id'] ?? call.query.get('segment_id') ?? call.query.get('audience_id') ?? undefined
  const listId = segment === undefined ? undefined : ownId('list', segment, 'segment_id')
  if (listId !== undefined) await call.run(getList, { listId })
  return listOf(
    call,
    {
      kind: 'contact',
      ask: (page) => call.run(listContacts, listId === undefined ? page : { ...page, listId }),
      standard: WHOLE,
    },
    present,
  )
}

/** A contact by its id or its address; under a segment only where it is on that. */
async function found(call: Call) {
  const contact = await call.run(getContact, { contactId: refOf(call.params['contact_id'] ?? '') })
  const audience = call.params['audience_id']
  if (
    audience !== undefined &&
    !(await listsOf(call, contact.id)).some(({ id }) => uuidOf('list', id) === audience.toLowerCase())
  )
    throw notFound('Contact')
  return contact
}

function refOf(named: string): string {
  if (isUuid(named)) return encodeId('contact', named.toLowerCase())
  if (named.includes('@')) return named
  throw notFound('Contact')
}

function listsOf(call: Call, contact: string) {
  return collect((page) => call.run(listLists, { ...page, contact }))
}

async function show(call: Call): Promise<DoorAnswer> {
  const contact = await found(call)
  return {
    status: 200,
    body: { object: 'contact', ...present(contact), properties: contact.attributes },
  }
}

async function update(call: Call): Promise<DoorAnswer> {
  const change = bodyOf(call, Change)
  const { id } = await found(call)
  const said = {
    ...(change.email === undefined ? {} : { email: change.email }),
    ...(change.first_name === undefined ? {} : { firstName: change.first_name }),
    ...(change.last_name === undefined ? {} : { lastName: change.last_name }),
    ...(typeof change.unsubscribed === 'boolean' ? { unsubscribed: change.unsubscribed } : {}),
    ...(change.properties === undefined || change.properties === null
      ? {}
      : { attributes: change.properties }),
  }
  // Nothing to change is no mistake there.
  if (Object.keys(said).length > 0) await call.run(updateContact, { contactId: id, ...said })
  return { status: 200, body: { object: 'contact', id: uuidOf('contact', id) } }
}

/** Who is taken out of an audience, and is in another one, stays there. Who is not in it is out of it, as the vendor says too. */
async function remove(call: Call): Promise<DoorAnswer> {
  const audience = call.params['audience_id']
  refOf(call.params['contact_id'] ?? '')
  const contact = await (audience === undefined ? found(call) : unlessMissing(() => found(call)))
  if (contact === undefined)
    return { status: 200, body: { object: 'contact', contact: call.params['contact_id'], deleted: true } }
  const { id } = contact
  const lists = audience === undefined ? [] : await listsOf(call, id)
  if (audience !== undefined && lists.length > 1)
    await call.run(removeListContacts, { listId: ownId('list', audience, 'audience_id'), contacts: [id] })
  else await call.run(deleteContact, { contactId: id })
  const uuid = uuidOf('contact', id)
  return { status: 200, body: { object: 'contact', id: uuid, contact: uuid, deleted: true } }
}

async function segments(call: Call): Promise<DoorAnswer> {
  const { id } = await found(call)
  return listOf(
    call,
    { kind: 'list', ask: (page) => call.run(listLists, { ...page, contact: id }) },
    presentSegment,
  )
}

async function addSegment(call: Call): Promise<DoorAnswer> {
  const { ids, listId, contactId } = await membership(call)
  await call.run(addListContacts, { listId, contacts: [contactId] })
  return { status: 200, body: ids }
}

async function removeSegment(call: Call): Promise<DoorAnswer> {
  const { ids, listId, contactId } = await membership(call)
  const { removed } = await call.run(removeListContacts, { listId, contacts: [contactId] })
  if (removed === 0) throw notFound('Segment')
  return { status: 200, body: { ...ids, audienceId: ids.segment_id, deleted: true } }
}

async function membership(call: Call) {
  const listId = ownId('list', call.params['segment_id'], 'segment_id')
  await requireList(call, listId)
  const contact = await found(call)
  const segmentId = uuidOf('list', listId)
  return {
    listId,
    contactId: contact.id,
    ids: {
      object: 'contact_segment',
      id: segmentId,
      contact_id: uuidOf('contact', contact.id),
      segment_id: segmentId,
    },
  }
}

async function requireList(call: Call, listId: string): Promise<void> {
  try {
    await call.run(getList, { listId })
  } catch (error) {
    throw error instanceof Fault && error.code === 'not_found' ? notFound('Segment') : error
  }
}

const CONTACT = '/contacts/{contact_id}'
const IN_AUDIENCE = '/audiences/{audience_id}/contacts'

export const contactRoutes = doorRoutes<ContactServices>([
  { method: 'POST', path: '/contacts', doorScope: FULL, handle: create },
  { method: 'GET', path: '/contacts', doorScope: FULL, handle: list },
  { method: 'GET', path: CONTACT, doorScope: FULL, handle: show },
  { method: 'PATCH', path: CONTACT, doorScope: FULL, handle: update },
  { method: 'DELETE', path: CONTACT, doorScope: FULL, handle: remove },
  { method: 'GET', path: `${CONTACT}/segments`, doorScope: FULL, handle: segments },
  { method: 'POST', path: `${CONTACT}/segments/{segment_id}`, doorScope: FULL, handle: addSegment },
  { method: 'DELETE', path: `${CONTACT}/segments/{segment_id}`, doorScope: FULL, handle: removeSegment },
  { method: 'POST', path: IN_AUDIENCE, doorScope: FULL, handle: create },
  { method: 'GET', path: IN_AUDIENCE, doorScope: FULL, handle: list },
  { method: 'GET', path: `${IN_AUDIENCE}/{contact_id}`, doorScope: FULL, handle: show },
  { method: 'PATCH', path: `${IN_AUDIENCE}/{contact_id}`, doorScope: FULL, handle: update },
  { method: 'DELETE', path: `${IN_AUDIENCE}/{contact_id}`, doorScope: FULL, handle: remove },
  { method: 'GET', path: '/segments/{audience_id}/contacts', doorScope: FULL, handle: list },
])
