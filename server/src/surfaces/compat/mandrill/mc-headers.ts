import { Fault, invalidField } from '../../../kernel/faults.ts'
import { parseSendRequest } from '../../../modules/messages/index.ts'
import type { Controls } from '../../../modules/messages/index.ts'
import {
  checkSubmitted,
  decodeHeaderText,
  headerValue,
  withHeaders,
  withoutHeaders,
} from '../../../platform/mime/index.ts'
import { DoorRefusal } from '../door.ts'
import { takenApart } from '../submission/submitted.ts'
import type { Submitted } from '../submission/submitted.ts'
import type { AtSubmission, Translate, Translation } from '../submission/translation.ts'
import { createProblems, flagAt, mergedVars, timeAt } from './checks.ts'
import type { Problems } from './checks.ts'
import { plan } from './message-native.ts'
import type { TemplateChoice } from './message-native.ts'
import { addresseesOf } from './mc-recipients.ts'
import { readLanguage, readMetadata, readVars } from './message-request.ts'
import type { MessageRequest } from './message-request.ts'
import { referenceOf } from './template-names.ts'

const PREFIX = 'x-mc-'
const BLOCK_DEFAULT = 'main'

/** What the vendor's fields of a message say. */
interface McHeaders {
  /** All of them, in lower case: none of them leaves. */
  readonly names: readonly string[]
  readonly tags: readonly string[]
  readonly tracking?: { readonly opens: boolean; readonly clicks: boolean }
  readonly hasAutoText: boolean
  readonly hasAutoHtml: boolean
  readonly template?: { readonly name: string; readonly block: string }
  readonly vars: MessageRequest['globalVars']
  readonly recipientVars: MessageRequest['vars']
  readonly hasVars: boolean
  readonly language: MessageRequest['language']
  readonly analytics?: NonNullable<MessageRequest['analytics']>
  readonly metadata: MessageRequest['metadata']
  readonly recipientMetadata: MessageRequest['recipientMetadata']
  readonly showsRecipients?: boolean
  readonly inlinesCss: boolean
  readonly subaccount?: string
  readonly keepsContent: boolean
  readonly bccAddress?: string
  readonly isImportant: boolean
  readonly sendAt?: Date
}

/**
 * The fields X-MC-* of the vendor's submission server; none of them leaves. Where they say nothing about content or recipients the message goes
 * as it came, byte for byte; else one is written for each recipient.
 */
export const translateMcHeaders: Translate = (message) => {
  const headers = asFault(() => readMcHeaders(message.raw))
  if (headers === null) return null
  return isRewritten(headers, message)
    ? asFault(() => rewritten(message, headers))
    : whole(message.raw, headers)
}

/** Refusals of the door say themselves in a body; at submission there is none. */
function asFault<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof DoorRefusal)) throw error
    const { body } = error.answer
    const told =
      typeof body === 'object' && body !== null && 'message' in body ? String(body.message) : 'is not valid'
    throw new Fault('invalid_request', {
      detail: `X-MC: ${told}`,
      fields: [{ field: 'X-MC', problem: told }],
    })
  }
}

