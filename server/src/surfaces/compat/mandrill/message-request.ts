import { parseMailbox } from '../../../kernel/email-address.ts'
import {
  createProblems,
  flagAt,
  objectAt,
  objectsAt,
  mergedVars,
  SAY,
  textAt,
  textsAt,
  timeAt,
} from './checks.ts'
import { isObject } from '../json-object.ts'
import type { Problems } from './checks.ts'
import type { JsonObject } from '../json-object.ts'

const TEXT_CHARS_MAX = 10 * 1024 * 1024
const TAG_CHARS_MAX = 50
const ATTACHMENT_CHARS_MAX = 56 * 1024 * 1024

export type Kind = 'to' | 'cc' | 'bcc'

export interface Addressee {
  readonly email: string
  readonly name?: string
  readonly kind: Kind
  /** Mail can be sent there. */
  readonly isValid: boolean
}

export interface File {
  readonly type: string
  readonly name: string
  readonly content: string
}

type Scalar = string | number | boolean
type Metadata = Readonly<Record<string, Scalar>>
type Vars = Readonly<Record<string, unknown>>

/** What a request to send says of its message. */
export interface MessageRequest {
  readonly html?: string
  readonly text?: string
  readonly subject?: string
  readonly fromEmail?: string
  readonly fromName?: string
  readonly to: readonly Addressee[]
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, { readonly name: string; readonly value: string }>
  readonly isImportant: boolean
  readonly tracking: { readonly opens?: boolean; readonly clicks?: boolean }
  readonly hasAutoText: boolean
  readonly hasAutoHtml: boolean
  readonly inlinesCss: boolean
  readonly showsRecipients: boolean
  /** False: nobody may look at the content afterwards. */
  readonly keepsContent: boolean
  readonly bccAddress?: string
  readonly isMerged: boolean
  /** Undefined: not said. */
  readonly language: 'mailchimp' | 'handlebars' | undefined
  readonly globalVars: Vars
  /** By address in lower case. */
  readonly vars: ReadonlyMap<string, Vars>
  readonly tags: readonly string[]
  readonly subaccount?: string
  readonly analytics?: { readonly domains: readonly string[]; readonly campaign?: string }
  readonly metadata: Metadata
  readonly recipientMetadata: ReadonlyMap<string, Metadata>
  readonly attachments: readonly File[]
  readonly images: readonly File[]
}

/** How the whole request is to be done. */
export interface SendOptions {
  readonly isAsync: boolean
  readonly sendAt?: Date
}

/** What a request says, or a refusal that tells all that is wrong with it. */
export function readSending(parameters: JsonObject): {
  readonly message: MessageRequest
  readonly options: SendOptions
} {
  const problems = createProblems()
  const options = readOptions(problems, parameters)
  const given = parameters['message']
  const message = isObject(given) ? readMessage(problems, given) : problems.add(['message'], SAY.object)
  problems.throwIfAny()
  if (message === undefined) throw new Error('a request without a message was not refused')
  return { message, options }
}

export function readOptions(problems: Problems, parameters: JsonObject): SendOptions {
  textAt(problems, parameters['ip_pool'], ['ip_pool'])
  const sendAt = timeAt(problems, parameters['send_at'], ['send_at'])
  return {
    isAsync: flagAt(problems, parameters['async'], ['async']) ?? false,
    ...(sendAt === undefined ? {} : { sendAt }),
  }
}

function readMessage(problems: Problems, given: JsonObject): MessageRequest {
  const text = (name: string, charsMax?: number): string | undefined =>
    textAt(problems, given[name], ['message', name], charsMax)
  const flag = (name: string): boolean | undefined => flagAt(problems, given[name], ['message', name])
  const globalVars = readVars(problems, given['global_merge_vars'], ['message', 'global_merge_vars'])
  const vars = readRecipientVars(problems, given['merge_vars'])
  const [opens, clicks] = [flag('track_opens'), flag('track_clicks')]
  const fromEmail = readFrom(problems, given['from_email'])
  const domains = textsAt(problems, given['google_analytics_domains'], [
    'message',
    'google_analytics_domains',
  ])
  const campaign = readCampaign(problems, given['google_analytics_campaign'])
  for (const name of ['signing_domain', 'return_path_domain', 'tracking_domain']) text(name)
  flag('url_strip_qs')
  return {
    ...defined('html', text('html', TEXT_CHARS_MAX)),
    ...defined('text', text('text', TEXT_CHARS_MAX)),
    ...defined('subject', text('subject', 2_000)),
    ...defined('fromEmail', fromEmail),
    ...defined('fromName', text('from_name', 500)),
    to: readTo(problems, given['to']),
    headers: readHeaders(problems, given['headers']),
    isImportant: flag('important') ?? false,
    tracking: { ...defined('opens', opens), ...defined('clicks', clicks) },
    hasAutoText: flag('auto_text') ?? false,
    hasAutoHtml: flag('auto_html') ?? false,
    inlinesCss: flag('inline_css') ?? false,
    showsRecipients: flag('preserve_recipients') ?? false,
    keepsContent: flag('view_content_link') ?? true,
    ...defined('bccAddress', readBcc(problems, given['bcc_address'])),
    isMerged: (flag('merge') ?? false) || globalVars !== undefined || vars !== undefined,
    language: readLanguage(problems, given['merge_language'], ['message', 'merge_language']),
    globalVars: globalVars ?? {},
    vars: vars ?? new Map(),
    tags: readTags(problems, given['tags']),
    ...defined('subaccount', text('subaccount', 255) || undefined),
    ...(domains === undefined || domains.length === 0
      ? {}
      : { analytics: { domains, ...defined('campaign', campaign) } }),
    metadata: readMetadata(problems, given['metadata'], ['message', 'metadata']),
    recipientMetadata: readRecipientMetadata(problems, given['recipient_metadata']),
    attachments: readFiles(problems, given['attachments'], 'attachments'),
    images: readFiles(problems, given['images'], 'images'),
  }
}

