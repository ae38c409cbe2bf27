import type { z } from 'zod'
import { parseAddressList } from '../../../kernel/email-address.ts'
import type { SendRequest } from '../../../modules/messages/index.ts'
import { textOfHtml } from '../../../platform/mime/index.ts'
import { isObject } from '../json-object.ts'
import { typeOfFile } from '../content-types.ts'
import { badAddress, badSender, invalid, missing, refuse } from './errors.ts'
import { ownId } from './ids.ts'
import { asMailbox } from './mailbox-text.ts'
import { instantOf } from './schedule.ts'
import { templateRef } from './template-ref.ts'

type Sendable = z.input<typeof SendRequest>
type Fields = Readonly<Record<string, unknown>>

const RECIPIENTS_MAX = 50
const TAGS_MAX = 75
const TAG_PART = /^[A-Za-z0-9_-]{1,256}$/
/** Those that statistics and lists can be asked for; what is longer, or more, is kept beside the message. */
const OWN_TAGS_MAX = 20
const OWN_TAG_CHARS_MAX = 255

/** Our request to send of one of the vendor's. Throws a refusal that names the first field that is wrong. */
export function emailOf(body: unknown, nowMs: number): Sendable {
  if (!isObject(body)) throw invalid('The email must be a JSON object.')
  const template = body['template'] ?? undefined
  const from = body['from'] ?? undefined
  if (from === undefined && template === undefined) throw missing('from')
  const to = addressesOf(body, 'to')
  if (to.length === 0) throw missing('to')
  return {
    ...(from === undefined ? {} : { from: senderOf(from) }),
    to,
    ...copiesOf(body, 'cc'),
    ...copiesOf(body, 'bcc'),
    ...contentOf(body, template),
    ...headersOf(body['headers'] ?? undefined),
    // What is said of answers by itself stands before a header.
    ...repliesOf(body),
    ...attachmentsOf(body['attachments'] ?? undefined),
    ...tagsOf(body['tags'] ?? undefined),
    ...scheduleOf(body['scheduled_at'] ?? undefined, nowMs),
    ...topicOf(body['topic_id'] ?? undefined),
  }
}

function senderOf(from: unknown): string {
  const mailbox = asMailbox(from)
  if (mailbox === null) throw badSender()
  return mailbox
}

function addressesOf(body: Fields, field: string): string[] {
  const value = body[field] ?? []
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (all.length > RECIPIENTS_MAX)
    throw invalid(
      `Invalid \`${field}\` field: it holds ${all.length} addresses; the most is ${RECIPIENTS_MAX}.`,
    )
  return all.map((address) => {
    const mailbox = asMailbox(address)
    if (mailbox === null) throw invalid(badAddress(field))
    return mailbox
  })
}

function copiesOf(body: Fields, field: 'cc' | 'bcc'): Partial<Sendable> {
  const addresses = addressesOf(body, field)
  return addresses.length === 0 ? {} : { [field]: addresses }
}

function repliesOf(body: Fields): Partial<Sendable> {
  const replyTo = addressesOf(body, 'reply_to')
  return replyTo.length === 0 ? {} : { replyTo }
}

function textOf(body: Fields, field: string): string | undefined {
  const value = body[field] ?? undefined
  if (value === undefined || typeof value === 'string') return value
  throw invalid(`Invalid \`${field}\` field: it must be a string.`)
}

function contentOf(body: Fields, template: unknown): Partial<Sendable> {
  const subject = textOf(body, 'subject')
  const html = textOf(body, 'html')
  const text = textOf(body, 'text')
  if (template !== undefined) {
    if (html !== undefined || text !== undefined)
      throw invalid('Give `template`, or `html` and `text`, not both.')
    return { template: { ...templateOf(template), ...(subject === undefined ? {} : { subject }) } }
  }
  if (subject === undefined) throw missing('subject')
  if (html === undefined && text === undefined) throw missing('html', 'text')
  return {
    subject,
    ...(html === undefined || html === '' ? {} : { html }),
    ...textBeside(html, text),
  }
}

/** Of a message without a text the vendor makes one of its HTML, unless the text is given and empty. */
function textBeside(html = '', text?: string): Pick<Sendable, 'text'> {
  if (html === '') return text === undefined ? {} : { text }
  const shown = text ?? textOfHtml(html)
  return shown === '' ? {} : { text: shown }
}

function templateOf(template: unknown): NonNullable<Sendable['template']> {
  if (!isObject(template)) throw invalid('Invalid `template` field: it must be an object with an `id`.')
  const ref = template['id'] ?? template['alias']
  if (ref === undefined || ref === null) throw missing('template.id')
  if (typeof ref !== 'string') throw invalid('Invalid `template.id` field: it must be a string.')
  const variables = template['variables'] ?? {}
  if (!isObject(variables)) throw invalid('Invalid `template.variables` field: it must be an object.')
  return { id: templateRef(ref), data: { ...variables } }
}