export function readMcHeaders(raw: Buffer): McHeaders | null {
  const checked = checkSubmitted(raw)
  if (!checked.ok) throw invalidField('message', checked.problem)
  const values = new Map<string, string[]>()
  for (const field of checked.block.headers) {
    if (!field.name.startsWith(PREFIX)) continue
    const name = field.name.slice(PREFIX.length)
    values.set(name, [...(values.get(name) ?? []), decodeHeaderText(headerValue(raw, field)).trim()])
  }
  if (values.size === 0) return null
  const problems = createProblems()
  const first = (name: string): string | undefined => values.get(name)?.find((value) => value !== '')
  const flag = (name: string): boolean | undefined => flagAt(problems, first(name), [`X-MC-${name}`])
  const list = (name: string): string[] =>
    (values.get(name) ?? [])
      .flatMap((value) => value.split(','))
      .map((item) => item.trim())
      .filter((item) => item !== '')
  const merged = entriesOf(problems, values.get('mergevars'), 'X-MC-MergeVars')
  const metadata = entriesOf(problems, values.get('metadata'), 'X-MC-Metadata')
  const [track, domains] = [list('track'), list('googleanalytics')]
  const [template, showsRecipients] = [first('template'), flag('preserverecipients')]
  const [subaccount, bccAddress] = [first('subaccount'), first('bccaddress')]
  const campaign = first('googleanalyticscampaign')
  const sendAt = timeAt(problems, first('sendat'), ['X-MC-SendAt'])
  const read: McHeaders = {
    names: [...values.keys()].map((name) => `${PREFIX}${name}`),
    tags: list('tags').filter((tag) => !tag.startsWith('_')),
    ...(track.length === 0 ? {} : { tracking: trackingOf(track) }),
    hasAutoText: flag('autotext') ?? false,
    hasAutoHtml: flag('autohtml') ?? false,
    ...(template === undefined ? {} : { template: templateOf(template) }),
    ...varsOf(problems, merged),
    language: readLanguage(problems, first('mergelanguage'), ['X-MC-MergeLanguage']),
    ...(domains.length === 0
      ? {}
      : { analytics: { domains, ...(campaign === undefined ? {} : { campaign }) } }),
    metadata: readMetadata(problems, Object.assign({}, ...metadata.map(({ all }) => all)), ['X-MC-Metadata']),
    recipientMetadata: new Map(
      metadata.flatMap(({ rcpt, own }) =>
        rcpt === undefined ? [] : [[rcpt, readMetadata(problems, own, ['X-MC-Metadata'])] as const],
      ),
    ),
    ...(showsRecipients === undefined ? {} : { showsRecipients }),
    inlinesCss: flag('inlinecss') ?? false,
    ...(subaccount === undefined ? {} : { subaccount }),
    keepsContent: flag('viewcontentlink') ?? true,
    ...(bccAddress === undefined ? {} : { bccAddress }),
    isImportant: flag('important') ?? false,
    ...(sendAt === undefined ? {} : { sendAt }),
  }
  problems.throwIfAny()
  return read
}

function trackingOf(track: readonly string[]) {
  return { opens: track.includes('opens'), clicks: track.some((kind) => kind.startsWith('clicks')) }
}

function templateOf(value: string) {
  const [name = '', block = ''] = value.split('|', 2)
  return { name: name.trim(), block: block.trim() === '' ? BLOCK_DEFAULT : block.trim() }
}

interface Entries {
  /** Of all recipients; empty where `rcpt` names one. */
  readonly all: Readonly<Record<string, unknown>>
  readonly rcpt?: string
  readonly own: Readonly<Record<string, unknown>>
}

/** Objects of JSON, one in each field; `_rcpt` says whom one is for. */
function entriesOf(problems: Problems, fields: readonly string[] | undefined, name: string): Entries[] {
  return (fields ?? []).flatMap((text): Entries[] => {
    if (text === '') return []
    const parsed = parsedObject(text)
    if (parsed === undefined) return problems.add([name], 'must be an object in JSON') ?? []
    const { _rcpt: rcpt, ...own } = parsed
    return typeof rcpt === 'string'
      ? [{ all: {}, rcpt: rcpt.trim().toLowerCase(), own }]
      : [{ all: own, own: {} }]
  })
}

function parsedObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : undefined
  } catch {
    return undefined
  }
}

function varsOf(problems: Problems, entries: readonly Entries[]) {
  const place = ['X-MC-MergeVars'] as const
  const vars = mergedVars(entries.map(({ all }) => readVars(problems, all, place) ?? {}))
  const named = Map.groupBy(
    entries.filter(({ rcpt }) => rcpt !== undefined),
    ({ rcpt = '' }) => rcpt,
  )
  const recipientVars = new Map(
    [...named].map(([rcpt, own]) => [
      rcpt,
      mergedVars(own.map((entry) => readVars(problems, entry.own, place) ?? {})),
    ]),
  )
  return { vars, recipientVars, hasVars: entries.length > 0 }
}