/** A property only where there is a value. */
function defined<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [Key in Name]?: Value } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a computed name is a string to the compiler
  return (value === undefined ? {} : { [name]: value }) as { readonly [Key in Name]?: Value }
}

function readFrom(problems: Problems, given: unknown): string | undefined {
  const email = textAt(problems, given, ['message', 'from_email'])?.trim()
  if (email === undefined || email === '') return undefined
  const problem = addressProblem(email)
  return problem === undefined ? email : problems.add(['message', 'from_email'], problem)
}

/** What the vendor says of a text that is no address; undefined: it is one. */
export function addressProblem(email: string): string | undefined {
  const parts = email.split('@')
  const [user = '', domain = ''] = parts
  if (parts.length !== 2) return SAY.email
  if (parseMailbox({ email }).ok) return undefined
  const isOfUser = user === '' || parseMailbox({ email: `user@${domain}` }).ok
  return isOfUser
    ? `The username portion of the email address is invalid (the portion before the @: ${user})`
    : `The domain portion of the email address is invalid (the portion after the @: ${domain})`
}

function readBcc(problems: Problems, given: unknown): string | undefined {
  const email = textAt(problems, given, ['message', 'bcc_address'])?.trim()
  if (email === undefined || email === '') return undefined
  const problem = addressProblem(email)
  return problem === undefined ? email : problems.add(['message', 'bcc_address'], problem)
}

/** The same mailbox named twice gets one mail, as what it was named first. */
function readTo(problems: Problems, given: unknown): readonly Addressee[] {
  const place = ['message', 'to'] as const
  // Older programs give one object, or one address, in the place of a list.
  const listed =
    isObject(given) && 'email' in given ? [given] : typeof given === 'string' ? [{ email: given }] : given
  const entries = objectsAt(problems, listed ?? '', place)
  if (entries === undefined || entries.length === 0) {
    if (listed === undefined || listed === null || Array.isArray(listed)) problems.add(place, SAY.blank)
    return []
  }
  const seen = new Map<string, Addressee>()
  for (const [at, entry] of entries.entries()) {
    const addressee = readAddressee(problems, entry, at)
    if (addressee === undefined || seen.has(addressee.email.toLowerCase())) continue
    seen.set(addressee.email.toLowerCase(), addressee)
  }
  return [...seen.values()]
}

function readAddressee(problems: Problems, entry: JsonObject, at: number): Addressee | undefined {
  const place = ['message', 'to', at] as const
  const email = textAt(problems, entry['email'], [...place, 'email'])?.trim()
  if (email === undefined || email === '') return problems.add([...place, 'email'], SAY.blank)
  const name = textAt(problems, entry['name'], [...place, 'name'], 500)?.trim()
  const kind = (textAt(problems, entry['type'], [...place, 'type']) ?? 'to').toLowerCase()
  if (kind !== 'to' && kind !== 'cc' && kind !== 'bcc')
    return problems.add([...place, 'type'], `Value must be one of: to; cc; bcc (not '${kind}')`)
  const named = name === undefined || name === '' ? {} : { name }
  const { ok: isValid } = parseMailbox({ email, ...named })
  return { email, ...named, kind, isValid }
}

function readHeaders(problems: Problems, given: unknown): MessageRequest['headers'] {
  const headers = new Map<string, { name: string; value: string }>()
  const place = ['message', 'headers'] as const
  for (const [name, value] of Object.entries(objectAt(problems, given, place) ?? {})) {
    const text = textAt(problems, Array.isArray(value) ? value.join(', ') : value, [...place, name], 8_000)
    if (text !== undefined) headers.set(name.toLowerCase(), { name, value: text })
  }
  return headers
}

export function readLanguage(
  problems: Problems,
  given: unknown,
  place: readonly string[],
): MessageRequest['language'] {
  const language = textAt(problems, given, place)?.toLowerCase()
  if (language === undefined || language === '') return undefined
  if (language === 'handlebars' || language === 'mailchimp') return language
  return problems.add(place, `Value must be one of: mailchimp; handlebars (not '${language}')`)
}

