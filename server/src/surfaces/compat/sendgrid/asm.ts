import { z } from 'zod'
import { parseAddress } from '../../../kernel/email-address.ts'
import { Fault } from '../../../kernel/faults.ts'
import {
  addSuppression,
  listSuppressions,
  withdrawSuppressions,
} from '../../../modules/suppressions/index.ts'
import type { Suppressions } from '../../../modules/suppressions/index.ts'
import {
  addTopicSuppressions,
  createTopic,
  deleteTopic,
  getTopic,
  listTopics,
  listTopicSuppressions,
  removeTopicSuppression,
  searchTopicSuppressions,
  topicsOfAddress,
  updateTopic,
} from '../../../modules/topics/index.ts'
import type { Topics, TopicSuppressions } from '../../../modules/topics/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { bodyOf, inTheirFields } from './body.ts'
import { notFound, refuse, vendorError } from './errors.ts'
import { collect, eachOf, secondsOf } from './paging.ts'

export interface AsmServices {
  readonly topics: Topics
  readonly topicSuppressions: TopicSuppressions
  readonly suppressions: Suppressions
}

type Call = DoorCall<AsmServices>

const EMAILS_MAX = 1_000
const Name = z
  .string({ error: 'name is required' })
  .trim()
  .min(1, 'name is required')
  .max(30, 'name can be at most 30 characters')
const Description = z.string().trim().max(100, 'description can be at most 100 characters')
const IsDefault = z.boolean({ error: 'is_default must be a boolean' })

const NewGroup = z.object({
  name: Name,
  description: Description.optional(),
  is_default: IsDefault.optional(),
})
const GroupChange = z.object({
  name: Name.optional(),
  description: Description.optional(),
  is_default: IsDefault.optional(),
})
const Emails = z.object({
  recipient_emails: z
    .array(z.string(), { error: 'recipient_emails must be an array' })
    .min(1, 'recipient_emails must have at least one entry')
    .max(EMAILS_MAX, `recipient_emails can have at most ${EMAILS_MAX} entries`),
})
const FIELDS = { emails: 'recipient_emails', email: 'email', isDefault: 'is_default' } as const

type Topic = NonNullable<(typeof getTopic)['types']>['output']

function present({ number, name, description, isDefault }: Omit<Topic, 'left'>) {
  return { id: number, name, description, is_default: isDefault }
}

const counted = (topic: Topic) => ({ ...present(topic), unsubscribes: topic.left })

/** The vendor refuses a name that is taken with 400. */
async function named<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await inTheirFields(FIELDS, work)
  } catch (error) {
    if (error instanceof Fault && error.code === 'conflict')
      throw refuse(400, vendorError(error.detail, 'name'))
    throw error
  }
}

async function createGroup(call: Call) {
  const { is_default: isDefault, ...rest } = bodyOf(call, NewGroup)
  const topic = await named(() =>
    call.run(createTopic, { ...rest, ...(isDefault === undefined ? {} : { isDefault }) }),
  )
  return { status: 201, body: present(topic) }
}

async function listGroups(call: Call) {
  const wanted = new Set(call.query.getAll('id').flatMap((ids) => ids.split(',')))
  const topics = await collect((page) => call.run(listTopics, page))
  const shown = topics.filter(({ number }) => wanted.size === 0 || wanted.has(String(number)))
  return { status: 200, body: shown.map(counted) }
}

async function showGroup(call: Call) {
  return { status: 200, body: counted(await call.run(getTopic, { topicId: groupOf(call) })) }
}

async function changeGroup(call: Call) {
  const { is_default: isDefault, ...rest } = bodyOf(call, GroupChange)
  const change = { ...rest, ...(isDefault === undefined ? {} : { isDefault }) }
  const topic = await named(() => call.run(updateTopic, { topicId: groupOf(call), ...change }))
  return { status: 201, body: counted(topic) }
}

async function removeGroup(call: Call) {
  await call.run(deleteTopic, { topicId: groupOf(call) })
  return { status: 204 }
}

/** Whoever leaves a group that there is not, or not any more, leaves everything: so the vendor documents it. */
async function addToGroup(call: Call) {
  const { recipient_emails: emails } = bodyOf(call, Emails)
  const topicId = groupOf(call)
  try {
    await named(() => call.run(addTopicSuppressions, { topicId, emails }))
  } catch (error) {
    if (!isAbsent(error)) throw error
    return addGlobally(call)
  }
  return { status: 201, body: { recipient_emails: emails } }
}

async function listOfGroup(call: Call) {
  const topic = groupOf(call)
  const entries = await collect((page) => call.run(listTopicSuppressions, { topic, ...page }))
  return { status: 200, body: entries.flatMap(({ email }) => email ?? []) }
}

async function removeFromGroup(call: Call) {
  const email = emailOf(call)
  await call.run(getTopic, { topicId: groupOf(call) })
  await orAbsent(() => call.run(removeTopicSuppression, { topicId: groupOf(call), email }))
  return { status: 204 }
}

