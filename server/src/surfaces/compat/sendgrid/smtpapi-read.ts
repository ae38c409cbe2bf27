import { parseMailbox } from '../../../kernel/email-address.ts'
import { invalidField } from '../../../kernel/faults.ts'
import { isObject } from '../json-object.ts'
import type { JsonObject } from '../json-object.ts'
import type { Analytics, Mailbox, SubscriptionTracking, Strings } from './mail-request.ts'

/** What the header X-SMTPAPI says, checked. */
export interface SmtpApi {
  /** Each gets a message of his own, whatever the envelope says. */
  readonly to?: readonly Mailbox[]
  /** Values by tag, one for each recipient. */
  readonly sub: Readonly<Record<string, readonly string[]>>
  readonly section: Strings
  readonly categories: readonly string[]
  readonly uniqueArgs: Strings
  readonly filters: Filters
  /** Seconds since 1970. */
  readonly sendAt?: number
  readonly sendEachAt?: readonly number[]
  readonly batchId?: string
  readonly groupId?: number
  readonly ipPool?: string
}

export interface Filters {
  readonly clicks?: boolean
  readonly opens?: boolean
  readonly openTag?: string
  readonly subscription?: SubscriptionTracking
  readonly analytics?: Analytics
  readonly footer?: { readonly text: string; readonly html: string }
  readonly bcc?: string
  /** HTML that goes around that of the message, with a place for it. */
  readonly frame?: string
  readonly bypassAll: boolean
}

const RECIPIENTS_MAX = 10_000
const SEND_AT_SECONDS_MAX = 72 * 3_600

function wrong(name: string, problem: string): never {
  throw invalidField(`X-SMTPAPI ${name}`.trim(), problem)
}

/** Reads the value of the header, encoded words already decoded. */
export function readSmtpApi(text: string, nowMs: number): SmtpApi {
  const api = parsed(text)
  const to = recipientsOf(api['to'])
  const sendAt = secondsOf('send_at', api['send_at'], nowMs)
  const sendEachAt = listOf('send_each_at', api['send_each_at'])?.map(
    (at) => secondsOf('send_each_at', at, nowMs) ?? 0,
  )
  if (sendAt !== undefined && sendEachAt !== undefined)
    wrong('send_at', 'stands beside send_each_at; leave one of them out')
  const batchId = textOf('batch_id', api['batch_id'])
  const ipPool = textOf('ip_pool', api['ip_pool'])
  const groupId = groupOf(api)
  return {
    sub: subOf(api['sub'], to?.length),
    section: stringsOf('section', api['section']),
    categories: categoriesOf(api['category']),
    uniqueArgs: uniqueArgsOf(api['unique_args']),
    filters: filtersOf(api['filters']),
    ...(to === undefined ? {} : { to }),
    ...(sendAt === undefined ? {} : { sendAt }),
    ...(sendEachAt === undefined ? {} : { sendEachAt }),
    ...(batchId === undefined ? {} : { batchId }),
    ...(ipPool === undefined ? {} : { ipPool }),
    ...(groupId === undefined ? {} : { groupId }),
  }
}

function parsed(text: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    wrong('', `is not valid JSON: ${error instanceof Error ? error.message.slice(0, 200) : 'unreadable'}`)
  }
  return isObject(value) ? value : wrong('', 'is not a JSON object')
}

function listOf(name: string, value: unknown): readonly unknown[] | undefined {
  if (value === undefined || value === null) return undefined
  return Array.isArray(value) ? value : wrong(name, 'is not a list')
}

function textOf(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  return typeof value === 'string' ? value : wrong(name, 'is not a text')
}

function objectOf(name: string, value: unknown): JsonObject {
  // PHP writes an empty object as an empty list.
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return {}
  return isObject(value) ? value : wrong(name, 'is not an object')
}

function stringsOf(name: string, value: unknown): Strings {
  return Object.fromEntries(
    Object.entries(objectOf(name, value)).map(([key, text]) => [
      key,
      typeof text === 'string' ? text : wrong(`${name}.${key}`, 'is not a text'),
    ]),
  )
}

function recipientsOf(value: unknown): Mailbox[] | undefined {
  const list = listOf('to', typeof value === 'string' ? [value] : value)
  if (list === undefined || list.length === 0) return undefined
  if (list.length > RECIPIENTS_MAX) wrong('to', `names more than ${RECIPIENTS_MAX} recipients`)
  return list.map((item, at) => {
    const parsedBox = typeof item === 'string' ? parseMailbox(item) : undefined
    if (parsedBox?.ok !== true) return wrong(`to[${at}]`, 'is not an address')
    const { email, display } = parsedBox.address
    return display === undefined ? { email } : { email, name: display }
  })
}

