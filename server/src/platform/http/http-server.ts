import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import type { Logger } from 'pino'
import { Fault, FAULTS } from '../../kernel/faults.ts'
import { faultOfFailure } from '../failures.ts'
import type { HttpObserver } from './http-observer.ts'
import { problemOf } from './problem.ts'

/** Below the supervisor's patience. */
const CLOSE_GRACE_MS = 5_000
const CLOSE_SWEEP_MS = 50

export interface HttpServerOptions {
  readonly log: Logger
  /** Connections open at once; further ones are refused at accept. */
  readonly connectionsMax: number
  readonly bodyBytesMax: number
  /** Where a contained party objects; told with every `contained`. */
  readonly appeal?: string
  readonly observer?: HttpObserver
  /** What a request is for, by the host that it names: for hosts that are another place of the same server. */
  readonly rewriteUrl?: (host: string | undefined, url: string) => string
}

/**
 * An HTTP server with the limits every door shares. Slow clients are cut by time: 15 s for the head, 120 s for the whole
 * request; idle kept-alive connections live 72 s, longer than the 60 s for which load balancers and SDKs reuse theirs.
 */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { rewriteUrl } = options
  const app = fastify({
    bodyLimit: options.bodyBytesMax,
    requestTimeout: 120_000,
    keepAliveTimeout: 72_000,
    connectionTimeout: 0,
    http: { headersTimeout: 15_000, connectionsCheckingInterval: 2_000, maxHeaderSize: 16 * 1024 },
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    genReqId: () => randomUUID(),
    exposeHeadRoutes: false,
    clientErrorHandler,
    routerOptions: { maxParamLength: 300 },
    rewriteUrl: (request: IncomingMessage) => {
      const url = request.url ?? '/'
      return rewriteUrl?.(request.headers.host, url) ?? url
    },
  })
  app.server.maxConnections = options.connectionsMax
  options.observer?.watch(app)
  app.addHook('preClose', (done) => {
    endConnections(app)
    done()
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    ['application/json', 'message/rfc822', 'text/plain'],
    { parseAs: 'buffer' },
    (request, body, done) => {
      const encoding = request.headers['content-encoding'] ?? 'identity'
      if (encoding === 'identity') done(null, body)
      else
        done(
          new Fault('unsupported_media_type', {
            detail: 'A body with a Content-Encoding is not taken; send it as it is.',
          }),
        )
    },
  )
  addProblemPages(app)
  app.setNotFoundHandler((request, reply) =>
    sendFault(
      reply,
      new Fault('not_found', {
        detail: `There is no ${request.method} ${request.url.split('?')[0]?.slice(0, 200)}.`,
      }),
      request.id,
    ),
  )
  app.setErrorHandler((error, request, reply) => {
    const fault = faultOfError(error)
    if (fault.status >= 500)
      options.log.error({ err: error, requestId: request.id, url: request.routeOptions.url }, fault.message)
    // The framework would close under a client that still sends, which then sees a broken pipe and no reason (10 of 60 did, with
    // 60 MB). Node reads the rest away, for at most the time of a request.
    if (fault.code === 'too_large') void reply.removeHeader('connection')
    return sendFault(reply, fault, request.id, options.appeal)
  })
  return app
}

/**
 * Ends what would keep a stopping server open: connections that become idle only after the stop began (they would live for the
 * whole 72 s), and after the grace live streams and requests that never end.
 */
function endConnections(app: FastifyInstance): void {
  const deadlineMs = performance.now() + CLOSE_GRACE_MS
  const sweep = setInterval(() => {
    if (performance.now() < deadlineMs) app.server.closeIdleConnections()
    else app.server.closeAllConnections()
  }, CLOSE_SWEEP_MS)
  app.server.once('close', () => clearInterval(sweep))
}

/** Answers a fault as problem+json (RFC 9457). */
export function sendFault(
  reply: FastifyReply,
  fault: Fault,
  requestId: string,
  appeal?: string,
): FastifyReply {
  if (fault.code === 'unauthenticated') void reply.header('www-authenticate', 'Bearer realm="bulkhead"')
  if (fault.retryAfterSeconds !== undefined) void reply.header('retry-after', String(fault.retryAfterSeconds))
  for (const [name, value] of Object.entries(fault.headers)) void reply.header(name, value)
  return reply
    .status(fault.status)
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(problemOf(fault, requestId, appeal)))
}

/** What the framework throws, in the words of our catalogue. */
export function faultOfError(error: unknown): Fault {
  if (error instanceof Fault) return error
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Fault('too_large', { detail: 'The body is larger than this operation takes.' })
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return new Fault('unsupported_media_type', {
        detail: 'Send the body as application/json (or message/rfc822 where MIME is taken).',
      })
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_BAD_URL':
      return new Fault('invalid_request', { detail: 'The request is malformed.', cause: error })
    case 'FST_ERR_REOPENED_CLOSE_SERVER':
      return new Fault('unavailable', {
        detail: 'The server is stopping; try again.',
        retryAfterSeconds: 2,
        cause: error,
      })
    default:
      return faultOfFailure(error)
  }
}

/** Malformed or too slow requests never reach a route; they too get an answer a person can read. */
function clientErrorHandler(error: Error & { code?: string }, socket: Duplex & { writable: boolean }): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, detail] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? [408, 'The request did not arrive in time.']
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? [431, 'The headers are larger than 16 KiB.']
        : [400, 'The request is not valid HTTP.']
  const title = STATUS_CODES[status] ?? 'Bad Request'
  const body = JSON.stringify({
    type: '/problems/invalid_request',
    title,
    status,
    code: 'invalid_request',
    detail,
  })
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

/** The `type` of a problem leads here: what it means, and whether the same request may succeed later. */
function addProblemPages(app: FastifyInstance): void {
  for (const [code, { status, title, retryable }] of Object.entries(FAULTS)) {
    const advice = retryable
      ? 'The same request may succeed later: try again, after Retry-After where it is given.'
      : 'The same request fails again: change it first.'
    const text = `${code}: ${title}.\nHTTP status ${status}. ${advice}\nMore: docs/api.md, section "${code}".\n`
    app.get(`/problems/${code}`, (_request, reply) => reply.type('text/plain; charset=utf-8').send(text))
  }
}
