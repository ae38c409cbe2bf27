import { readAttachments, readContent } from './mail-read-content.ts'
import { readHeaders } from './mail-read-headers.ts'
import { readMailSettings, readTrackingSettings } from './mail-read-settings.ts'
import { bytesOf, createProblems, mailboxOf, stringsOf, typed } from './mail-checks.ts'
import type { MailboxWords, Problems } from './mail-checks.ts'
import { isObject } from '../json-object.ts'
import type { JsonObject } from '../json-object.ts'
import type { VendorError } from './errors.ts'
import type { Mailbox, MailRequest, Personalization, Strings, TemplateChoice } from './mail-request.ts'
import { templateOf } from './template-choice.ts'

const PERSONALIZATIONS_MAX = 1_000
const RECIPIENTS_MAX = 1_000
const REPLY_TO_MAX = 1_000
const CUSTOM_ARGS_BYTES_MAX = 10_000
const SUBSTITUTIONS_BYTES_MAX = 10_000
const CATEGORIES_MAX = 10
const CATEGORY_CHARS_MAX = 255
const GROUPS_MAX = 25
const SEND_AT_SECONDS_MAX = 72 * 3_600

const EXAMPLES =
  'e.g. {"email": "example@example.com"} or {"email": "example@example.com", "name": "Example Recipient"}'
const TO_MISSING =
  'The to array is required for all personalization objects, and must have at least one email object with a valid email address.'
const CONTENT_MISSING =
  'Unless a valid template_id is provided, the content parameter is required. There must be at least one defined content block. We typically suggest both text/plain and text/html blocks are included, but only one block is required.'
const SUBJECT_MISSING =
  'The subject is required. You can get around this requirement if you use a template with a subject defined or if every personalization has a subject defined.'
const SUBJECT_EMPTY = 'The subject of your email must be a string at least one character in length.'
const ARGS_TYPE = 'All values of custom arguments object must be strings'

const FROM: MailboxWords = {
  anchor: 'from',
  title: 'From',
  missing:
    'The from object must be provided for every email send. It is an object that requires the email parameter, but may also contain a name parameter.  e.g. {"email" : "example@example.com"}  or {"email" : "example@example.com", "name" : "Example Recipient"}.',
  invalid: 'The from email does not contain a valid address.',
}
const REPLY_TO: MailboxWords = {
  anchor: 'reply_to',
  title: 'Reply-To',
  missing: `The reply_to object, when used, must at least have an email parameter with a valid email address and it may also contain a name parameter. ${EXAMPLES}`,
  invalid: 'The reply_to email does not contain a valid address.',
}

function recipientWords(kind: 'to' | 'cc' | 'bcc'): MailboxWords {
  return {
    anchor: `personalizations.${kind}`,
    title: { to: 'To', cc: 'CC', bcc: 'BCC' }[kind],
    missing: `The ${kind} email parameter is required.`,
    invalid: 'Does not contain a valid address.',
  }
}

/** What a request to send says, or all that is wrong with it in the vendor's words. */
export function readMail(
  body: JsonObject,
  nowMs: number,
): { readonly mail: MailRequest } | { readonly errors: readonly VendorError[] } {
  const problems = createProblems()
  const from = readFrom(problems, body['from'])
  const replyTo = readReplyTo(problems, body)
  const template = readTemplateId(problems, body['template_id'])
  const customArgs = readCustomArgs(problems, body['custom_args'], 'custom_args', 'custom_args')
  const people = readPersonalizations(problems, body['personalizations'], {
    nowMs,
    customArgs,
    isDynamic: template?.kind === 'dynamic',
  })
  const content = readContent(problems, body['content'])
  if (content?.length === 0 && template === undefined) problems.add(CONTENT_MISSING, 'content')
  const subject = readSubject(problems, body['subject'], people, template !== undefined)
  const mail = {
    replyTo,
    personalizations: people ?? [],
    content: content ?? [],
    attachments: readAttachments(problems, body['attachments']),
    sections: stringsOf(problems, body['sections'], 'sections', {
      message: 'The section values must be strings.',
    }),
    headers: readHeaders(problems, body['headers'], 'headers', 'headers'),
    categories: readCategories(problems, body['categories']),
    customArgs,
    settings: readMailSettings(problems, body['mail_settings']),
    tracking: readTrackingSettings(problems, body['tracking_settings']),
    ...readPlacement(problems, body, nowMs),
    ...(template === undefined ? {} : { template }),
    ...(subject === undefined ? {} : { subject }),
  }
  return from === undefined || problems.found.length > 0
    ? { errors: problems.found }
    : { mail: { ...mail, from } }
}

