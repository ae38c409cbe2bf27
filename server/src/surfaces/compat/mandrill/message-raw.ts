import { decodeId } from '../../../kernel/ids.ts'
import { sendBatch, sendMime } from '../../../modules/messages/index.ts'
import type { Controls, Messages } from '../../../modules/messages/index.ts'
import { mandrillMessageId } from '../../../modules/webhooks/index.ts'
import {
  checkSubmitted,
  decodeHeaderText,
  parseHeaderBlock,
  withHeaders,
  withoutHeaders,
} from '../../../platform/mime/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { addressedBy } from '../submission/submitted.ts'
import { parametersOf } from './body.ts'
import { createProblems, SAY, textAt, textsAt } from './checks.ts'
import { notValid } from './errors.ts'
import { readMcHeaders, translateMcHeaders } from './mc-headers.ts'
import { addressProblem, readOptions } from './message-request.ts'
import type { SendOptions } from './message-request.ts'
import { inVendorsWords, notSent, rejectionOf, SEND_BODY_BYTES_MAX, statusOf } from './message-send.ts'
import type { Sent } from './message-send.ts'
import { route } from './routes.ts'

export interface RawServices {
  readonly messages: Messages
}

type Call = DoorCall<RawServices>

interface RawMail {
  readonly raw: Buffer
  readonly recipients: readonly string[]
  /** What is named beside the message and is no address. */
  readonly invalid: readonly string[]
  readonly options: SendOptions
}

async function sendRaw(call: Call): Promise<readonly Sent[]> {
  const mail = readRaw(call)
  const invalid = mail.invalid.map((email) => notSent({ email }, 'invalid', null))
  return mail.recipients.length === 0 ? invalid : [...(await deliver(call, mail)), ...invalid]
}

async function deliver(call: Call, mail: RawMail): Promise<readonly Sent[]> {
  try {
    const translated = translateMcHeaders({ raw: mail.raw, recipients: mail.recipients, nowMs: Date.now() })
    if (translated?.kind === 'requests') return await sendEach(call, mail, translated.requests)
    return await sendWhole(call, mail, translated?.raw ?? mail.raw, translated?.controls ?? {})
  } catch (error) {
    const reason = rejectionOf(error)
    if (reason === undefined) throw inVendorsWords(error, namedIn(mail.raw))
    return mail.recipients.map((email) => notSent({ email }, 'rejected', reason))
  }
}

/** What the fields of the message name. */
function namedIn(raw: Buffer) {
  const headers = readMcHeaders(raw)
  return { subaccount: headers?.subaccount, template: headers?.template?.name }
}

function readRaw(call: Call): RawMail {
  const parameters = parametersOf(call, 'raw_message')
  const problems = createProblems()
  const text = textAt(problems, parameters['raw_message'], ['raw_message'], SEND_BODY_BYTES_MAX) ?? ''
  const fromEmail = textAt(problems, parameters['from_email'], ['from_email'])?.trim() ?? ''
  const fromName = textAt(problems, parameters['from_name'], ['from_name'], 200)?.trim() ?? ''
  const listed = parameters['to']
  const to = textsAt(problems, typeof listed === 'string' ? listed.split(',') : listed, ['to']) ?? []
  const options = readOptions(problems, parameters)
  const problem = fromEmail === '' ? undefined : addressProblem(fromEmail)
  if (problem !== undefined) problems.add(['from_email'], problem)
  if (text.trim() === '') problems.add(['raw_message'], SAY.blank)
  problems.throwIfAny()
  const whole = Buffer.from(text.includes('\r') ? text : text.replaceAll('\n', '\r\n'))
  const raw = withSender(whole, fromEmail, fromName)
  const { to: shown, cc, bcc } = addressedBy(raw)
  const named = to.length > 0 ? to : [...shown, ...cc, ...bcc].map(({ email }) => email)
  const once = new Map<string, string>()
  for (const email of named.map((written) => written.trim()).filter((written) => written !== ''))
    if (!once.has(email.toLowerCase())) once.set(email.toLowerCase(), email)
  const all = [...once.values()]
  if (all.length === 0) throw notValid({ to: SAY.blank })
  const { valid = [], invalid = [] } = Object.groupBy(all, (email) =>
    addressProblem(email) === undefined ? 'valid' : 'invalid',
  )
  return { raw, recipients: valid, invalid, options }
}

