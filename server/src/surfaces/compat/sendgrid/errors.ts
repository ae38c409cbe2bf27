import type { Fault, FaultCode, FieldProblem } from '../../../kernel/faults.ts'
import { DoorRefusal } from '../door.ts'
import type { DoorAnswer } from '../door.ts'

/** One entry of this vendor's errors. `field` is a path such as `personalizations.0.to`. */
export interface VendorError {
  readonly message: string
  readonly field: string | null
  readonly help: string | null
}

const ERRORS_PAGE = 'http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html'

/** Where the vendor explains the errors about one part of a message. */
export function helpOn(anchor: string): string {
  return `${ERRORS_PAGE}#${anchor}`
}

export function vendorError(
  message: string,
  field: string | null = null,
  help: string | null = null,
): VendorError {
  return { message, field, help }
}

/** A refusal in the vendor's words. */
export function refuse(status: number, ...errors: readonly VendorError[]): DoorRefusal {
  return new DoorRefusal({ status, body: { errors } })
}

/** What the vendor says of a call to a thing that is not there. */
export function notFound(message = 'not found'): DoorRefusal {
  return refuse(404, vendorError(message))
}

/** `{"errors": [{message, field, help}]}`, as the vendor documents it. */
export function renderFault(fault: Fault, about: { readonly isKeyless: boolean }): DoorAnswer {
  const status = STATUS[fault.code] ?? fault.status
  return { status, body: { errors: errorsOf(fault, about.isKeyless) }, headers: limitFields(fault, status) }
}

/** The vendor has no such statuses: its clients know 4xx by a short list, and take 5xx for a reason to try again. */
const STATUS: Partial<Record<FaultCode, number>> = {
  contained: 403,
  template_failed: 400,
  too_many_recipients: 400,
  content_gone: 404,
  workspace_shredded: 404,
  storage_full: 503,
}

const WORDS: Partial<Record<FaultCode, string>> = {
  unauthenticated: 'The provided authorization grant is invalid, expired, or revoked',
  missing_scope: 'access forbidden',
  address_refused: "The requestor's IP Address is not whitelisted",
  malformed_json: 'Bad Request',
  not_found: 'not found',
  unsupported_media_type: 'Content-Type should be application/json',
  too_large: 'The JSON payload you have included in your request is too large.',
  too_many_requests: 'too many requests',
  internal: 'internal server error',
}

function errorsOf(fault: Fault, isKeyless: boolean): readonly VendorError[] {
  if (isKeyless) return [vendorError('Permission denied, wrong credentials')]
  if (fault.code === 'method_not_allowed') return [vendorError(methodNotAllowed(fault))]
  if (fault.code === 'rate_limited' || fault.code === 'quota_exceeded')
    return [vendorError('too many requests'), vendorError(fault.detail)]
  const words = WORDS[fault.code]
  if (words !== undefined) return [vendorError(words)]
  return fault.fields.length === 0 ? [vendorError(fault.detail)] : fault.fields.map(fieldError)
}

/** The vendor says it so where a path takes one method. */
function methodNotAllowed(fault: Fault): string {
  const only = /^This path takes (\w+), not /.exec(fault.detail)?.[1]
  return only === undefined ? 'method not allowed' : `${only} method allowed only`
}

function fieldError({ field, problem, fix }: FieldProblem): VendorError {
  return vendorError(`${field}: ${problem}${fix === undefined ? '' : `. ${fix}`}`, vendorPath(field))
}

/** `to[3].email` is `to.3.email` here. */
export function vendorPath(field: string): string {
  return field.replaceAll(/\[(\d+)\]/g, '.$1').replaceAll(/^\.+/g, '')
}

/** X-RateLimit-*: what the vendor's clients wait by. */
function limitFields(fault: Fault, status: number): Readonly<Record<string, string>> {
  if (status !== 429) return {}
  const { limit, retryAfterSeconds } = fault
  if (limit !== undefined) {
    return {
      'x-ratelimit-limit': String(limit.amount),
      'x-ratelimit-remaining': String(Math.max(0, limit.amount - limit.used)),
      'x-ratelimit-reset': String(Math.ceil(Date.parse(limit.resetsAt) / 1_000)),
    }
  }
  if (retryAfterSeconds === undefined) return {}
  return {
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': String(Math.ceil(Date.now() / 1_000) + retryAfterSeconds),
  }
}
