import { Fault } from '../../../kernel/faults.ts'
import type { FaultCode, FieldProblem } from '../../../kernel/faults.ts'
import { DoorRefusal } from '../door.ts'
import type { DoorAnswer } from '../door.ts'
import { FULL } from './permissions.ts'

/** The vendor's names of what went wrong (resend.com/docs/api-reference/errors). */
export type ErrorName =
  | 'invalid_idempotency_key'
  | 'validation_error'
  | 'missing_api_key'
  | 'restricted_api_key'
  | 'invalid_api_key'
  | 'not_found'
  | 'method_not_allowed'
  | 'invalid_idempotent_request'
  | 'invalid_attachment'
  | 'invalid_from_address'
  | 'invalid_access'
  | 'invalid_parameter'
  | 'invalid_region'
  | 'missing_required_field'
  | 'monthly_quota_exceeded'
  | 'daily_quota_exceeded'
  | 'rate_limit_exceeded'
  | 'security_error'
  | 'application_error'

/** `{statusCode, name, message}`, as the vendor documents it. */
export interface VendorError {
  readonly statusCode: number
  readonly name: ErrorName
  readonly message: string
}

/** A refusal in the vendor's shape. */
export function refuse(statusCode: number, name: ErrorName, message: string): DoorRefusal {
  return new DoorRefusal({ status: statusCode, body: { statusCode, name, message } })
}

/** Something about a field is wrong. */
export function invalid(message: string): DoorRefusal {
  return refuse(422, 'validation_error', message)
}

/** A field that must be there is not. */
export function missing(...fields: readonly string[]): DoorRefusal {
  const named = fields.map((field) => `\`${field}\``).join(' or ')
  return refuse(422, 'missing_required_field', `Missing ${named} field.`)
}

/** The vendor's words for an address that cannot be read. */
export function badAddress(field: string): string {
  return `Invalid \`${field}\` field. The email address needs to follow the \`email@example.com\` or \`Name <email@example.com>\` format.`
}

export function badSender(): DoorRefusal {
  return refuse(422, 'invalid_from_address', badAddress('from'))
}

export function notFound(noun: string): DoorRefusal {
  return refuse(404, 'not_found', `${noun} not found`)
}

/** Undefined where what it is about is not there. */
export async function unlessMissing<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work()
  } catch (error) {
    const status = error instanceof DoorRefusal ? error.answer.status : undefined
    if (status === 404 || (error instanceof Fault && error.code === 'not_found')) return undefined
    throw error
  }
}

export function renderFault(fault: Fault, about: { readonly isKeyless: boolean }): DoorAnswer {
  const body = errorOf(fault, about.isKeyless)
  return { status: body.statusCode, body, headers: limitFields(fault, body.statusCode) }
}

/** What the vendor would say of a fault. */
export function errorOf(fault: Fault, isKeyless = false): VendorError {
  if (isKeyless)
    return {
      statusCode: 401,
      name: 'missing_api_key',
      message: 'Missing API key in the authorization header.',
    }
  const idempotency = fault.fields.some(({ field }) => field === 'Idempotency-Key')
  if (idempotency) return { statusCode: 400, name: 'invalid_idempotency_key', message: fault.detail }
  const [first] = fault.fields
  if (first !== undefined && (fault.code === 'invalid_request' || fault.code === 'too_many_recipients'))
    return { statusCode: 422, ...fieldError(first) }
  if (fault.code === 'missing_scope' && fault.detail.includes(FULL))
    return {
      statusCode: 401,
      name: 'restricted_api_key',
      message: 'This API key is restricted to only send emails',
    }
  if (fault.code === 'sender_refused' && first !== undefined)
    return { statusCode: 403, name: 'validation_error', message: foreignSender(first) ?? fault.detail }
  const [statusCode, name, message = saidOf(fault)] = KNOWN[fault.code] ?? [
    fault.status,
    nameOf(fault.status),
  ]
  return { statusCode, name: fault.code === 'quota_exceeded' ? quotaName(fault) : name, message }
}

/** What is not there, by the vendor's names of things: ours have names and ids that its clients do not know. */
const NOUNS: readonly (readonly [ours: string, theirs: string])[] = [
  ['message', 'Email'],
  ['sending domain', 'Domain'],
  ['list', 'Segment'],
  ['contact', 'Contact'],
  ['broadcast', 'Broadcast'],
  ['template', 'Template'],
  ['topic', 'Topic'],
  ['webhook endpoint', 'Webhook'],
  ['suppression', 'Suppression'],
  ['API key', 'API key'],
]

