import { z } from 'zod'
import { Fault } from '../../../kernel/faults.ts'
import {
  cancelBroadcast,
  createBroadcast,
  deleteBroadcast,
  getBroadcast,
  listBroadcasts,
  sendBroadcast,
  updateBroadcast,
} from '../../../modules/broadcasts/index.ts'
import type { Broadcasts } from '../../../modules/broadcasts/index.ts'
import { textOfHtml } from '../../../platform/mime/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorAnswer, DoorCall } from '../door.ts'
import { bodyOf } from './body.ts'
import { presentBroadcast, presentBroadcastItem } from './broadcast-view.ts'
import { scheduledAt } from './email-request.ts'
import { badAddress, badSender, invalid, missing, refuse } from './errors.ts'
import { ownId, uuidOf } from './ids.ts'
import { asMailbox } from './mailbox-text.ts'
import { listOf, WHOLE } from './paging.ts'
import { FULL } from './permissions.ts'

export interface BroadcastServices {
  readonly broadcasts: Broadcasts
}

type Call = DoorCall<BroadcastServices>

const BODY_BYTES_MAX = 4 * 1024 * 1024
const content = {
  name: z.string().nullish(),
  segment_id: z.string().nullish(),
  audience_id: z.string().nullish(),
  reply_to: z.union([z.string(), z.array(z.string()).max(20)]).nullish(),
  preview_text: z.string().nullish(),
  html: z.string().nullish(),
  text: z.string().nullish(),
  topic_id: z.string().nullish(),
}
const NewBroadcast = z.object({
  ...content,
  from: z.string().min(1),
  subject: z.string(),
  send: z.boolean().nullish(),
  scheduled_at: z.string().nullish(),
})
const Change = z.object({ ...content, from: z.string().min(1).nullish(), subject: z.string().nullish() })
const Sending = z.object({ scheduled_at: z.string().nullish() })

async function create(call: Call): Promise<DoorAnswer> {
  const wanted = bodyOf(call, NewBroadcast)
  const segment = wanted.segment_id ?? wanted.audience_id ?? undefined
  if (segment === undefined) throw missing('segment_id')
  const at = wanted.scheduled_at ?? undefined
  if (at !== undefined && wanted.send !== true)
    throw invalid(
      'Invalid `scheduled_at` field: it is for a broadcast with `send`, or for the call that sends it.',
    )
  const sendAt = at === undefined ? undefined : scheduledAt(at, Date.now())
  const { id } = await call.run(createBroadcast, {
    // The vendor lets it be left out.
    name: nameOf(wanted.name) ?? (wanted.subject.trim().slice(0, 200) || 'Untitled'),
    listId: ownId('list', segment, 'segment_id'),
    from: senderOf(wanted.from),
    subject: wanted.subject,
    dialect: 'resend',
    ...given({ previewText: wanted.preview_text, html: wanted.html, text: textOf(wanted) }),
    ...(wanted.topic_id === undefined || wanted.topic_id === null
      ? {}
      : { topic: ownId('topic', wanted.topic_id, 'topic_id') }),
    ...(wanted.reply_to === undefined || wanted.reply_to === null
      ? {}
      : { replyTo: repliesOf(wanted.reply_to) }),
  })
  if (wanted.send === true) await begin(call, id, sendAt)
  return { status: 201, body: { object: 'broadcast', id: uuidOf('broadcast', id) } }
}

/** Where none is given it is made of the HTML; an empty one keeps it away. */
function textOf({ html, text }: Pick<z.output<typeof Change>, 'html' | 'text'>): string | undefined {
  const shown = text ?? textOfHtml(html ?? '')
  return shown === '' ? undefined : shown
}

function senderOf<From extends string | null | undefined>(from: From): From | string {
  if (typeof from !== 'string') return from
  const mailbox = asMailbox(from)
  if (mailbox === null) throw badSender()
  return mailbox
}

function repliesOf(given: string | readonly string[]): string[] {
  return [given].flat().map((one) => {
    const mailbox = asMailbox(one)
    if (mailbox === null) throw invalid(badAddress('reply_to'))
    return mailbox
  })
}

/** A draft that cannot be sent is no draft of whoever wanted it sent. */
async function begin(call: Call, broadcastId: string, sendAt: string | undefined): Promise<void> {
  try {
    await call.run(sendBroadcast, { broadcastId, ...(sendAt === undefined ? {} : { scheduledAt: sendAt }) })
  } catch (error) {
    await call.run(deleteBroadcast, { broadcastId })
    throw error
  }
}

function nameOf(name: string | null | undefined): string | undefined {
  return name === undefined || name === null || name.trim() === '' ? undefined : name
}

type Given<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], null | undefined> }

function given<Fields extends Readonly<Record<string, unknown>>>(fields: Fields): Given<Fields> {
  const said = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the fields are those that were given, less what is not there
  return Object.fromEntries(said) as Given<Fields>
}

function list(call: Call): Promise<DoorAnswer> {
  return listOf(
    call,
    { kind: 'broadcast', ask: (page) => call.run(listBroadcasts, page), standard: WHOLE },
    presentBroadcastItem,
  )
}