function readTags(problems: Problems, given: unknown): readonly string[] {
  const place = ['message', 'tags'] as const
  // One tag, or several with commas between them, is what forms have.
  const tags =
    textsAt(problems, typeof given === 'string' && given !== '' ? given.split(',') : given, place) ?? []
  const kept = new Set<string>()
  for (const [at, written] of tags.entries()) {
    const tag = written.trim()
    if (tag === '') continue
    if (tag.startsWith('_')) problems.add([...place, at], 'Tags may not start with an underscore')
    else if (tag.length > TAG_CHARS_MAX)
      problems.add([...place, at], `Enter a value not more than ${TAG_CHARS_MAX} characters long`)
    else kept.add(tag)
  }
  return [...kept]
}

/** `[{name, content}]`; a plain object is taken too. Names are told apart without regard to case. Undefined: none are given. */
export function readVars(
  problems: Problems,
  given: unknown,
  place: readonly (string | number)[],
): Vars | undefined {
  const isPlain = isObject(given) && !Object.keys(given).every((key) => /^\d+$/.test(key))
  const pairs = isPlain
    ? Object.entries(given).map(([name, content]) => ({ name, content }))
    : objectsAt(problems, given, place)
  if (pairs === undefined || pairs.length === 0) return undefined
  const vars: Vars[] = []
  for (const [at, { name, content }] of pairs.entries()) {
    const key = textAt(problems, name, [...place, at, 'name'], 200)
    if (key === undefined || key === '') problems.add([...place, at, 'name'], SAY.blank)
    else if (key.startsWith('_'))
      problems.add([...place, at, 'name'], 'Merge variable names may not start with an underscore')
    else vars.push({ [key]: content ?? '' })
  }
  return mergedVars(vars)
}

function readRecipientVars(problems: Problems, given: unknown): ReadonlyMap<string, Vars> | undefined {
  const place = ['message', 'merge_vars'] as const
  const entries = objectsAt(problems, given, place)
  if (entries === undefined || entries.length === 0) return undefined
  const found = new Map<string, Vars[]>()
  for (const [at, { rcpt, vars }] of entries.entries()) {
    const email = textAt(problems, rcpt, [...place, at, 'rcpt'])
      ?.trim()
      .toLowerCase()
    if (email === undefined || email === '') problems.add([...place, at, 'rcpt'], SAY.blank)
    else {
      const known = found.get(email) ?? []
      known.push(readVars(problems, vars, [...place, at, 'vars']) ?? {})
      found.set(email, known)
    }
  }
  return new Map([...found].map(([email, all]) => [email, mergedVars(all)]))
}

export function readMetadata(
  problems: Problems,
  given: unknown,
  place: readonly (string | number)[],
): Metadata {
  const metadata: Record<string, Scalar> = Object.create(null)
  for (const [name, value] of Object.entries(objectAt(problems, given, place) ?? {})) {
    if (value === null) continue
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      metadata[name] = value
    else problems.add([...place, name], 'Nested data structures are not supported')
  }
  return metadata
}

function readRecipientMetadata(problems: Problems, given: unknown): ReadonlyMap<string, Metadata> {
  const place = ['message', 'recipient_metadata'] as const
  const found = new Map<string, Metadata[]>()
  for (const [at, { rcpt, values }] of (objectsAt(problems, given, place) ?? []).entries()) {
    const email = textAt(problems, rcpt, [...place, at, 'rcpt'])
      ?.trim()
      .toLowerCase()
    if (email === undefined || email === '') problems.add([...place, at, 'rcpt'], SAY.blank)
    else {
      const known = found.get(email) ?? []
      known.push(readMetadata(problems, values, [...place, at, 'values']))
      found.set(email, known)
    }
  }
  return new Map(
    [...found].map(([email, all]) => [email, Object.fromEntries(all.flatMap((one) => Object.entries(one)))]),
  )
}

function readFiles(problems: Problems, given: unknown, name: 'attachments' | 'images'): readonly File[] {
  const place = ['message', name] as const
  return (objectsAt(problems, given, place) ?? []).flatMap((file, at) => {
    const type = textAt(problems, file['type'], [...place, at, 'type'], 255) ?? ''
    const title = textAt(problems, file['name'], [...place, at, 'name'], 255) ?? ''
    const content = textAt(problems, file['content'], [...place, at, 'content'], ATTACHMENT_CHARS_MAX)
    if (content === undefined) return problems.add([...place, at, 'content'], SAY.blank) ?? []
    if (name === 'images' && !type.toLowerCase().startsWith('image/'))
      return problems.add([...place, at, 'type'], 'The type of an image must start with image/') ?? []
    if (name === 'images' && title === '') return problems.add([...place, at, 'name'], SAY.blank) ?? []
    return [{ type, name: title, content }]
  })
}

/** A text, or a list of one. */
function readCampaign(problems: Problems, given: unknown): string | undefined {
  const [first] = Array.isArray(given) ? given : [given]
  return textAt(problems, first, ['message', 'google_analytics_campaign'], 500) || undefined
}
