import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { LookupFunction } from 'node:net'
import { isPublicAddress } from '../dns/index.ts'
import type { DnsResolver } from '../dns/index.ts'

interface EgressRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
  /** For all of it: looking up, connecting, sending, the whole answer. */
  readonly timeoutMs: number
  /** What is read of the answer's body; the rest is cut off. */
  readonly answerBytesMax: number
  /** What is kept of it; default: nothing. Nothing of a private address, unless `excerptsOfPrivate`. */
  readonly excerptBytesMax?: number
}

interface EgressAnswer {
  readonly status: number
  readonly retryAfterSeconds: number | null
  /** The begin of the body; there where it was asked for. */
  readonly excerpt?: Buffer
}

interface EgressFetch {
  readonly url: string
  /** For all of it: looking up, connecting, the whole answer. */
  readonly timeoutMs: number
  /** A longer answer is none. */
  readonly answerBytesMax: number
  /** Asked for each piece of the body before it is kept; a no ends the answer. For who bounds several answers together. */
  readonly mayTake?: (bytes: number) => boolean
}

interface EgressCall extends EgressFetch {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer | null
}

/** A whole answer, whatever its status. */
interface EgressDocument {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** No answer came; `message` may be shown to the endpoint's owner. */
export class EgressError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'EgressError'
  }
}

export interface Egress extends Disposable {
  /** Posts a body. Throws `EgressError` where no HTTP answer came in time. */
  post(request: EgressRequest): Promise<EgressAnswer>
  /** The body of a document that is answered with 200. Throws `EgressError` where there is none: no answer, another status, too long, cut off. */
  get(request: EgressFetch): Promise<Buffer>
  /** The whole answer, for protocols that speak in statuses and headers. Throws `EgressError` where none came whole and in time. */
  call(request: EgressCall): Promise<EgressDocument>
}

const IDLE_SOCKETS = 64
const IDLE_MS = 10_000

/** `allowPrivateTargets` opens loopback and private addresses: development, tests, receivers in one's own network. */
export function createEgress(deps: {
  readonly resolver: Pick<DnsResolver, 'a' | 'aaaa'>
  readonly allowPrivateTargets: boolean
  /**
   * Whether what private addresses answer is kept as an excerpt too: development and tests. Elsewhere a workspace, whose endpoint's answers it
   * may read, would read what one's own network says. Default: no.
   */
  readonly excerptsOfPrivate?: boolean
  /** PEM roots instead of the bundled ones. */
  readonly ca?: string
}): Egress {
  const agentOptions = {
    keepAlive: true,
    maxFreeSockets: IDLE_SOCKETS,
    timeout: IDLE_MS,
  }
  const agents = {
    http: new HttpAgent(agentOptions),
    https: new HttpsAgent({ ...agentOptions, ...(deps.ca === undefined ? {} : { ca: deps.ca }) }),
  }

  async function addressOf(hostname: string): Promise<string> {
    const host = hostname.replace(/^\[|\]$/g, '')
    const addresses = await resolve(host, deps.resolver)
    const allowed = addresses.find((address) => deps.allowPrivateTargets || isPublicAddress(address))
    if (allowed === undefined) throw new EgressError('The name leads to a private address, which is refused.')
    return allowed
  }

  /** What begins a request to an address that was checked; each call begins a new one. */
  async function opening(
    text: string,
    options: Pick<RequestOptions, 'method' | 'headers'>,
    signal: AbortSignal,
  ): Promise<() => ClientRequest> {
    const url = URL.parse(text)
    if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
      throw new EgressError('The URL is not an http(s) URL.')
    }
    const address = await withSignal(addressOf(url.hostname), signal)
    const secure = url.protocol === 'https:'
    const all: RequestOptions = {
      ...options,
      agent: secure ? agents.https : agents.http,
      lookup: pinned(address),
      signal,
    }
    return () => (secure ? httpsRequest(url, all) : httpRequest(url, all))
  }

  // The socket says who answered: one that is used again may lead elsewhere than the name does by now.
  const mayKeep = (response: IncomingMessage): boolean =>
    deps.excerptsOfPrivate === true || isPublicAddress(response.socket.remoteAddress ?? '')

  return {
    post: (request) =>
      inTime(request.timeoutMs, async (signal) => {
        const headers = { ...request.headers, 'content-length': String(Buffer.byteLength(request.body)) }
        const open = await opening(request.url, { method: 'POST', headers }, signal)
        return twiceIfStale(() => exchange(open(), request, mayKeep))
      }),

    get: (request) =>
      inTime(request.timeoutMs, async (signal) => {
        const headers = { accept: 'application/json', 'user-agent': 'bulkhead' }
        const open = await opening(request.url, { method: 'GET', headers }, signal)
        return twiceIfStale(() => collect(open(), request))
      }),

    call: (request) =>
      inTime(request.timeoutMs, async (signal) => {
        const { method, body } = request
        const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) }
        const open = await opening(
          request.url,
          { method, headers: { ...request.headers, ...length } },
          signal,
        )
        return twiceIfStale(() => gather(open(), body, request))
      }),

    [Symbol.dispose]() {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}

/** The endpoint closed an idle connection at the moment it was used again: nothing was read, so it is safe to say it again. */
async function twiceIfStale<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send()
  } catch (error) {
    if (error instanceof StaleConnection) return send()
    throw error
  }
}

async function inTime<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    return await work(signal)
  } catch (error) {
    if (error instanceof EgressError) throw error
    if (signal.aborted) throw new EgressError(`No answer within ${timeoutMs / 1000} s.`, error)
    throw new EgressError(describe(error), error)
  }
}