/** When it is sent, with what, from where and in which group. */
function readPlacement(problems: Problems, body: JsonObject, nowMs: number) {
  const sendAt = readSendAt(problems, body['send_at'], 'send_at', 'send_at', nowMs)
  const batchId = typed(problems, 'string', body['batch_id'], 'batch_id', {
    message: 'The batch_id must be a string.',
  })
  const asm = readAsm(problems, body['asm'])
  const ipPoolName = readIpPool(problems, body['ip_pool_name'])
  return {
    ...(sendAt === undefined ? {} : { sendAt }),
    ...(batchId === undefined ? {} : { batchId }),
    ...(asm === undefined ? {} : { asm }),
    ...(ipPoolName === undefined ? {} : { ipPoolName }),
  }
}

function readFrom(problems: Problems, value: unknown): Mailbox | undefined {
  if (value === undefined) return problems.add(FROM.missing, 'from.email', 'from')
  return mailboxOf(problems, value, 'from', FROM)
}

function readReplyTo(problems: Problems, body: JsonObject): Mailbox[] {
  const { reply_to: one, reply_to_list: several } = body
  if (one !== undefined && several !== undefined)
    problems.add('The reply_to and reply_to_list parameters cannot be used together.', 'reply_to_list')
  const single = one === undefined ? undefined : mailboxOf(problems, one, 'reply_to', REPLY_TO)
  const list = typed(problems, 'array', several, 'reply_to_list') ?? []
  if (several !== undefined && list.length === 0 && Array.isArray(several))
    problems.add('The reply_to_list must have at least one email object.', 'reply_to_list')
  if (list.length > REPLY_TO_MAX)
    problems.add(`There is a limit of ${REPLY_TO_MAX} addresses in the reply_to_list.`, 'reply_to_list')
  const boxes = list
    .slice(0, REPLY_TO_MAX)
    .map((box, at) =>
      mailboxOf(problems, box, `reply_to_list.${at}`, { ...REPLY_TO, anchor: 'reply_to_list' }),
    )
  return [single, ...boxes].filter((box) => box !== undefined)
}

interface Around {
  readonly nowMs: number
  readonly customArgs: Strings
  readonly isDynamic: boolean
}

function readPersonalizations(
  problems: Problems,
  value: unknown,
  around: Around,
): Personalization[] | undefined {
  const field = 'personalizations'
  if (value === undefined || (Array.isArray(value) && value.length === 0))
    return problems.add(
      'The personalizations field is required and must have at least one personalization.',
      field,
      '-Personalizations-Errors',
    )
  const list = typed(problems, 'array', value, field)
  if (list === undefined) return undefined
  if (list.length > PERSONALIZATIONS_MAX)
    return problems.add(
      `The personalization block is limited to ${PERSONALIZATIONS_MAX} personalizations per API request. You have provided ${list.length} personalizations. Please consider splitting this into multiple requests and resending your request.`,
      field,
    )
  const read = list.flatMap((item, at) => readPersonalization(problems, item, `${field}.${at}`, around) ?? [])
  const recipients = read.reduce((sum, { to, cc, bcc }) => sum + to.length + cc.length + bcc.length, 0)
  if (recipients > RECIPIENTS_MAX)
    problems.add(`There is a limit of ${RECIPIENTS_MAX} total recipients (to + cc + bcc) per request.`, field)
  return read
}

