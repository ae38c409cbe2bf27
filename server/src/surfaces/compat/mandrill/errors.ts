import type { Fault, FaultCode, FieldProblem } from '../../../kernel/faults.ts'
import { DoorRefusal } from '../door.ts'
import type { DoorAnswer } from '../door.ts'
import { treeOf } from './problem-tree.ts'
import type { Path, ProblemTree } from './problem-tree.ts'

/** The vendor tells every refusal with this status; its clients look into the body. */
const STATUS = 500
const TOO_MANY_STATUS = 429

/** A refusal in the vendor's words. */
export function refuse(code: number, name: string, message: string): DoorRefusal {
  return new DoorRefusal(answerOf(code, name, message))
}

function answerOf(code: number, name: string, message: string, status = STATUS): DoorAnswer {
  return { status, body: { status: 'error', code, name, message } }
}

/** A parameter of the call is not there. */
export function missingParameter(name: string): DoorRefusal {
  return refuse(-1, 'ValidationError', `You must specify a ${name} value`)
}

/** What is given is not what the call takes. */
export function notValid(problems: ProblemTree): DoorRefusal {
  return refuse(-2, 'ValidationError', validationText(problems))
}

/** As PHP writes JSON, which escapes slashes. */
function validationText(problems: ProblemTree): string {
  return `Validation error: ${JSON.stringify(problems).replaceAll('/', '\\/')}`
}

export function unknownTemplate(name: string): DoorRefusal {
  return refuse(5, 'Unknown_Template', `No such template "${name}"`)
}

export function unknownMessage(id: string): DoorRefusal {
  return refuse(11, 'Unknown_Message', `No message exists with the id '${id}'`)
}

export function unknownSubaccount(id: string): DoorRefusal {
  return refuse(12, 'Unknown_Subaccount', `No subaccount exists with the id '${id}'`)
}

export function unknownWebhook(id: string): DoorRefusal {
  return refuse(3, 'Unknown_Webhook', `Unknown hook ID ${id}`)
}

export function unknownTag(tag: string): DoorRefusal {
  return refuse(1, 'Invalid_Tag_Name', `no such tag "${tag}"`)
}

/** `{status, code, name, message}`, as the vendor answers. */
export function renderFault(fault: Fault, about: { readonly isKeyless: boolean }): DoorAnswer {
  if (about.isKeyless) return answerOf(-1, 'ValidationError', 'You must specify a key value')
  if (fault.fields.length > 0 && fault.status < 500)
    return answerOf(-2, 'ValidationError', validationText(treeOf(fault.fields.map(placed))))
  if (fault.status === TOO_MANY_STATUS)
    return answerOf(TOO_MANY_STATUS, 'RequestLimitExceeded', fault.detail, TOO_MANY_STATUS)
  const [name, message] = WORDS[fault.code] ?? [nameOf(fault.code), fault.detail]
  return answerOf(-1, name, message ?? fault.detail)
}

/** The vendor's own names where it has one. */
const WORDS: Partial<Record<FaultCode, readonly [name: string, message?: string]>> = {
  unauthenticated: ['Invalid_Key', 'Invalid API key'],
  address_refused: ['Invalid_Key'],
  missing_scope: ['Invalid_Key'],
  not_found: ['Unknown_Method'],
  method_not_allowed: ['Unknown_Method', 'Calls of this API are made with POST.'],
  malformed_json: ['ValidationError'],
  invalid_request: ['ValidationError'],
  unsupported_media_type: ['ValidationError'],
  too_large: ['ValidationError'],
  internal: ['GeneralError', 'An unknown error occurred processing your request. Please try again later.'],
}

function nameOf(code: string): string {
  return code
    .split('_')
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join('_')
}

/** Our fields, each where it stands in a request of this vendor. */
function placed({ field, problem, fix }: FieldProblem): { readonly path: Path; readonly message: string } {
  const message = fix === undefined ? problem : `${problem}. ${fix}`
  const own = field.replace(/^messages\[\d+\]\.?/, '').replace(/^from\.name$/, 'from_name')
  const [first, ...rest] = own
    .split(/[.[\]]+/)
    .filter((part) => part !== '')
    .map((part) => (/^\d{1,4}$/.test(part) ? Number(part) : part))
  const named = typeof first === 'string' ? (NAMES[first] ?? first) : 'message'
  const isOfMessage = own !== field && !OF_CALL.has(named) && named !== 'message'
  return { path: isOfMessage ? ['message', named, ...rest] : [named, ...rest], message }
}

const NAMES: Readonly<Record<string, string>> = {
  from: 'from_email',
  sendAt: 'send_at',
  replyTo: 'headers',
  messageId: 'headers',
  sensitive: 'view_content_link',
  bcc: 'bcc_address',
}
/** Parameters that stand beside the message. */
const OF_CALL: ReadonlySet<string> = new Set(['send_at', 'template'])