async function show(call: Call): Promise<DoorAnswer> {
  const broadcast = await call.run(getBroadcast, { broadcastId: idOf(call) })
  return { status: 200, body: presentBroadcast(broadcast) }
}

async function update(call: Call): Promise<DoorAnswer> {
  const wanted = bodyOf(call, Change)
  const broadcastId = idOf(call)
  const segment = wanted.segment_id ?? wanted.audience_id ?? undefined
  const text = await textBeside(call, broadcastId, wanted)
  const change = {
    ...given({ name: nameOf(wanted.name), from: senderOf(wanted.from), subject: wanted.subject }),
    ...(segment === undefined ? {} : { listId: ownId('list', segment, 'segment_id') }),
    ...(wanted.preview_text === undefined ? {} : { previewText: wanted.preview_text }),
    ...(wanted.html === undefined ? {} : { html: wanted.html }),
    ...(text === undefined ? {} : { text }),
    ...(wanted.reply_to === undefined
      ? {}
      : { replyTo: wanted.reply_to === null ? null : repliesOf(wanted.reply_to) }),
    ...(wanted.topic_id === undefined
      ? {}
      : { topic: wanted.topic_id === null ? null : ownId('topic', wanted.topic_id, 'topic_id') }),
  }
  // Nothing to change is no mistake there.
  if (Object.keys(change).length === 0) await call.run(getBroadcast, { broadcastId })
  else await call.run(updateBroadcast, { broadcastId, ...change })
  return answer(broadcastId)
}

/** A text that was made of the HTML is made again where the HTML changes. */
async function textBeside(
  call: Call,
  broadcastId: string,
  { html, text }: z.output<typeof Change>,
): Promise<string | null | undefined> {
  if (text !== undefined) return text === '' ? null : text
  if (typeof html !== 'string') return undefined
  const before = await call.run(getBroadcast, { broadcastId })
  const wasMade = (before.text ?? '') !== '' && before.text === textOfHtml(before.html ?? '')
  return wasMade || (before.html === null && before.text === null) ? (textOf({ html }) ?? null) : undefined
}

async function send(call: Call): Promise<DoorAnswer> {
  const at = bodyOf(call, Sending).scheduled_at ?? undefined
  const broadcastId = idOf(call)
  const when = at === undefined ? {} : { scheduledAt: scheduledAt(at, Date.now()) }
  await call.run(sendBroadcast, { broadcastId, ...when })
  return answer(broadcastId)
}

/** What is scheduled is a draft again; what is being sent stops. Of anything else the vendor says that it may not be. */
async function cancel(call: Call): Promise<DoorAnswer> {
  const broadcastId = idOf(call)
  try {
    await call.run(cancelBroadcast, { broadcastId, toDraft: true })
  } catch (error) {
    throw error instanceof Fault && error.code === 'conflict'
      ? refuse(403, 'validation_error', error.detail)
      : error
  }
  return answer(broadcastId)
}

/** What is scheduled is cancelled by it, as at the vendor. */
async function remove(call: Call): Promise<DoorAnswer> {
  const broadcastId = idOf(call)
  const { state } = await call.run(getBroadcast, { broadcastId })
  if (state === 'scheduled') await call.run(cancelBroadcast, { broadcastId, toDraft: true })
  await call.run(deleteBroadcast, { broadcastId })
  return { status: 200, body: { object: 'broadcast', id: uuidOf('broadcast', broadcastId), deleted: true } }
}

async function duplicate(call: Call): Promise<DoorAnswer> {
  const { name, listId, from, replyTo, subject, dialect, previewText, html, text, topicId } = await call.run(
    getBroadcast,
    { broadcastId: idOf(call) },
  )
  const copy = await call.run(createBroadcast, {
    name: `${name.slice(0, 193)} (copy)`,
    listId,
    from,
    subject,
    dialect,
    ...given({ previewText, html, text, topic: topicId }),
    ...(replyTo.length === 0 ? {} : { replyTo }),
  })
  return answer(copy.id)
}

function answer(id: string): DoorAnswer {
  return { status: 200, body: { object: 'broadcast', id: uuidOf('broadcast', id) } }
}

function idOf(call: Call): string {
  return ownId('broadcast', call.params['id'])
}

const BROADCAST = '/broadcasts/{id}'

export const broadcastRoutes = doorRoutes<BroadcastServices>([
  { method: 'POST', path: '/broadcasts', doorScope: FULL, bodyBytesMax: BODY_BYTES_MAX, handle: create },
  { method: 'GET', path: '/broadcasts', doorScope: FULL, handle: list },
  { method: 'GET', path: BROADCAST, doorScope: FULL, handle: show },
  { method: 'PATCH', path: BROADCAST, doorScope: FULL, bodyBytesMax: BODY_BYTES_MAX, handle: update },
  { method: 'DELETE', path: BROADCAST, doorScope: FULL, handle: remove },
  { method: 'POST', path: `${BROADCAST}/send`, doorScope: FULL, handle: send },
  { method: 'POST', path: `${BROADCAST}/cancel`, doorScope: FULL, handle: cancel },
  { method: 'POST', path: `${BROADCAST}/duplicate`, doorScope: FULL, handle: duplicate },
])