function readPersonalization(
  problems: Problems,
  value: unknown,
  field: string,
  { nowMs, customArgs, isDynamic }: Around,
): Personalization | undefined {
  const given = typed(problems, 'object', value, field, { anchor: null })
  if (given === undefined) return undefined
  const people = {
    to: readRecipients(problems, given['to'], field, 'to'),
    cc: readRecipients(problems, given['cc'], field, 'cc'),
    bcc: readRecipients(problems, given['bcc'], field, 'bcc'),
  }
  refuseRepeated(problems, people, field)
  const from =
    given['from'] === undefined ? undefined : mailboxOf(problems, given['from'], `${field}.from`, FROM)
  const subject = typed(problems, 'string', given['subject'], `${field}.subject`)
  if (subject === '') problems.add(SUBJECT_EMPTY, `${field}.subject`)
  const data = typed(problems, 'object', given['dynamic_template_data'], `${field}.dynamic_template_data`)
  const sendAt = readSendAt(problems, given['send_at'], `${field}.send_at`, 'personalizations.send_at', nowMs)
  const own = readCustomArgs(
    problems,
    given['custom_args'],
    `${field}.custom_args`,
    'personalizations.custom_args',
    customArgs,
  )
  return {
    ...people,
    headers: readHeaders(problems, given['headers'], `${field}.headers`, 'personalizations.headers'),
    substitutions: readSubstitutions(problems, given['substitutions'], `${field}.substitutions`, isDynamic),
    customArgs: own,
    ...(from === undefined ? {} : { from }),
    ...(subject === undefined ? {} : { subject }),
    ...(data === undefined ? {} : { dynamicTemplateData: data }),
    ...(sendAt === undefined ? {} : { sendAt }),
  }
}

function readRecipients(
  problems: Problems,
  value: unknown,
  within: string,
  kind: 'to' | 'cc' | 'bcc',
): Mailbox[] {
  const field = `${within}.${kind}`
  const words = recipientWords(kind)
  if (kind === 'to' && (value === undefined || (Array.isArray(value) && value.length === 0))) {
    problems.add(TO_MISSING, field, words.anchor)
    return []
  }
  const list = typed(problems, 'array', value, field, { anchor: words.anchor }) ?? []
  return list.flatMap((box, at) => mailboxOf(problems, box, `${field}.${at}`, words) ?? [])
}

/** Nobody gets a message twice. Only the first repetition is told. */
function refuseRepeated(
  problems: Problems,
  people: Readonly<Record<'to' | 'cc' | 'bcc', readonly Mailbox[]>>,
  field: string,
): void {
  const seen = new Set<string>()
  for (const kind of ['to', 'cc', 'bcc'] as const) {
    for (const { email } of people[kind]) {
      const same = email.trim().toLowerCase()
      if (seen.has(same)) {
        problems.add(
          `Each email address in the personalization block should be unique between to, cc, and bcc. We found the first duplicate instance of [${email}] in the ${field}.${kind} field.`,
          field,
          'recipient-errors',
        )
        return
      }
      seen.add(same)
    }
  }
}

function readSubstitutions(problems: Problems, value: unknown, field: string, isDynamic: boolean): Strings {
  const anchor = 'personalizations.substitutions'
  // Clients write null for what they have no value for.
  const given = isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([tag, text]) => [tag, text ?? '']))
    : value
  const strings = stringsOf(problems, given, field, {
    message:
      'The substitution values must be an object of key/value pairs, where the values are all strings.',
    anchor,
  })
  if (isDynamic && Object.keys(strings).length > 0)
    problems.add('Substitutions may not be used with dynamic templating', field, anchor)
  if (bytesOf(strings) > SUBSTITUTIONS_BYTES_MAX)
    problems.add(
      `Substitutions are limited to ${SUBSTITUTIONS_BYTES_MAX} bytes per personalization object.`,
      field,
      anchor,
    )
  return strings
}

function isLong(args: Strings): boolean {
  return Buffer.byteLength(JSON.stringify(args)) > CUSTOM_ARGS_BYTES_MAX
}

/** `around`: the arguments of the whole request, beside which the own ones stand. */
function readCustomArgs(
  problems: Problems,
  value: unknown,
  field: string,
  anchor: string,
  around: Strings = {},
): Strings {
  const own = stringsOf(problems, value, field, { message: ARGS_TYPE, anchor })
  // What is too long alone was told already.
  if (isLong({ ...around, ...own }) && !isLong(around))
    problems.add(
      'The combined size of both global and personalization custom arguments may not exceed 10,000 bytes per personalization.',
      field,
      anchor,
    )
  return own
}

