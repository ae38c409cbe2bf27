/**
 * The catalogue of failures. `status` is HTTP's, `smtp` is what submission answers, `retryable` says whether the same request may
 * succeed later. Only the edge turns a fault into an answer.
 */
export const FAULTS = {
  invalid_request: { status: 400, title: 'The request is not valid', smtp: '550 5.6.0', retryable: false },
  malformed_json: { status: 400, title: 'The body is not valid JSON', smtp: '550 5.6.0', retryable: false },
  unauthenticated: { status: 401, title: 'Authentication is needed', smtp: '535 5.7.8', retryable: false },
  missing_scope: { status: 403, title: 'The API key lacks a scope', smtp: '550 5.7.1', retryable: false },
  sender_refused: {
    status: 403,
    title: 'The From address is not allowed',
    smtp: '550 5.7.1',
    retryable: false,
  },
  step_up_required: {
    status: 403,
    title: 'The second factor must be shown again',
    smtp: '550 5.7.1',
    retryable: false,
  },
  second_factor_required: {
    status: 403,
    title: 'A second factor is needed',
    smtp: '550 5.7.1',
    retryable: false,
  },
  address_refused: {
    status: 403,
    title: 'Not from this network',
    smtp: '550 5.7.1',
    retryable: false,
  },
  csrf_refused: {
    status: 403,
    title: 'The request did not come from the console',
    smtp: '550 5.7.1',
    retryable: false,
  },
  workspace_required: {
    status: 400,
    title: 'The workspace is not named',
    smtp: '550 5.6.0',
    retryable: false,
  },
  not_found: { status: 404, title: 'Not found', smtp: '550 5.1.1', retryable: false },
  method_not_allowed: { status: 405, title: 'Method not allowed', smtp: '502 5.5.1', retryable: false },
  conflict: {
    status: 409,
    title: 'The request conflicts with what exists',
    smtp: '550 5.5.0',
    retryable: false,
  },
  idempotency_conflict: {
    status: 409,
    title: 'The idempotency key was used with another body',
    smtp: '550 5.5.0',
    retryable: false,
  },
  not_cancellable: {
    status: 409,
    title: 'The message can no longer be changed',
    smtp: '550 5.5.0',
    retryable: false,
  },
  content_gone: {
    status: 410,
    title: 'The content is no longer stored',
    smtp: '550 5.5.0',
    retryable: false,
  },
  workspace_shredded: {
    status: 410,
    title: 'The workspace was shredded',
    smtp: '550 5.7.1',
    retryable: false,
  },
  too_large: { status: 413, title: 'The request is too large', smtp: '552 5.3.4', retryable: false },
  unsupported_media_type: {
    status: 415,
    title: 'The content type is not supported',
    smtp: '550 5.6.1',
    retryable: false,
  },
  template_failed: {
    status: 422,
    title: 'The template could not be rendered',
    smtp: '550 5.6.0',
    retryable: false,
  },
  too_many_recipients: { status: 422, title: 'Too many recipients', smtp: '550 5.5.3', retryable: false },
  lift_refused: {
    status: 403,
    title: 'This containment is not yours to lift',
    smtp: '550 5.7.1',
    retryable: false,
  },
  contained: { status: 423, title: 'This is contained', smtp: '451 4.7.1', retryable: true },
  rate_limited: { status: 429, title: 'A rate limit is reached', smtp: '451 4.7.1', retryable: true },
  quota_exceeded: { status: 429, title: 'A quota is used up', smtp: '451 4.7.1', retryable: true },
  too_many_requests: { status: 429, title: 'Too many requests', smtp: '451 4.3.2', retryable: true },
  internal: { status: 500, title: 'Something went wrong here', smtp: '451 4.3.0', retryable: true },
  unavailable: { status: 503, title: 'Temporarily unavailable', smtp: '451 4.3.0', retryable: true },
  storage_full: { status: 507, title: 'The server is out of storage', smtp: '452 4.3.1', retryable: true },
} as const satisfies Record<string, { status: number; title: string; smtp: string; retryable: boolean }>

export type FaultCode = keyof typeof FAULTS

/** One thing that is wrong with one field. `field` is a path such as `to[3].email`; `fix` says what to do. */
export interface FieldProblem {
  readonly field: string
  readonly problem: string
  readonly fix?: string
  /** Of a template: where in its source, from 1. */
  readonly line?: number
  readonly column?: number
}

/** Facts of a containment that a refusal carries to the blocked party; see kernel/containment.ts. */
export interface FaultContainment {
  readonly containment: string
  readonly capability: string
  readonly reasonCode: string
  readonly reason: string
  readonly incident: string | null
  readonly until: string
}

/** Facts of a limit that a `rate_limited` or `quota_exceeded` refusal carries; see docs/quotas.md. */
export interface FaultLimit {
  /** As in RateLimit-Policy, such as `workspace-day`. */
  readonly name: string
  readonly amount: number
  readonly period: string
  readonly lane: string
  readonly used: number
  /** Recipients of what was refused. */
  readonly wanted: number
  readonly resetsAt: string
  /** Waiting so long is enough if nobody else sends; null where the message never fits. */
  readonly retryAfterSeconds: number | null
}

export interface FaultOptions {
  /** What the caller may read. */
  readonly detail: string
  /** What only the log may hold. */
  readonly internal?: string
  readonly fields?: readonly FieldProblem[]
  readonly retryAfterSeconds?: number
  /** Of a `step_up_required` fault: how old the last strong authentication may be. */
  readonly maxAgeSeconds?: number
  /** Of a `contained` fault: by what. */
  readonly containment?: FaultContainment
  /** Of what a limit refused: by which. */
  readonly limit?: FaultLimit
  /** Header fields of the answer over HTTP. */
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** A failure with a public and an internal text. */
export class Fault extends Error {
  readonly code: FaultCode
  readonly detail: string
  readonly internal: string | undefined
  readonly fields: readonly FieldProblem[]
  readonly retryAfterSeconds: number | undefined
  readonly maxAgeSeconds: number | undefined
  readonly containment: FaultContainment | undefined
  readonly limit: FaultLimit | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(code: FaultCode, options: FaultOptions) {
    super(`${code}: ${options.internal ?? options.detail}`, { cause: options.cause })
    this.name = 'Fault'
    this.code = code
    this.detail = options.detail
    this.internal = options.internal
    this.fields = options.fields ?? []
    this.retryAfterSeconds = options.retryAfterSeconds
    this.maxAgeSeconds = options.maxAgeSeconds
    this.containment = options.containment
    this.limit = options.limit
    this.headers = options.headers ?? {}
  }

  get status(): number {
    return FAULTS[this.code].status
  }
}

/** The words of the database as a sentence: it begins with a capital and ends with a full stop. */
export function sentence(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`
}

/** A fault about one field. */
export function invalidField(field: string, problem: string, fix?: string): Fault {
  return new Fault('invalid_request', {
    detail: `${field}: ${problem}`,
    fields: [fix === undefined ? { field, problem } : { field, problem, fix }],
  })
}
