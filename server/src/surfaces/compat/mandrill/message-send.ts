import { randomBytes } from 'node:crypto'
import { Fault } from '../../../kernel/faults.ts'
import { decodeId } from '../../../kernel/ids.ts'
import { sendBatch } from '../../../modules/messages/index.ts'
import type { Messages } from '../../../modules/messages/index.ts'
import { getSubaccount } from '../../../modules/subaccounts/index.ts'
import type { Subaccounts } from '../../../modules/subaccounts/index.ts'
import { getTemplate } from '../../../modules/templates/index.ts'
import type { Templates } from '../../../modules/templates/index.ts'
import { mandrillMessageId } from '../../../modules/webhooks/index.ts'
import { textOfHtml } from '../../../platform/mime/index.ts'
import { fillEditable } from '../../../platform/templates/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { parametersOf } from './body.ts'
import { createProblems, objectsAt, SAY, textAt } from './checks.ts'
import type { JsonObject } from '../json-object.ts'
import { notValid, unknownSubaccount, unknownTemplate } from './errors.ts'
import { plan } from './message-native.ts'
import type { Planned, TemplateChoice } from './message-native.ts'
import { readSending } from './message-request.ts'
import type { Addressee, MessageRequest, SendOptions } from './message-request.ts'
import { route } from './routes.ts'
import { referenceOf } from './template-names.ts'

export interface SendServices {
  readonly messages: Messages
  readonly templates: Templates
  readonly subaccounts: Subaccounts
}

type Call = DoorCall<SendServices>

export const SEND_BODY_BYTES_MAX = 56 * 1024 * 1024
/** As many as one request of ours may hold. */
const RECIPIENTS_MAX = 1_000
/** The vendor sends what has more recipients behind its answer. */
const AT_ONCE_MAX = 10
/** No answer takes longer. */
const ANSWER_MS = 60_000

type Status = 'sent' | 'queued' | 'scheduled' | 'rejected' | 'invalid'

/** What is answered for one recipient. */
export interface Sent {
  readonly email: string
  readonly status: Status
  readonly reject_reason: string | null
  readonly queued_reason: string | null
  readonly _id: string
}

async function send(call: Call) {
  const { message, options } = readSending(parametersOf(call, 'message'))
  return deliver(call, message, options)
}

async function sendTemplate(call: Call) {
  const parameters = parametersOf(call, 'template_name', 'template_content', 'message')
  const name = templateNameOf(parameters)
  const { message, options } = readSending(parameters)
  const problems = createProblems()
  const editable = readContents(problems, parameters['template_content'])
  problems.throwIfAny()
  const id = referenceOf(name)
  const look = templateOf(call, id)
  const from = message.fromEmail === undefined ? await defaultFrom(look, name) : undefined
  const text = message.hasAutoText ? await madeText(look, editable) : undefined
  return deliver(call, message, options, { id, editable, from, text }, name)
}

/** The template, which is asked for when it is needed, and once. */
function templateOf(call: Call, templateId: string) {
  const ask = () => call.run(getTemplate, { templateId })
  let asked: ReturnType<typeof ask> | undefined
  return () => (asked ??= ask())
}

type Look = ReturnType<typeof templateOf>

/** A text of the HTML of a template that has none; a key that may not look sends what there is. */
async function madeText(look: Look, editable: TemplateChoice['editable']): Promise<string | undefined> {
  try {
    const { active } = await look()
    const html = active?.html ?? ''
    return html === '' || (active?.text ?? '') !== '' ? undefined : textOfHtml(fillEditable(html, editable))
  } catch (error) {
    // That it is not there sending will tell.
    if (error instanceof Fault && error.status < 500) return undefined
    throw error
  }
}

function templateNameOf(parameters: JsonObject): string {
  const problems = createProblems()
  const name = textAt(problems, parameters['template_name'], ['template_name'])?.trim()
  if (name === '') problems.add(['template_name'], SAY.blank)
  problems.throwIfAny()
  return name ?? ''
}

/** What fills the regions of a template. Programs that have nothing for them give one without a name. */
export function readContents(
  problems: ReturnType<typeof createProblems>,
  given: unknown,
): TemplateChoice['editable'] {
  const place = ['template_content'] as const
  return (objectsAt(problems, given, place) ?? []).flatMap(({ name, content }, at) => {
    const region = textAt(problems, name, [...place, at, 'name'], 200) ?? ''
    const html = textAt(problems, content, [...place, at, 'content'], 1_048_576)
    return region === '' || html === undefined ? [] : [{ name: region, content: html }]
  })
}

/** Null where the key may send and not look: then sending knows it. */
async function defaultFrom(look: Look, name: string): Promise<TemplateChoice['from']> {
  try {
    const { active } = await look()
    return active?.from ?? undefined
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    if (error.code === 'missing_scope') return null
    throw error.code === 'not_found' ? unknownTemplate(name) : error
  }
}

async function deliver(
  call: Call,
  message: MessageRequest,
  options: SendOptions,
  template?: TemplateChoice,
  templateName = '',
): Promise<readonly Sent[]> {
  if (message.fromEmail === undefined && template?.from === undefined)
    throw notValid({ message: { from_email: SAY.blank } })
  if (message.to.length > RECIPIENTS_MAX)
    throw notValid({ message: { to: `Enter a list of not more than ${RECIPIENTS_MAX} recipients` } })
  const planned = plan(message, options, Date.now(), template)
  const answers = new Map<Addressee, Sent>()
  for (const addressee of message.to) {
    if (!addressee.isValid) answers.set(addressee, notSent(addressee, 'invalid', null))
  }
  if (planned.length > 0) {
    const sent = await accept(call, planned, options, message.subaccount).catch((error: unknown) => {
      const reason = rejectionOf(error)
      if (reason === undefined)
        throw inVendorsWords(error, { subaccount: message.subaccount, template: templateName })
      return planned.flatMap(({ addressees }) =>
        addressees.map((addressee) => [addressee, notSent(addressee, 'rejected', reason)] as const),
      )
    })
    for (const [addressee, answer] of sent) answers.set(addressee, answer)
  }
  return message.to.flatMap((addressee) => answers.get(addressee) ?? [])
}

