import { request as requestHttp } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string | undefined
  readonly timeoutMs: number
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

// The answers of Vault and KMS to one wrapped key have less than 2 KiB.
const MAX_ANSWER_BYTES = 64 * 1024
const ATTEMPTS = 4
const FIRST_PAUSE_MS = 100
const MAX_PAUSE_MS = 2000
/** No further attempt begins after this long: whoever asked the keyring does not wait for ever. */
const ATTEMPTS_WITHIN_MS = 5000

/**
 * One request. Redirects are not followed: they would carry a token to a server that nobody configured. Throws where the server cannot
 * be reached, is not trusted, is too slow (`timeoutMs` for the whole exchange), or says more than 64 KiB.
 */
export function exchange(request: HttpRequest): Promise<HttpAnswer> {
  const { method, url, headers, body, ca, timeoutMs } = request
  const result = Promise.withResolvers<HttpAnswer>()
  const signal = AbortSignal.timeout(timeoutMs)
  const options = {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-length': String(body.length) }) },
    signal,
    // Each exchange has its own connection: a keyring wraps and unwraps rarely, and what it unwrapped is kept in memory.
    agent: false,
  }
  const fail = (error: Error): void => {
    result.reject(signal.aborted ? new Error(`no answer within ${timeoutMs} ms`, { cause: error }) : error)
  }
  const sent = url.protocol === 'https:' ? requestHttps(url, { ...options, ca }) : requestHttp(url, options)
  sent.on('error', fail)
  sent.on('response', (response) => {
    const chunks: Buffer[] = []
    let size = 0
    response.on('error', fail)
    response.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MAX_ANSWER_BYTES)
        response.destroy(new Error(`the answer has more than ${MAX_ANSWER_BYTES} bytes`))
      else chunks.push(chunk)
    })
    response.on('end', () => {
      result.resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: Buffer.concat(chunks),
      })
    })
  })
  sent.end(body)
  return result.promise
}

/**
 * Repeats what may pass: a server that is away, throttles (429) or fails (5xx), and what `mayPass` says. Four attempts with growing,
 * jittered pauses, none begun after 5 seconds; a Retry-After of at most two seconds is kept. The last answer or error is the result.
 */
export async function exchangeWithRetries(
  prepare: () => HttpRequest | Promise<HttpRequest>,
  mayPass: (answer: HttpAnswer) => boolean = () => false,
): Promise<HttpAnswer> {
  const startedMs = performance.now()
  for (let attempt = 1; ; attempt++) {
    const isLast = (): boolean => attempt === ATTEMPTS || performance.now() - startedMs > ATTEMPTS_WITHIN_MS
    const request = await prepare()
    let pauseMs = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random())
    try {
      const answer = await exchange(request)
      const passes = answer.status === 429 || answer.status >= 500 || mayPass(answer)
      if (!passes || isLast()) return answer
      const after = Number(answer.headers['retry-after'])
      if (after > 0) pauseMs = Math.min(after * 1000, MAX_PAUSE_MS)
    } catch (error) {
      if (isLast()) throw error
    }
    await sleep(pauseMs)
  }
}

/** The answer as a JSON object; null where it is none. */
export function readObject(body: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    return asObject(JSON.parse(body.toString('utf8')))
  } catch {
    return null
  }
}

/** The value as an object with unknown members; null where it is none. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
}

/** Base64 of a bounded number of bytes; null where the value is not that. */
export function readBase64(value: unknown, maxBytes: number): Buffer | null {
  if (typeof value !== 'string' || value.length > Math.ceil(maxBytes / 3) * 4) return null
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value) || value.length % 4 !== 0) return null
  return Buffer.from(value, 'base64')
}

/** A server's own words, cut and on one line, for an error that a person reads. */
export function quote(text: string): string {
  return JSON.stringify(text.replace(/\s+/g, ' ').slice(0, 200))
}