function headersOf(headers: unknown): Partial<Sendable> {
  if (headers === undefined) return {}
  if (!isObject(headers)) throw invalid('Invalid `headers` field: it must be an object.')
  const entries = Object.entries(headers).map(([name, value]): [string, string] => {
    if (typeof value === 'string' || typeof value === 'number') return [name, String(value)]
    throw invalid(`Invalid \`headers\` field: \`${name.slice(0, 100)}\` must be a string.`)
  })
  // These have fields of their own here.
  const valueOf = (wanted: string): string | undefined =>
    entries.find(([name]) => name.toLowerCase() === wanted)?.[1].trim()
  const [replyTo, messageId] = [valueOf('reply-to'), valueOf('message-id')]
  const others = entries.filter(([name]) => !/^(?:reply-to|message-id)$/i.test(name))
  return {
    ...(replyTo === undefined || replyTo === '' ? {} : { replyTo: addressesIn(replyTo) }),
    ...(messageId === undefined || messageId === '' ? {} : { messageId }),
    ...(others.length === 0 ? {} : { headers: Object.fromEntries(others) }),
  }
}

function addressesIn(field: string): NonNullable<Sendable['replyTo']> {
  const parsed = parseAddressList(field)
  if (!parsed.ok) throw invalid(badAddress('headers'))
  return parsed.addresses.map(({ email, display }) =>
    display === undefined ? { email } : { email, name: display },
  )
}

function attachmentsOf(attachments: unknown): Partial<Sendable> {
  if (attachments === undefined) return {}
  if (!Array.isArray(attachments)) throw badAttachment('Invalid `attachments` field: it must be an array.')
  const all = attachments.map((item: unknown, position) => attachmentOf(item, `attachments[${position}]`))
  return all.length === 0 ? {} : { attachments: all }
}

function attachmentOf(item: unknown, field: string): NonNullable<Sendable['attachments']>[number] {
  if (!isObject(item)) throw badAttachment(`Invalid \`${field}\` field: it must be an object.`)
  const content = base64Of(item['content'])
  const path = item['path'] ?? undefined
  if (content === undefined && typeof path !== 'string')
    throw badAttachment(
      `Invalid \`${field}\` field: an attachment needs \`content\` in base64, or a \`path\`.`,
    )
  const filename = item['filename'] ?? (typeof path === 'string' ? nameIn(path) : undefined) ?? NAMELESS
  if (typeof filename !== 'string' && filename !== false)
    throw badAttachment(`Invalid \`${field}\` field: its \`filename\` must be a string.`)
  const named = filename === false || filename === '' ? NAMELESS : filename
  const contentType = item['content_type'] ?? typeOfFile(named)
  const contentId = item['content_id'] ?? item['inline_content_id'] ?? undefined
  return {
    filename: named,
    ...(content === undefined && typeof path === 'string' ? { url: path } : { content: content ?? '' }),
    ...(typeof contentType === 'string' && contentType !== '' ? { contentType } : {}),
    ...(typeof contentId === 'string' ? { contentId, inline: true } : {}),
  }
}

/** Of an attachment without a name, which the vendor's clients may leave out. */
const NAMELESS = 'attachment'

/** The last part of a URL's path. */
function nameIn(url: string): string | undefined {
  return URL.parse(url)?.pathname.split('/').at(-1)
}

/** Older clients send a Node.js Buffer as JSON has it. */
function base64Of(content: unknown): string | undefined {
  if (typeof content === 'string') return content
  if (!isObject(content) || content['type'] !== 'Buffer' || !Array.isArray(content['data'])) return undefined
  const bytes = content['data'].filter((byte): byte is number => typeof byte === 'number')
  return Buffer.from(bytes).toString('base64')
}

function badAttachment(message: string) {
  return refuse(422, 'invalid_attachment', message)
}

function tagsOf(tags: unknown): Partial<Sendable> {
  if (tags === undefined) return {}
  if (!Array.isArray(tags) || tags.length > TAGS_MAX)
    throw invalid(`Invalid \`tags\` field: it must be an array of at most ${TAGS_MAX}.`)
  const pairs = tags.map((tag: unknown) => pairOf(tag))
  const [own, more] = [[] as string[], {} as Record<string, string>]
  for (const [name, value] of pairs) {
    const tag = `${name}:${value}`
    if (tag.length <= OWN_TAG_CHARS_MAX && own.length < OWN_TAGS_MAX) own.push(tag)
    else more[name] = value
  }
  return {
    ...(own.length === 0 ? {} : { tags: own }),
    ...(Object.keys(more).length === 0 ? {} : { metadata: more }),
  }
}

function pairOf(tag: unknown): readonly [name: string, value: string] {
  const [name, value] = isObject(tag) ? [tag['name'], tag['value']] : []
  if (typeof name === 'string' && typeof value === 'string' && TAG_PART.test(name) && TAG_PART.test(value))
    return [name, value]
  throw invalid(
    'Invalid `tags` field: a tag has a `name` and a `value` of at most 256 ASCII letters, numbers, underscores or dashes.',
  )
}

function scheduleOf(value: unknown, nowMs: number): Partial<Sendable> {
  return value === undefined ? {} : { sendAt: scheduledAt(value, nowMs) }
}

/** The instant that `scheduled_at` means. */
export function scheduledAt(value: unknown, nowMs: number): string {
  const instant = typeof value === 'string' ? instantOf(value, nowMs) : null
  if (instant !== null) return instant.toISOString()
  throw invalid(
    'Invalid `scheduled_at` field: it must be a time in ISO 8601, such as `2026-01-31T09:00:00Z`, or words such as `in 1 hour` or `tomorrow at 9am`.',
  )
}

function topicOf(value: unknown): Partial<Sendable> {
  if (value === undefined) return {}
  return { topic: ownId('topic', typeof value === 'string' ? value : undefined, 'topic_id') }
}
