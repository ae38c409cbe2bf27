import { readBody } from './bounded-body.ts'
import { BulkheadError, errorOfAnswer } from './errors.ts'
import { pause, retryDelayMs } from './retry.ts'

export interface ClientOptions {
  /** Where the API is, such as `http://127.0.0.1:8600`. A path before `/v1` is kept. */
  readonly baseUrl: string
  /**
   * `bhk_…`, or the token of a session, `bhu_…`. Keep it on servers: who holds it may do all that its scopes allow. Without one nobody is
   * named: for operations that are public, and for pages whose browser sends the cookie of a session.
   */
  readonly apiKey?: string
  /** The workspace in which a person acts, `ws_…`; needed by those who are members of several. */
  readonly workspace?: string
  /** Default: the global fetch. */
  readonly fetch?: typeof globalThis.fetch
  /** For one try, from the request to the end of the answer. Default 60,000. */
  readonly timeoutMs?: number
  /** Further tries after the first. Default 4; 0 turns them off. */
  readonly retriesMax?: number
  /** Ends every call of this client. */
  readonly signal?: AbortSignal
}

/** What every method takes last. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
}

/** For methods that send. A repeated request with the same key sends nothing twice; the client makes a key when none is given. */
export interface SendOptions extends CallOptions {
  readonly idempotencyKey?: string | undefined
}

/** A finished MIME message. Bytes are sent as they are, text as UTF-8. */
export type MimeSource = string | Uint8Array<ArrayBuffer> | Blob

export interface Request {
  readonly method: string
  /** The path with its parameters filled in. */
  readonly path: string
  readonly query?: object | undefined
  readonly json?: object | undefined
  readonly mime?: MimeSource | undefined
  /** Whether the operation takes an Idempotency-Key. */
  readonly idempotent?: boolean
  readonly headers?: Readonly<Record<string, string>>
  /** Statuses that are answers here although they are no success. */
  readonly accepts?: readonly number[]
}

/** Sends requests: authentication, time-outs, retries and errors are the same for every operation. */
export interface Transport {
  /** The answer's JSON. Its shape is the server's contract, from which `Result` is generated. */
  json<Result>(request: Request, options?: SendOptions): Promise<Result>
  bytes(request: Request, options?: SendOptions): Promise<Uint8Array<ArrayBuffer>>
  empty(request: Request, options?: SendOptions): Promise<void>
  /** The answer with its body unread, for streams. Only the wait for its head is timed; `signal` ends it later. */
  open(request: Request, options?: CallOptions): Promise<Response>
}

/**
 * A path parameter as one segment of a path. Throws on what would make it another path: nothing, `.` and `..`, which URL parsers
 * resolve even when everything else is escaped.
 */
export function segment(value: string | number): string {
  const text = String(value)
  if (text === '' || text === '.' || text === '..')
    throw new TypeError(`${JSON.stringify(text)} is not an id`)
  return encodeURIComponent(text)
}