function subOf(value: unknown, recipients: number | undefined): SmtpApi['sub'] {
  return Object.fromEntries(
    Object.entries(objectOf('sub', value)).map(([tag, values]) => {
      const list = listOf(`sub.${tag}`, values) ?? []
      if (recipients !== undefined && list.length !== recipients)
        wrong(`sub.${tag}`, `has ${list.length} values for ${recipients} recipients`)
      return [
        tag,
        list.map((text) =>
          typeof text === 'string' || typeof text === 'number'
            ? String(text)
            : wrong(`sub.${tag}`, 'holds what is not a text'),
        ),
      ]
    }),
  )
}

function categoriesOf(value: unknown): string[] {
  const list = listOf('category', typeof value === 'string' ? [value] : value) ?? []
  if (list.length > 10) wrong('category', 'names more than 10 categories')
  return [
    ...new Set(list.map((name) => (typeof name === 'string' ? name : wrong('category', 'is not a text')))),
  ]
}

function uniqueArgsOf(value: unknown): Strings {
  return Object.fromEntries(
    Object.entries(objectOf('unique_args', value)).map(([key, arg]) => {
      if (typeof arg === 'string' || typeof arg === 'number' || typeof arg === 'boolean')
        return [key, String(arg)]
      return wrong(`unique_args.${key}`, 'is not a text')
    }),
  )
}

function secondsOf(name: string, value: unknown, nowMs: number): number | undefined {
  if (value === undefined || value === null) return undefined
  const seconds = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value
  if (typeof seconds !== 'number' || !Number.isSafeInteger(seconds))
    return wrong(name, 'is not a Unix timestamp')
  if (seconds > nowMs / 1_000 + SEND_AT_SECONDS_MAX) wrong(name, 'is more than 72 hours in advance')
  return seconds
}

function groupOf(api: JsonObject): number | undefined {
  const asm = objectOf('asm', api['asm'])
  const group = api['asm_group_id'] ?? asm['group_id']
  if (group === undefined || group === null) return undefined
  const number = typeof group === 'string' ? Number(group) : group
  return typeof number === 'number' && Number.isSafeInteger(number)
    ? number
    : wrong('asm_group_id', 'is not an integer')
}

/** One filter: whether it is on, and its texts; undefined where the header does not speak of it. */
function filtersOf(value: unknown): Filters {
  const filters = objectOf('filters', value)
  const named = (name: string) => {
    if (filters[name] === undefined) return undefined
    const settings = objectOf(
      `filters.${name}.settings`,
      objectOf(`filters.${name}`, filters[name])['settings'],
    )
    const isOn = settings['enable'] === 1 || settings['enable'] === true || settings['enable'] === '1'
    const text = (key: string): string | undefined => textOf(`filters.${name}.settings.${key}`, settings[key])
    return { isOn, text }
  }
  if (named('templates')?.isOn === true)
    wrong(
      'filters.templates',
      'asks for a template, which the SMTP server cannot open: send the message with POST /v3/mail/send',
    )
  const [clicks, opens, subscription] = [named('clicktrack'), named('opentrack'), named('subscriptiontrack')]
  const [analytics, footer, bcc] = [named('ganalytics'), named('footer'), named('bcc')]
  const openTag = opens?.isOn === true ? opens.text('replace') : undefined
  const blind = bcc?.isOn === true ? bcc.text('email') : undefined
  const template = named('template')
  const frame = template?.isOn === true ? template.text('text/html') : undefined
  return {
    bypassAll: named('bypass_list_management')?.isOn === true,
    ...(clicks === undefined ? {} : { clicks: clicks.isOn }),
    ...(opens === undefined ? {} : { opens: opens.isOn }),
    ...(openTag === undefined ? {} : { openTag }),
    ...(subscription?.isOn === true ? { subscription: subscriptionOf(subscription.text) } : {}),
    ...(analytics?.isOn === true ? { analytics: analyticsOf(analytics.text) } : {}),
    ...(footer?.isOn === true
      ? { footer: { html: footer.text('text/html') ?? '', text: footer.text('text/plain') ?? '' } }
      : {}),
    ...(blind === undefined ? {} : { bcc: blind }),
    ...(frame === undefined ? {} : { frame }),
  }
}

type Text = (key: string) => string | undefined

function subscriptionOf(text: Text): SubscriptionTracking {
  const [html, plain, tag] = [text('text/html'), text('text/plain'), text('replace')]
  return {
    ...(html === undefined ? {} : { html }),
    ...(plain === undefined ? {} : { text: plain }),
    ...(tag === undefined ? {} : { tag }),
  }
}

function analyticsOf(text: Text): Analytics {
  return (['utm_source', 'utm_medium', 'utm_term', 'utm_content', 'utm_campaign'] as const).flatMap(
    (name) => {
      const value = text(name)
      return value === undefined ? [] : [[name, value] as const]
    },
  )
}