/** All or nothing is accepted. Who is suppressed is told so, and gets nothing. */
async function accept(
  call: Call,
  planned: readonly Planned[],
  options: SendOptions,
  subaccount: string | undefined,
): Promise<readonly (readonly [Addressee, Sent])[]> {
  const { data } = await call.run(sendBatch, {
    messages: planned.map(({ request }) => request),
    atomic: true,
  })
  const isMany = planned.reduce((sum, { addressees }) => sum + addressees.length, 0) > AT_ONCE_MAX
  const isPaused = subaccount !== undefined && (await isSubaccountPaused(call, subaccount))
  return planned.flatMap(({ addressees }, at) => {
    const accepted = data[at]?.message
    const id = accepted === undefined ? null : decodeId('message', accepted.id)
    return addressees.map((addressee, position) => {
      const recipient = accepted?.recipients[position]
      if (id === null || recipient === undefined) throw new Error('a batch answered less than it was asked')
      const status = statusOf(recipient, options, { isMany, isPaused })
      const _id = mandrillMessageId(id, recipient.number)
      return [addressee, { email: addressee.email, ...status, _id }] as const
    })
  })
}

/** Mail of one that is paused waits; a key that may not look is told no more than that it is accepted. */
async function isSubaccountPaused(call: Call, name: string): Promise<boolean> {
  try {
    return (await call.run(getSubaccount, { subaccountId: name })).state === 'paused'
  } catch (error) {
    if (error instanceof Fault && error.status < 500) return false
    throw error
  }
}

const REJECTED: Readonly<Record<string, string>> = {
  hard_bounce: 'hard-bounce',
  complaint: 'spam',
  unsubscribe: 'unsub',
  topic: 'unsub',
  manual: 'custom',
}

function told(status: Status, rejected: string | null = null, queued: string | null = null) {
  return { status, reject_reason: rejected, queued_reason: queued }
}

/**
 * `sent` is what the vendor says once mail is on its way: here it is stored, and goes out from now on. What is sent behind the answer is queued
 * whoever it is for: that somebody is suppressed, webhooks and `messages/info` tell.
 */
export function statusOf(
  recipient: { readonly state: string; readonly reason?: string | undefined },
  { isAsync, sendAt }: SendOptions,
  { isMany = false, isPaused = false }: { readonly isMany?: boolean; readonly isPaused?: boolean } = {},
): Pick<Sent, 'status' | 'reject_reason' | 'queued_reason'> {
  switch (recipient.state) {
    case 'suppressed':
      if (isMany) return told('queued', null, 'multiple-recipients')
      return isAsync ? told('queued') : told('rejected', REJECTED[recipient.reason ?? ''] ?? 'custom')
    case 'scheduled':
      // Nobody asked for later: its subaccount has sent all that it may in this hour.
      return isAhead(sendAt) ? told('scheduled') : told('queued', null, 'hourly-quota-exhausted')
    case 'held':
      return told('queued', null, 'sending-paused')
    default:
      if (isPaused) return told('queued', null, 'sending-paused')
      if (isMany) return told('queued', null, 'multiple-recipients')
      return told(isAsync ? 'queued' : 'sent')
  }
}

/** A time that was ahead when it was asked for, however long the answer took. */
function isAhead(sendAt: Date | undefined): boolean {
  return sendAt !== undefined && sendAt.getTime() > Date.now() - ANSWER_MS
}

/** Nothing of ours was made: the id is one that no call knows. */
export function notSent(
  { email }: Pick<Addressee, 'email'>,
  status: 'rejected' | 'invalid',
  reason: string | null,
): Sent {
  const _id = randomBytes(16).toString('hex')
  return { email, status, reject_reason: reason, queued_reason: null, _id }
}

/** The vendor tells of each recipient that a sender is refused. */
export function rejectionOf(error: unknown): 'unsigned' | 'invalid-sender' | undefined {
  if (!(error instanceof Fault) || error.code !== 'sender_refused') return undefined
  const isOfDomain = error.fields.some(({ problem }) => problem.endsWith('is not a verified sending domain'))
  return isOfDomain ? 'unsigned' : 'invalid-sender'
}

/** What is unknown under its own name of error; every other fault is told by its fields. */
export function inVendorsWords(
  error: unknown,
  named: { readonly subaccount?: string | undefined; readonly template?: string | undefined },
): unknown {
  if (!(error instanceof Fault) || error.code !== 'invalid_request') return error
  const wrong = new Set(error.fields.map(({ field }) => field.replace(/^messages\[\d+\]\./, '')))
  if (wrong.has('subaccount')) return unknownSubaccount(named.subaccount ?? '')
  return wrong.has('template.id') ? unknownTemplate(named.template ?? '') : error
}

/** Sending. */
export const sendRoutes = doorRoutes<SendServices>([
  route('messages/send', send, { bodyBytesMax: SEND_BODY_BYTES_MAX }),
  route('messages/send-template', sendTemplate, { bodyBytesMax: SEND_BODY_BYTES_MAX }),
])