/** Makes a transport. Throws TypeError on a base URL or key that cannot be one. */
export function createTransport(options: ClientOptions): Transport {
  const base = parseBase(options.baseUrl)
  const identity = identityOf(options)
  // A bare global fetch loses its receiver in browsers when it is called as a property of another object.
  const send: typeof globalThis.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const timeoutMs = options.timeoutMs ?? 60_000
  const retriesMax = options.retriesMax ?? 4

  async function attempt<Result>(
    request: Request,
    headers: Record<string, string>,
    call: CallOptions,
    use: (response: Response) => Promise<Result>,
  ): Promise<Result> {
    call.signal?.throwIfAborted()
    const limit = call.timeoutMs ?? timeoutMs
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), limit)
    try {
      const response = await send(urlOf(base, request), {
        method: request.method,
        headers,
        redirect: 'error',
        signal: either(call.signal, late.signal) ?? null,
        ...bodyOf(request),
      })
      if (response.ok || request.accepts?.includes(response.status) === true) return await use(response)
      const text = new TextDecoder().decode(await readBody(response, 1024 * 1024))
      throw errorOfAnswer(response, text, Date.now())
    } catch (error) {
      if (error instanceof BulkheadError) throw error
      call.signal?.throwIfAborted()
      throw late.signal.aborted ? timeoutError(base, limit, error) : unreachable(base, error)
    } finally {
      clearTimeout(timer)
    }
  }

  async function withRetries<Result>(
    request: Request,
    given: SendOptions,
    use: (response: Response) => Promise<Result>,
  ): Promise<Result> {
    const call = { ...given, signal: either(given.signal, options.signal) }
    const idempotencyKey =
      request.idempotent === true ? (call.idempotencyKey ?? newIdempotencyKey()) : undefined
    const headers = {
      accept: 'application/json, application/problem+json',
      ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(request.mime === undefined ? {} : { 'content-type': 'message/rfc822' }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      ...request.headers,
      ...identity,
    }
    // Anything else may have been done before its answer was lost, and would be done twice.
    const safe = request.method === 'GET' || idempotencyKey !== undefined
    for (let tries = 0; ; tries++) {
      try {
        return await attempt(request, headers, call, use)
      } catch (error) {
        if (!(error instanceof BulkheadError) || !safe || tries >= retriesMax) throw error
        const delayMs = retryDelayMs(error, tries, Math.random)
        if (delayMs === null) throw error
        await pause(delayMs, call.signal)
      }
    }
  }

  return {
    json: (request, call = {}) => withRetries(request, call, (response) => parseJson(response)),
    bytes: (request, call = {}) => withRetries(request, call, (response) => readBody(response)),
    empty: (request, call = {}) =>
      withRetries(request, call, async (response) => {
        await readBody(response, 1024 * 1024)
      }),
    open: (request, call = {}) => withRetries(request, call, async (response) => response),
  }
}

function either(first: AbortSignal | undefined, second: AbortSignal | undefined): AbortSignal | undefined {
  if (first === undefined || second === undefined) return first ?? second
  return AbortSignal.any([first, second])
}

async function parseJson(response: Response) {
  const text = new TextDecoder().decode(await readBody(response))
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new BulkheadError({
      status: response.status,
      code: 'invalid_response',
      title: 'The answer cannot be used',
      detail: `It is not JSON: ${text.replaceAll(/\s+/g, ' ').slice(0, 100)}`,
      cause: error,
    })
  }
}

function urlOf(base: string, request: Request): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(request.query ?? {})) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined && item !== null) query.append(name, String(item))
    }
  }
  const text = query.toString()
  return `${base}${request.path}${text === '' ? '' : `?${text}`}`
}

function bodyOf(request: Request): { body?: string | Uint8Array<ArrayBuffer> | Blob } {
  if (request.mime !== undefined) return { body: request.mime }
  return request.json === undefined ? {} : { body: JSON.stringify(request.json) }
}

function parseBase(text: string): string {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new TypeError(`baseUrl ${JSON.stringify(text)} is not an http:// or https:// URL`)
  return `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')}`
}

/** The header `bulkhead-csrf` makes a browser ask the server before it lends a cookie to a page from elsewhere. */
function identityOf(options: ClientOptions): Record<string, string> {
  return {
    ...(options.apiKey === undefined
      ? { 'bulkhead-csrf': '1' }
      : { authorization: `Bearer ${checkedKey(options.apiKey)}` }),
    ...(options.workspace === undefined ? {} : { 'bulkhead-workspace': checkedKey(options.workspace) }),
  }
}

function checkedKey(key: string): string {
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new TypeError('apiKey is empty or holds characters that no API key has')
  return key
}

/** A key for one act. `crypto.randomUUID` would need a page that came over TLS or from this host. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return `sdk-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

function timeoutError(base: string, limit: number, cause: unknown): BulkheadError {
  return new BulkheadError({
    status: 0,
    code: 'timeout',
    title: 'No answer in time',
    detail: `${base} did not answer within ${limit / 1000} s.`,
    cause,
  })
}

function unreachable(base: string, cause: unknown): BulkheadError {
  return new BulkheadError({
    status: 0,
    code: 'unreachable',
    title: 'The server cannot be reached',
    detail: `${base}: ${reasonOf(cause)}`,
    cause,
  })
}

/** fetch says "fetch failed" and hides why in its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown failure'
  const { cause } = error
  if (cause instanceof Error) {
    const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
    return cause.message === '' ? code : cause.message
  }
  return error.message
}