async function searchGroup(call: Call) {
  const { recipient_emails: emails } = bodyOf(call, Emails)
  const known = emails.filter((email) => parseAddress(email).ok)
  if (known.length === 0) return { status: 200, body: [] }
  const found = await call.run(searchTopicSuppressions, { topicId: groupOf(call), emails: known })
  return { status: 200, body: found.emails }
}

async function listAll(call: Call) {
  const entries = await collect((page) => call.run(listTopicSuppressions, page))
  const body = entries.flatMap(({ email, topicNumber, topicName, createdAt }) =>
    email === null
      ? []
      : [{ email, group_id: topicNumber, group_name: topicName, created_at: secondsOf(createdAt) }],
  )
  return { status: 200, body }
}

async function groupsOf(call: Call) {
  const { data } = await call.run(topicsOfAddress, { email: emailOf(call) })
  const suppressions = data.map(({ leftAt, number, name, description, isDefault }) => ({
    id: number,
    name,
    description,
    is_default: isDefault,
    suppressed: leftAt !== null,
  }))
  return { status: 200, body: { suppressions } }
}

/** Nothing more goes there, receipts neither: that is what this vendor's global list is. */
async function addGlobally(call: Call) {
  const { recipient_emails: emails } = bodyOf(call, Emails)
  const wrong = emails.filter((email) => !parseAddress(email).ok)
  if (wrong.length > 0)
    throw refuse(400, vendorError('recipient_emails must hold valid email addresses', 'recipient_emails'))
  await eachOf(emails, (email) => call.run(addSuppression, { email, reason: 'unsubscribe', scope: 'all' }))
  return { status: 201, body: { recipient_emails: emails } }
}

async function showGlobal(call: Call) {
  const email = call.params['email'] ?? ''
  if (!parseAddress(email).ok) return { status: 200, body: {} }
  const { data } = await call.run(listSuppressions, { email, reason: 'unsubscribe', limit: 1 })
  return { status: 200, body: data.length === 0 ? {} : { recipient_email: data[0]?.email ?? email } }
}

async function removeGlobally(call: Call) {
  const email = call.params['email'] ?? ''
  if (parseAddress(email).ok) await call.run(withdrawSuppressions, { reason: 'unsubscribe', emails: [email] })
  return { status: 204 }
}

async function orAbsent(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isAbsent(error)) throw error
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Fault && error.code === 'not_found'
}

function groupOf(call: Call): string {
  const words = call.params['group_id'] ?? ''
  if (!/^[1-9]\d{0,8}$/.test(words)) throw notFound()
  return words
}

function emailOf(call: Call): string {
  const email = call.params['email'] ?? ''
  if (!parseAddress(email).ok) throw refuse(400, vendorError('email must be a valid email address', 'email'))
  return email
}

const GROUPS = '/v3/asm/groups'
const GROUP = `${GROUPS}/{group_id}`
const OF_GROUP = `${GROUP}/suppressions`
const ALL = '/v3/asm/suppressions'
const GLOBAL = `${ALL}/global`

/** Groups of unsubscribes, and the list of all mail. */
export const asmRoutes = doorRoutes<AsmServices>([
  { method: 'POST', path: GROUPS, doorScope: 'asm.groups.create', handle: createGroup },
  { method: 'GET', path: GROUPS, doorScope: 'asm.groups.read', handle: listGroups },
  { method: 'GET', path: GROUP, doorScope: 'asm.groups.read', handle: showGroup },
  { method: 'PATCH', path: GROUP, doorScope: 'asm.groups.update', handle: changeGroup },
  { method: 'DELETE', path: GROUP, doorScope: 'asm.groups.delete', handle: removeGroup },
  { method: 'POST', path: OF_GROUP, doorScope: 'asm.groups.suppressions.create', handle: addToGroup },
  { method: 'GET', path: OF_GROUP, doorScope: 'asm.groups.suppressions.read', handle: listOfGroup },
  {
    method: 'POST',
    path: `${OF_GROUP}/search`,
    doorScope: 'asm.groups.suppressions.read',
    handle: searchGroup,
  },
  {
    method: 'DELETE',
    path: `${OF_GROUP}/{email}`,
    doorScope: 'asm.groups.suppressions.delete',
    handle: removeFromGroup,
  },
  { method: 'GET', path: ALL, doorScope: 'asm.suppressions.read', handle: listAll },
  { method: 'GET', path: `${ALL}/{email}`, doorScope: 'asm.suppressions.read', handle: groupsOf },
  { method: 'POST', path: GLOBAL, doorScope: 'asm.suppressions.global.create', handle: addGlobally },
  { method: 'GET', path: `${GLOBAL}/{email}`, doorScope: 'asm.suppressions.global.read', handle: showGlobal },
  {
    method: 'DELETE',
    path: `${GLOBAL}/{email}`,
    doorScope: 'asm.suppressions.global.delete',
    handle: removeGlobally,
  },
])