function saidOf({ code, detail }: Fault): string {
  if (code !== 'not_found') return detail
  const [, what = ''] = /^There is no (?:such )?(.+)$/.exec(detail) ?? []
  const noun = NOUNS.find(([ours]) => what.startsWith(ours))?.[1]
  return noun === undefined ? detail : `${noun} not found`
}

/** The vendor's words, which programs look for; the way to mend it is ours. */
function foreignSender({ problem, fix = '' }: FieldProblem): string | undefined {
  const [domain, isOther] = problem.split(' is not a verified sending domain')
  return isOther === undefined
    ? undefined
    : `The ${domain} domain is not verified. Please, add and verify your domain: ${fix}`
}

type Known = readonly [statusCode: number, name: ErrorName, message?: string]

const KNOWN: Partial<Record<FaultCode, Known>> = {
  invalid_request: [422, 'validation_error'],
  malformed_json: [400, 'validation_error'],
  unauthenticated: [403, 'invalid_api_key', 'API key is invalid'],
  missing_scope: [401, 'restricted_api_key', 'This API key is restricted: it may not do this.'],
  address_refused: [401, 'restricted_api_key'],
  not_found: [404, 'not_found'],
  method_not_allowed: [405, 'method_not_allowed'],
  conflict: [422, 'validation_error'],
  idempotency_conflict: [409, 'invalid_idempotent_request'],
  not_cancellable: [422, 'validation_error'],
  content_gone: [404, 'not_found'],
  workspace_shredded: [403, 'invalid_api_key'],
  template_failed: [422, 'validation_error'],
  too_many_recipients: [422, 'validation_error'],
  contained: [451, 'security_error'],
  rate_limited: [429, 'rate_limit_exceeded'],
  quota_exceeded: [429, 'daily_quota_exceeded'],
  too_many_requests: [429, 'rate_limit_exceeded'],
  internal: [500, 'application_error', 'Something went wrong here. Try again later.'],
  unavailable: [503, 'application_error'],
  storage_full: [503, 'application_error'],
}

function nameOf(status: number): ErrorName {
  return status >= 500 ? 'application_error' : 'validation_error'
}

function quotaName({ limit }: Fault): ErrorName {
  return limit?.period === 'month' ? 'monthly_quota_exceeded' : 'daily_quota_exceeded'
}

/** Our fields by the vendor's names. */
const FIELDS: Readonly<Record<string, string>> = {
  replyTo: 'reply_to',
  messageId: 'headers',
  sendAt: 'scheduled_at',
  scheduledAt: 'scheduled_at',
  topic: 'topic_id',
  listId: 'segment_id',
  previewText: 'preview_text',
  firstName: 'first_name',
  lastName: 'last_name',
  attributes: 'properties',
  metadata: 'tags',
  formatEvents: 'events',
  eventTypes: 'events',
  url: 'endpoint',
  allowedSenders: 'domain_id',
}

function fieldError({ field, problem, fix }: FieldProblem): Pick<VendorError, 'name' | 'message'> {
  const path = field.replace(/^messages\[\d+\]\./, '')
  const [own = ''] = path.split(/[.[]/, 1)
  const rest = path.slice(own.length)
  const shown = `${FIELDS[own] ?? own}${own === 'attachments' ? rest.replace(/\.url$/, '.path') : rest}`
  if (own === 'text' && problem.includes('html'))
    return { name: 'missing_required_field', message: 'Missing `html` or `text` field.' }
  const message = `Invalid \`${shown}\` field: ${problem}.${fix === undefined ? '' : ` ${fix}`}`
  if (own === 'from') return { name: 'invalid_from_address', message }
  return { name: own === 'attachments' ? 'invalid_attachment' : 'validation_error', message }
}

/** What the vendor's clients wait by. */
function limitFields(fault: Fault, statusCode: number): Readonly<Record<string, string>> {
  if (statusCode !== 429) return {}
  const { limit, retryAfterSeconds } = fault
  return {
    ...(limit === undefined
      ? {}
      : {
          'ratelimit-limit': String(limit.amount),
          'ratelimit-remaining': String(Math.max(0, limit.amount - limit.used)),
        }),
    ...(retryAfterSeconds === undefined ? {} : { 'ratelimit-reset': String(retryAfterSeconds) }),
  }
}