/** With the sender that is named beside it. Throws where it is no message. */
function withSender(whole: Buffer, email: string, name: string): Buffer {
  const block = parseHeaderBlock(whole)
  if (!block.ok) throw notValid({ raw_message: block.problem })
  const said = checkSubmitted(whole)
  const own = said.ok ? decodeHeaderText(said.from.display ?? '') : ''
  const shown = name === '' ? own : name
  const raw = email === '' ? whole : withFrom(whole, email, shown === '' ? undefined : shown)
  const checked = checkSubmitted(raw)
  if (!checked.ok) throw notValid({ raw_message: checked.problem })
  return email === '' && name !== '' ? withFrom(raw, checked.from.email, name) : raw
}

function withFrom(raw: Buffer, email: string, name: string | undefined): Buffer {
  const shown = name === undefined ? email : `${quoted(name)} <${email}>`
  return withHeaders(withoutHeaders(raw, ['from']), [`From: ${shown}`])
}

/** A name as it may stand in a field (RFC 5322 §3.2.4, RFC 2047). */
function quoted(name: string): string {
  const plain = name.replaceAll(/\p{Cc}+/gu, ' ')
  if (/^[\x20-\x7e]*$/.test(plain)) return `"${plain.replaceAll(/["\\]/g, (char) => `\\${char}`)}"`
  // An encoded word has at most 75 characters: 12 of three bytes each make 48 in base64.
  const pieces = plain.match(/.{1,12}/gsu) ?? []
  return pieces.map((piece) => `=?utf-8?B?${Buffer.from(piece).toString('base64')}?=`).join('\r\n ')
}

type Requests = Extract<NonNullable<ReturnType<typeof translateMcHeaders>>, { kind: 'requests' }>['requests']

async function sendEach(call: Call, { options }: RawMail, requests: Requests): Promise<readonly Sent[]> {
  const { sendAt } = options
  const messages =
    sendAt === undefined ? requests : requests.map((one) => ({ ...one, sendAt: timeOf(sendAt) }))
  const { data } = await call.run(sendBatch, { messages: [...messages], atomic: true })
  return data.flatMap(({ message }, position) =>
    message === undefined ? [] : answersOf(message, sentAt(options, messages[position]?.sendAt)).slice(0, 1),
  )
}

/** In a moment where the time is past: an earlier one would be refused. */
function timeOf(sendAt: Date): string {
  return new Date(Math.max(sendAt.getTime(), Date.now())).toISOString()
}

async function sendWhole(
  call: Call,
  { recipients, options }: RawMail,
  raw: Buffer,
  controls: Partial<Controls>,
): Promise<readonly Sent[]> {
  const { tags, metadata, trackOpens, trackClicks, sensitive, ...more } = controls
  const fields = [
    ...(metadata === undefined ? [] : [`X-Bulkhead-Metadata: ${asciiJson(metadata)}`]),
    ...(trackOpens === undefined ? [] : [`X-Bulkhead-Track-Opens: ${trackOpens ? 'on' : 'off'}`]),
    ...(trackClicks === undefined ? [] : [`X-Bulkhead-Track-Clicks: ${trackClicks ? 'on' : 'off'}`]),
  ]
  const { subaccount, lane, sendAt } = more
  const at = options.sendAt === undefined ? sendAt : timeOf(options.sendAt)
  const accepted = await call.run(
    sendMime,
    {
      to: [...recipients],
      ...(tags === undefined ? {} : { tag: [...tags] }),
      ...(sensitive === undefined ? {} : { sensitive: sensitive ? 'true' : 'false' }),
      ...(subaccount === undefined ? {} : { subaccount }),
      ...(lane === undefined ? {} : { lane }),
      ...(at === undefined ? {} : { sendAt: at }),
    },
    { raw: fields.length === 0 ? raw : withHeaders(raw, fields) },
  )
  return answersOf(accepted, sentAt(options, at))
}

/** As it was asked for, beside the message or in it. */
function sentAt({ isAsync }: SendOptions, at: string | undefined): SendOptions {
  return { isAsync, ...(at === undefined ? {} : { sendAt: new Date(at) }) }
}

/** JSON that may stand in a header field. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[^\x20-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function answersOf(
  accepted: {
    readonly id: string
    readonly recipients: readonly {
      readonly number: number
      readonly email: string
      readonly state: string
      readonly reason?: string | undefined
    }[]
  },
  options: SendOptions,
): Sent[] {
  const id = decodeId('message', accepted.id)
  if (id === null) throw new Error('an accepted message has an id that is none')
  return accepted.recipients.map((recipient) => ({
    email: recipient.email,
    ...statusOf(recipient, options),
    _id: mandrillMessageId(id, recipient.number),
  }))
}

/** Sending what is written already. */
export const rawRoutes = doorRoutes<RawServices>([
  route('messages/send-raw', sendRaw, { bodyBytesMax: SEND_BODY_BYTES_MAX }),
])
