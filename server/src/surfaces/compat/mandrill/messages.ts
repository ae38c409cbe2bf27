import { Fault } from '../../../kernel/faults.ts'
import {
  cancelMessage,
  getMessageContent,
  listMessages,
  rescheduleMessage,
} from '../../../modules/messages/index.ts'
import type { MessageSummaryView } from '../../../modules/messages/index.ts'
import type { z } from 'zod'
import { decodeHeaderText } from '../../../platform/mime/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { withoutLastBreak } from '../last-break.ts'
import { collect } from '../listing.ts'
import { parametersOf } from './body.ts'
import { createProblems, SAY, textAt, timeAt, toldTime, unixTime } from './checks.ts'
import { notValid, unknownMessage } from './errors.ts'
import { search } from './message-search.ts'
import { SEND_BODY_BYTES_MAX } from './message-send.ts'
import { createPresenter, mandrillId, requireMail, smtpEvents } from './message-views.ts'
import type { Mail, ViewServices } from './message-views.ts'
import { viewOf } from './mime-view.ts'
import { route } from './routes.ts'

type Call = DoorCall<ViewServices>
type Summary = z.output<typeof MessageSummaryView>

function idOf(call: Call): string {
  const problems = createProblems()
  const id = textAt(problems, parametersOf(call, 'id')['id'], ['id'])
  problems.throwIfAny()
  return id ?? ''
}

async function info(call: Call) {
  const mail = await requireMail(call, idOf(call))
  return { ...(await createPresenter(call)(mail)), smtp_events: smtpEvents(mail) }
}

async function content(call: Call) {
  const id = idOf(call)
  const { message, recipient } = await requireMail(call, id)
  const raw = await call.run(getMessageContent, { messageId: message.id }).catch((error: unknown) => {
    throw error instanceof Fault && error.code === 'content_gone' ? unknownMessage(id) : error
  })
  const { subject, to, headers, text, html, attachments, images } = viewOf(withoutLastBreak(raw))
  const shown = to.find(({ email }) => email.toLowerCase() === recipient.email.toLowerCase())
  return {
    ts: unixTime(message.createdAt),
    _id: id,
    from_email: message.from?.email ?? '',
    // Of a message that came whole it is as it was written.
    from_name: decodeHeaderText(message.from?.name ?? ''),
    subject: subject ?? '',
    to: { email: recipient.email, name: shown?.name ?? '' },
    tags: message.tags,
    headers,
    text: text ?? '',
    html: html ?? '',
    // Content is in base64 here whatever it is.
    attachments: [...attachments, ...images].map(({ name, type, binary, content: data }) => ({
      name,
      type,
      content: binary ? data : Buffer.from(data).toString('base64'),
    })),
  }
}

function parse(call: Call): Promise<unknown> {
  const problems = createProblems()
  const raw = textAt(
    problems,
    parametersOf(call, 'raw_message')['raw_message'],
    ['raw_message'],
    SEND_BODY_BYTES_MAX,
  )
  problems.throwIfAny()
  const { subject, from, to, headers, text, html, isFlowed, attachments, images } = viewOf(
    Buffer.from(raw ?? ''),
  )
  return Promise.resolve({
    subject: subject ?? '',
    from_email: from?.email ?? '',
    from_name: from?.name ?? '',
    to,
    headers,
    text: text ?? '',
    text_flowed: isFlowed,
    html: html ?? '',
    attachments,
    images: images.map(({ name, type, content: data }) => ({ name, type, content: data })),
  })
}

const SCHEDULED_MAX = 1_000

async function listScheduled(call: Call) {
  const problems = createProblems()
  const to = textAt(problems, parametersOf(call)['to'], ['to'])?.trim()
  problems.throwIfAny()
  const messages = await collect(
    (page) =>
      call.run(listMessages, {
        ...page,
        state: 'scheduled',
        ...(to === undefined || to === '' ? {} : { recipient: to }),
      }),
    (items) => items.length >= SCHEDULED_MAX,
  )
  const wanted = to?.toLowerCase() ?? ''
  return messages
    .flatMap((message) =>
      message.to.map((email, position) => presentScheduled(message, { email, number: position + 1 })),
    )
    .filter((item) => wanted === '' || item.to.toLowerCase() === wanted)
    .slice(0, SCHEDULED_MAX)
}

function presentScheduled(
  message: Pick<Summary, 'id' | 'createdAt' | 'sendAt' | 'from' | 'subject'>,
  recipient: { readonly email: string; readonly number: number },
) {
  return {
    _id: mandrillId(message, recipient.number),
    created_at: toldTime(message.createdAt),
    send_at: toldTime(message.sendAt ?? message.createdAt),
    from_email: message.from?.email ?? '',
    to: recipient.email,
    subject: message.subject ?? '',
  }
}

/** A mail that waits for its time. What is gone already is unknown here, as at the vendor. */
async function requireScheduled(call: Call, id: string): Promise<Mail> {
  const mail = await requireMail(call, id)
  if (mail.recipient.state !== 'scheduled') throw unknownMessage(id)
  return mail
}

async function cancelScheduled(call: Call) {
  const id = idOf(call)
  const { message, recipient } = await requireScheduled(call, id)
  await call.run(cancelMessage, { messageId: message.id }).catch((error: unknown) => {
    throw error instanceof Fault && error.code === 'not_cancellable' ? unknownMessage(id) : error
  })
  return presentScheduled(message, recipient)
}

async function reschedule(call: Call) {
  const parameters = parametersOf(call, 'id', 'send_at')
  const id = idOf(call)
  const problems = createProblems()
  const sendAt = timeAt(problems, parameters['send_at'], ['send_at'])
  if (sendAt === undefined && parameters['send_at'] === '') problems.add(['send_at'], SAY.blank)
  problems.throwIfAny()
  const { message, recipient } = await requireScheduled(call, id)
  const moved = await call
    .run(rescheduleMessage, { messageId: message.id, sendAt: (sendAt ?? new Date()).toISOString() })
    .catch((error: unknown) => {
      if (!(error instanceof Fault)) throw error
      if (error.code === 'not_cancellable') throw unknownMessage(id)
      if (error.code === 'invalid_request')
        throw notValid({ send_at: error.fields[0]?.problem ?? error.detail })
      throw error
    })
  return presentScheduled({ ...message, sendAt: moved.sendAt }, recipient)
}

/** Mail that was sent, and that waits for its time. */
export const messageRoutes = doorRoutes<ViewServices>([
  route('messages/info', info),
  route('messages/content', content),
  route('messages/search', search),
  route('messages/parse', parse, { bodyBytesMax: SEND_BODY_BYTES_MAX }),
  route('messages/list-scheduled', listScheduled),
  route('messages/cancel-scheduled', cancelScheduled),
  route('messages/reschedule', reschedule),
])
