import { IDEMPOTENCY_KEY } from '../../../platform/http/running.ts'
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Fault } from '../../../kernel/faults.ts'
import {
  cancelMessage,
  getMessage,
  getMessageContent,
  listMessages,
  rescheduleMessage,
  sendBatch,
  sendMessage,
} from '../../../modules/messages/index.ts'
import type { Messages, SendRequest } from '../../../modules/messages/index.ts'
import { DoorRefusal, doorRoutes } from '../door.ts'
import type { DoorAnswer, DoorCall } from '../door.ts'
import { eachOf } from '../listing.ts'
import { isObject } from '../json-object.ts'
import { emailOf, scheduledAt } from './email-request.ts'
import { presentEmail, presentWholeEmail } from './email-view.ts'
import { errorOf, invalid, missing, notFound, refuse } from './errors.ts'
import type { ErrorName } from './errors.ts'
import { ownId, uuidOf } from './ids.ts'
import { listOf } from './paging.ts'
import { FULL, SENDING } from './permissions.ts'

export interface EmailServices {
  readonly messages: Messages
}

type Call = DoorCall<EmailServices>
type Sendable = z.input<typeof SendRequest>

const BATCH_MAX = 100
/** "The maximum email size is 40 MB, after base64 encoding of the attachments." */
const BODY_BYTES_MAX = 56 * 1024 * 1024

async function send(call: Call): Promise<DoorAnswer> {
  requireIdempotencyKey(call)
  const { id } = await call.run(sendMessage, emailOf(call.body, Date.now()))
  return { status: 200, body: { id: uuidOf('message', id) } }
}

/** Checked before everything else: whoever gives one wants nothing sent twice. */
function requireIdempotencyKey(call: Call): void {
  const key = call.header('idempotency-key')
  if (key === undefined || IDEMPOTENCY_KEY.test(key)) return
  throw refuse(
    400,
    'invalid_idempotency_key',
    'The idempotency key must have 1 to 256 printable ASCII characters.',
  )
}

async function batch(call: Call): Promise<DoorAnswer> {
  requireIdempotencyKey(call)
  const emails = emailsOf(call.body)
  const validation = call.header('x-batch-validation') ?? 'strict'
  if (validation !== 'strict' && validation !== 'permissive')
    throw invalid('Invalid `x-batch-validation` header: it must be `strict` or `permissive`.')
  return validation === 'strict' ? strict(call, emails) : permissive(call, emails)
}

function emailsOf(body: unknown): readonly unknown[] {
  if (!Array.isArray(body)) throw invalid('The body must be an array of emails.')
  if (body.length === 0 || body.length > BATCH_MAX)
    throw invalid(`A batch holds 1 to ${BATCH_MAX} emails; this one holds ${body.length}.`)
  return body
}

/** All or none. */
async function strict(call: Call, emails: readonly unknown[]): Promise<DoorAnswer> {
  const nowMs = Date.now()
  const messages = emails.map((email, index) => {
    try {
      return emailOf(email, nowMs)
    } catch (error) {
      throw placed(index, error)
    }
  })
  const { data } = await call.run(sendBatch, { messages, atomic: true })
  const ids = data.flatMap(({ message }) =>
    message === undefined ? [] : [{ id: uuidOf('message', message.id) }],
  )
  return { status: 200, body: { data: ids } }
}

function placed(index: number, error: unknown): unknown {
  const message = messageOf(error)
  if (!(error instanceof DoorRefusal) || message === undefined) return error
  const { body } = error.answer
  return new DoorRefusal({
    ...error.answer,
    body: isObject(body) ? { ...body, message: `Email ${index}: ${message}` } : body,
  })
}

function messageOf(error: unknown): string | undefined {
  if (!(error instanceof DoorRefusal) || !isObject(error.answer.body)) return undefined
  const { message } = error.answer.body
  return typeof message === 'string' ? message : undefined
}

type Outcome = { readonly id: string } | { readonly index: number; readonly error: unknown }

/**
 * Those that are in order are sent, the others told. Each is a message of its own with the idempotency key of the request and its place, so
 * that a repetition sends what was missing. Where nothing was sent, what refuses them all, such as a limit, refuses the request.
 */