/** The addresses of a host. `localhost` is what it is everywhere; it is not asked of DNS (RFC 6761 §6.3). */
async function resolve(host: string, resolver: Pick<DnsResolver, 'a' | 'aaaa'>): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host]
  if (host === 'localhost' || host.endsWith('.localhost')) return ['127.0.0.1']
  const answers = await Promise.all([resolver.a(host), resolver.aaaa(host)])
  const found = answers.flatMap((answer) => (answer.kind === 'found' ? answer.records : []))
  if (found.length > 0) return found
  throw new EgressError(
    answers.some((answer) => answer.kind === 'failed')
      ? `DNS does not answer for ${host}.`
      : `${host} has no address in DNS.`,
  )
}

/** A look-up that knows one answer. Node asks for all addresses or for one, depending on its own settings. */
function pinned(address: string): LookupFunction {
  const family = isIP(address)
  return (_hostname, options, callback) => {
    if (options.all === true) callback(null, [{ address, family }])
    else callback(null, address, family)
  }
}

class StaleConnection extends Error {}

function exchange(
  outgoing: ClientRequest,
  request: Pick<EgressRequest, 'body' | 'answerBytesMax' | 'excerptBytesMax'>,
  mayKeep: (response: IncomingMessage) => boolean,
): Promise<EgressAnswer> {
  return new Promise((resolve, reject) => {
    let answered = false
    outgoing.on('response', (response) => {
      answered = true
      readAnswer(response, request, mayKeep(response), resolve)
    })
    outgoing.on('error', (error) => {
      // The answer's end tells of it; a deadline that strikes while a body drips does not unsay the status.
      if (answered) return
      const isStale = outgoing.reusedSocket && 'code' in error && error.code === 'ECONNRESET'
      reject(isStale ? new StaleConnection() : error)
    })
    outgoing.end(request.body)
  })
}

type AnswerBounds = Pick<EgressFetch, 'answerBytesMax' | 'mayTake'>

/** The whole body of an answer of 200; whatever else comes is an error. */
async function collect(outgoing: ClientRequest, bounds: AnswerBounds): Promise<Buffer> {
  const { body } = await gather(outgoing, null, bounds, 200)
  return body
}

/** A whole answer; of another status than `only`, where that is given, nothing is read. */
function gather(
  outgoing: ClientRequest,
  body: string | Buffer | null,
  { answerBytesMax, mayTake }: AnswerBounds,
  only?: number,
): Promise<EgressDocument> {
  return new Promise((resolve, reject) => {
    outgoing.on('response', (response) => {
      const status = response.statusCode ?? 0
      if (only !== undefined && status !== only) {
        response.destroy()
        reject(new EgressError(`It answered ${status} instead of ${only}.`))
        return
      }
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > answerBytesMax) {
          response.destroy()
          reject(new EgressError(`Its answer is longer than ${answerBytesMax} bytes.`))
        } else if (mayTake?.(chunk.length) === false) {
          response.destroy()
          reject(new EgressError('Its answer is more than can be taken.'))
        } else chunks.push(chunk)
      })
      response.on('error', reject)
      response.on('close', () =>
        response.complete
          ? resolve({ status, headers: plainHeaders(response), body: Buffer.concat(chunks) })
          : reject(new EgressError('The connection was closed in the middle of the answer.')),
      )
    })
    outgoing.on('error', (error) => {
      const isStale = outgoing.reusedSocket && 'code' in error && error.code === 'ECONNRESET'
      reject(isStale ? new StaleConnection() : error)
    })
    outgoing.end(body ?? undefined)
  })
}

function plainHeaders(response: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(response.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
}

/** The status decides; the body is read, within bounds, so that the connection can be used again, and for an excerpt. */
function readAnswer(
  response: IncomingMessage,
  bounds: Pick<EgressRequest, 'answerBytesMax' | 'excerptBytesMax'>,
  isKept: boolean,
  done: (answer: EgressAnswer) => void,
): void {
  const { answerBytesMax, excerptBytesMax = 0 } = bounds
  const kept: Buffer[] = []
  let bytes = 0
  const finish = (): void =>
    done({
      status: response.statusCode ?? 0,
      retryAfterSeconds: retryAfter(response.headers['retry-after']),
      ...(excerptBytesMax === 0 ? {} : { excerpt: Buffer.concat(kept).subarray(0, excerptBytesMax) }),
    })
  response.on('data', (chunk: Buffer) => {
    if (isKept && bytes < excerptBytesMax) kept.push(chunk)
    bytes += chunk.length
    if (bytes > answerBytesMax) response.destroy()
  })
  // An answer that breaks off behind its status line was an answer.
  response.on('error', () => undefined)
  response.on('close', finish)
}

function retryAfter(value: string | undefined): number | null {
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) : null
}

async function withSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(new Error('timed out'))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function describe(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  switch (code) {
    case 'ECONNREFUSED':
      return 'The connection was refused.'
    case 'ECONNRESET':
    case 'EPIPE':
      return 'The connection was closed before an answer came.'
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'The host cannot be reached.'
    case 'CERT_HAS_EXPIRED':
      return 'TLS failed: the certificate has expired.'
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return 'TLS failed: the certificate is not signed by a known authority.'
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'TLS failed: the certificate is for another name.'
    default:
      return `The request failed${/^[A-Z0-9_]{3,60}$/.test(code) ? ` (${code})` : ''}.`
  }
}