function readSendAt(
  problems: Problems,
  value: unknown,
  field: string,
  anchor: string,
  nowMs: number,
): number | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    return problems.add(
      'The send_at parameter is expecting a Unix timestamp as an integer. We will send immediately if you include a send_at timestamp that is in the past.',
      field,
      anchor,
    )
  if (value > Math.floor(nowMs / 1_000) + SEND_AT_SECONDS_MAX)
    return problems.add('Scheduling more than 72 hours in advance is forbidden.', field, anchor)
  return value * 1_000 > nowMs ? value : undefined
}

function readTemplateId(problems: Problems, value: unknown): TemplateChoice | undefined {
  const id = typed(problems, 'string', value, 'template_id', {
    message: `The template ID must be a string, you provided ${JSON.stringify(value)?.slice(0, 100)}.`,
  })
  if (id === undefined) return undefined
  const template = templateOf(id)
  if (template === null)
    return problems.add(
      `The template_id must be a valid GUID, you provided '${id.slice(0, 100)}'.`,
      'template_id',
    )
  return { ...template, id }
}

function readSubject(
  problems: Problems,
  value: unknown,
  people: readonly Personalization[] | undefined,
  hasTemplate: boolean,
): string | undefined {
  const subject = typed(problems, 'string', value, 'subject')
  if (subject !== undefined && subject !== '') return subject
  const isTold =
    people === undefined || people.length === 0 ? false : people.every((one) => one.subject !== undefined)
  if (!hasTemplate && !isTold && (value === undefined || subject === ''))
    problems.add(SUBJECT_MISSING, 'subject')
  return undefined
}

function readCategories(problems: Problems, value: unknown): string[] {
  const field = 'categories'
  const list = typed(problems, 'array', value, field)
  if (list === undefined) return []
  if (list.length > CATEGORIES_MAX)
    problems.add(
      `There is a limit of ${CATEGORIES_MAX} categories for each email that is sent. You provided ${list.length} categories.`,
      field,
    )
  const names = list.filter((name) => typeof name === 'string')
  if (names.length < list.length) problems.add('Categories must be an array of strings.', field)
  const long = names.find((name) => name.length > CATEGORY_CHARS_MAX)
  if (long !== undefined)
    problems.add(
      `Each category must not be longer than ${CATEGORY_CHARS_MAX} characters. ${long.slice(0, 300)} exceeds this limit`,
      field,
    )
  const twice = names.find((name, at) => names.indexOf(name) < at)
  if (twice !== undefined)
    problems.add(
      `The categories must be a unique list, and you have included ${twice.slice(0, 300)} more than once.`,
      field,
    )
  if (names.some((name) => /[^\0-\x7f]/.test(name)))
    problems.add('Categories can not contain non-ASCII characters.', field)
  return names
}

function readAsm(problems: Problems, value: unknown): MailRequest['asm'] {
  const asm = typed(problems, 'object', value, 'asm', { anchor: 'asm.group_id' })
  if (asm === undefined) return undefined
  const { group_id: groupId, groups_to_display: shown } = asm
  const groups = typed(problems, 'array', shown, 'asm.groups_to_display', {
    message: 'The ASM Group IDs to display must be an array of integers.',
  })
  const numbers = (groups ?? []).filter((group): group is number => Number.isSafeInteger(group))
  if (groups !== undefined && numbers.length < groups.length)
    problems.add('The ASM Group IDs to display must be an array of integers.', 'asm.groups_to_display')
  if (numbers.length > GROUPS_MAX)
    problems.add(
      `There is a limit of ${GROUPS_MAX} unsubscribe groups that can be displayed to a user at a time.`,
      'asm.groups_to_display',
    )
  if (typeof groupId !== 'number' || !Number.isSafeInteger(groupId))
    return problems.add('The ASM group ID must be an integer.', 'asm.group_id')
  return { groupId, groupsToDisplay: numbers }
}

function readIpPool(problems: Problems, value: unknown): string | undefined {
  const field = 'ip_pool_name'
  const name = typed(problems, 'string', value, field, {
    message: 'The name of your IP pool must be a string.',
  })
  if (name !== undefined && (name.length < 2 || name.length > 64))
    return problems.add('The name of your IP pool must be 2 to 64 characters in length.', field)
  return name
}