async function permissive(call: Call, emails: readonly unknown[]): Promise<DoorAnswer> {
  const nowMs = Date.now()
  const key = call.header('idempotency-key')
  const outcomes = await eachOf([...emails.entries()], async ([index, email]): Promise<Outcome> => {
    try {
      return await sendOne(call, emailOf(email, nowMs), key === undefined ? undefined : keyAt(key, index))
    } catch (error) {
      return { index, error }
    }
  })
  const data = outcomes.filter((one) => 'id' in one)
  const refused = outcomes.filter((one) => 'error' in one)
  const ofAll = refused.find(({ error }) => !isOfOneEmail(error))
  if (data.length === 0 && ofAll !== undefined) throw ofAll.error
  const errors = refused.map(({ index, error }) => ({ index, message: whatOfIt(error) }))
  return { status: 200, body: { data, errors } }
}

async function sendOne(call: Call, message: Sendable, idempotencyKey: string | undefined) {
  const { id } = await call.run(sendMessage, message, idempotencyKey === undefined ? {} : { idempotencyKey })
  return { id: uuidOf('message', id) }
}

/** Of any length: keys have a longest. */
function keyAt(key: string, index: number): string {
  return createHash('sha256').update(`${key}/${index}`).digest('hex')
}

const OF_ONE: ReadonlySet<string> = new Set<ErrorName>([
  'validation_error',
  'invalid_from_address',
  'invalid_attachment',
  'missing_required_field',
])

function isOfOneEmail(error: unknown): boolean {
  return error instanceof DoorRefusal || (error instanceof Fault && OF_ONE.has(errorOf(error).name))
}

function whatOfIt(error: unknown): string {
  if (error instanceof Fault) return errorOf(error).message
  return messageOf(error) ?? 'This email could not be processed; nothing of it was done.'
}

function list(call: Call): Promise<DoorAnswer> {
  return listOf(call, { kind: 'message', ask: (page) => call.run(listMessages, page) }, presentEmail)
}

async function show(call: Call): Promise<DoorAnswer> {
  const messageId = idOf(call)
  const message = await call.run(getMessage, { messageId })
  return { status: 200, body: presentWholeEmail(message, await contentOf(call, messageId)) }
}

/** Of sensitive mail, and of mail whose content is no longer kept, there is none. */
async function contentOf(call: Call, messageId: string): Promise<Buffer | null> {
  try {
    return await call.run(getMessageContent, { messageId })
  } catch (error) {
    if (error instanceof Fault && (error.code === 'content_gone' || error.code === 'not_found')) return null
    throw error
  }
}

async function reschedule(call: Call): Promise<DoorAnswer> {
  const at = isObject(call.body) ? (call.body['scheduled_at'] ?? undefined) : undefined
  if (at === undefined) throw missing('scheduled_at')
  const messageId = idOf(call)
  await call.run(rescheduleMessage, { messageId, sendAt: scheduledAt(at, Date.now()) })
  return { status: 200, body: { object: 'email', id: uuidOf('message', messageId) } }
}

async function cancel(call: Call): Promise<DoorAnswer> {
  const messageId = idOf(call)
  await call.run(cancelMessage, { messageId })
  return { status: 200, body: { object: 'email', id: uuidOf('message', messageId) } }
}

/** What is named where the vendor has calls that are not here. */
const NOT_HERE: ReadonlySet<string> = new Set(['receiving', 'metrics'])

function idOf(call: Call): string {
  const named = call.params['email_id'] ?? ''
  if (NOT_HERE.has(named)) throw notFound('Endpoint')
  return ownId('message', named)
}

export const emailRoutes = doorRoutes<EmailServices>([
  { method: 'POST', path: '/emails', doorScope: SENDING, bodyBytesMax: BODY_BYTES_MAX, handle: send },
  { method: 'POST', path: '/emails/batch', doorScope: SENDING, bodyBytesMax: BODY_BYTES_MAX, handle: batch },
  { method: 'GET', path: '/emails', doorScope: FULL, handle: list },
  { method: 'GET', path: '/emails/{email_id}', doorScope: FULL, handle: show },
  { method: 'PATCH', path: '/emails/{email_id}', doorScope: FULL, handle: reschedule },
  { method: 'POST', path: '/emails/{email_id}/cancel', doorScope: FULL, handle: cancel },
])