function isRewritten(headers: McHeaders, { recipients }: AtSubmission): boolean {
  const changesContent =
    headers.template !== undefined ||
    headers.hasVars ||
    headers.hasAutoText ||
    headers.hasAutoHtml ||
    headers.inlinesCss ||
    headers.analytics !== undefined
  const changesRecipients =
    headers.bccAddress !== undefined ||
    headers.recipientMetadata.size > 0 ||
    (headers.showsRecipients !== undefined && recipients.length > 1)
  return changesContent || changesRecipients
}

function whole(raw: Buffer, headers: McHeaders): Translation {
  const { tags, metadata, sendAt, subaccount, tracking } = headers
  const controls: Partial<Controls> = {
    ...(tags.length === 0 ? {} : { tags: [...new Set(tags)] }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(sendAt === undefined ? {} : { sendAt: sendAt.toISOString() }),
    ...(subaccount === undefined ? {} : { subaccount }),
    ...(tracking === undefined ? {} : { trackOpens: tracking.opens, trackClicks: tracking.clicks }),
    ...(headers.keepsContent ? {} : { sensitive: true, lane: 'transactional' as const }),
  }
  const bare = withoutHeaders(raw, headers.names)
  const priorities = ['X-Priority: 1', 'X-MSMail-Priority: High', 'Importance: high']
  return { kind: 'whole', raw: headers.isImportant ? withHeaders(bare, priorities) : bare, controls }
}

function rewritten({ raw, recipients, nowMs }: AtSubmission, headers: McHeaders): Translation {
  const said = takenApart(raw, headers.names)
  const message = messageOf(said, recipients, headers)
  const options = { isAsync: false, ...(headers.sendAt === undefined ? {} : { sendAt: headers.sendAt }) }
  const planned = plan(message, options, nowMs, choiceOf(said, headers))
  const more = {
    ...(said.replyTo.length === 0 ? {} : { replyTo: said.replyTo }),
    ...(said.alternatives.length === 0 || headers.template !== undefined
      ? {}
      : { alternatives: said.alternatives }),
    ...(said.attachments.length === 0 ? {} : { attachments: said.attachments }),
  }
  return {
    kind: 'requests',
    requests: planned.map(({ request }) => parseSendRequest({ ...request, ...more })),
  }
}

/** What the message says goes into one region of the template. */
function choiceOf(said: Submitted, { template }: McHeaders): TemplateChoice | undefined {
  if (template === undefined) return undefined
  const content = said.html ?? `<p>${(said.text ?? '').replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</p>`
  return { id: referenceOf(template.name), editable: [{ name: template.block, content }] }
}

function messageOf(said: Submitted, recipients: readonly string[], headers: McHeaders): MessageRequest {
  const { from, subject, html, text } = said
  const isOfTemplate = headers.template !== undefined
  return {
    ...(html === undefined || isOfTemplate ? {} : { html }),
    ...(text === undefined || isOfTemplate ? {} : { text }),
    subject,
    fromEmail: from.email,
    ...(from.name === undefined ? {} : { fromName: from.name }),
    to: addresseesOf(said, recipients),
    headers: new Map(
      Object.entries(said.headers).map(([name, value]) => [name.toLowerCase(), { name, value }]),
    ),
    isImportant: headers.isImportant,
    tracking: headers.tracking ?? {},
    hasAutoText: headers.hasAutoText,
    hasAutoHtml: headers.hasAutoHtml,
    inlinesCss: headers.inlinesCss,
    showsRecipients: headers.showsRecipients ?? false,
    keepsContent: headers.keepsContent,
    ...(headers.bccAddress === undefined ? {} : { bccAddress: headers.bccAddress }),
    isMerged: headers.hasVars,
    language: headers.language,
    globalVars: headers.vars,
    vars: headers.recipientVars,
    tags: [...new Set(headers.tags)],
    ...(headers.subaccount === undefined ? {} : { subaccount: headers.subaccount }),
    ...(headers.analytics === undefined ? {} : { analytics: headers.analytics }),
    metadata: headers.metadata,
    recipientMetadata: headers.recipientMetadata,
    attachments: [],
    images: [],
  }
}
