/** One field of a request that is wrong. `field` is a path such as `to[3].email`; `fix` says what to write instead. */
export interface FieldError {
  readonly field: string
  readonly problem: string
  readonly fix?: string
}

export interface BulkheadErrorOptions {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly errors?: readonly FieldError[] | undefined
  readonly requestId?: string | undefined
  readonly retryAfterSeconds?: number | undefined
  readonly appeal?: string | undefined
  readonly cause?: unknown
}

/**
 * A request that failed. `code` is stable and made for programs: one of the server's fault codes (problem+json, RFC 9457), or
 * `unreachable`, `timeout` and `invalid_response`, which this client makes itself and which have the status 0 when there was no
 * answer. `requestId` finds the request in the server's log.
 */
export class BulkheadError extends Error {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly errors: readonly FieldError[]
  readonly requestId: string | undefined
  readonly retryAfterSeconds: number | undefined
  /** Where whoever is contained (423) may object: a URL, an address or a sentence. */
  readonly appeal: string | undefined

  constructor(options: BulkheadErrorOptions) {
    super(`${options.title} (${options.code}): ${options.detail}`, { cause: options.cause })
    this.name = 'BulkheadError'
    this.status = options.status
    this.code = options.code
    this.title = options.title
    this.detail = options.detail
    this.errors = options.errors ?? []
    this.requestId = options.requestId
    this.retryAfterSeconds = options.retryAfterSeconds
    this.appeal = options.appeal
  }
}

/** The error of an answer that is not a success. What is not problem+json (a proxy's page) is described by its status. */
export function errorOfAnswer(response: Response, body: string, nowMs: number): BulkheadError {
  const problem = parseObject(body)
  const text = (name: string): string | undefined => {
    const value = problem?.[name]
    return typeof value === 'string' ? value : undefined
  }
  const shown = body.replaceAll(/\s+/g, ' ').trim().slice(0, 200)
  return new BulkheadError({
    status: response.status,
    code: text('code') ?? `http_${response.status}`,
    title: text('title') ?? `The server answered ${response.status}`,
    detail: text('detail') ?? (shown === '' ? 'The answer has no explanation.' : shown),
    errors: fieldErrors(problem?.['errors']),
    requestId: text('requestId') ?? response.headers.get('x-request-id') ?? undefined,
    retryAfterSeconds: retryAfter(response.headers.get('retry-after'), nowMs),
    appeal: text('appeal'),
  })
}

/** Seconds in a Retry-After header, which holds seconds or a date (RFC 9110 §10.2.3). */
export function retryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined
  if (/^\d{1,9}$/.test(header.trim())) return Number(header)
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - nowMs) / 1000))
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function fieldErrors(value: unknown): FieldError[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((item: unknown) => {
    if (typeof item !== 'object' || item === null) return []
    const field = 'field' in item && typeof item.field === 'string' ? item.field : ''
    const problem = 'problem' in item && typeof item.problem === 'string' ? item.problem : undefined
    const fix = 'fix' in item && typeof item.fix === 'string' ? { fix: item.fix } : {}
    return problem === undefined ? [] : [{ field, problem, ...fix }]
  })
}

/** Whether an answer says that the person must show the second factor again; its body can be read still. For a `fetch` of one's own. */
export async function wantsStepUp(response: Response): Promise<boolean> {
  if (response.status !== 403) return false
  const problem: unknown = await response
    .clone()
    .json()
    .catch(() => null)
  return (
    typeof problem === 'object' &&
    problem !== null &&
    'code' in problem &&
    problem.code === 'step_up_required'
  )
}
