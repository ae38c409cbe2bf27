import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { ContainmentQuestion } from '../../kernel/containment.ts'
import { Fault, invalidField } from '../../kernel/faults.ts'
import { parseJsonBody, queryObject } from './input.ts'
import { clientAddress } from './client-address.ts'
import type { TrustedProxies } from './client-address.ts'
import { readCookie, setCookie } from './cookies.ts'
import type { Client, Credentials, Operation, Principal, StreamEvent } from './operation.ts'
import { admit, contextOf, IDEMPOTENCY_KEY } from './running.ts'
import type { Exchange, RunDependencies } from './running.ts'

export interface RouteDependencies<Services> extends RunDependencies<Services> {
  readonly app: FastifyInstance
  readonly log: Logger
  /** Who sent this request; throws `unauthenticated`. */
  authenticate(request: Credentials): Promise<Principal>
  /** Whose X-Forwarded-For is believed. */
  readonly proxies: TrustedProxies
  /** Calls `end` with the reason once the principal's credential dies; disposing of the answer stops the watch. */
  watchCredential(principal: Principal, client: Client, end: (reason: string) => void): Disposable
  readonly containment: RunDependencies<Services>['containment'] & {
    /** Calls `end` once, when this becomes contained; disposing of the answer stops the watch. */
    watch(question: ContainmentQuestion, end: (fault: Fault) => void): Disposable
  }
  readonly bodyBytesMaxDefault: number
}

/** Makes one route per operation: authenticate, check scope, parse, handle, present. Nothing an operation can forget. */
export function addRoutes<Services>(
  operations: readonly Operation<Services>[],
  deps: RouteDependencies<Services>,
): void {
  for (const operation of operations) {
    deps.app.route({
      method: operation.method,
      url: routeUrl(operation.path),
      bodyLimit: operation.bodyBytesMax ?? deps.bodyBytesMaxDefault,
      handler: (request, reply) => handleRequest(operation, deps, request, reply),
    })
  }
  refuseOtherMethods(operations, deps.app)
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** A known path with another method is told which ones it takes (RFC 9110 §15.5.6). */
function refuseOtherMethods<Services>(
  operations: readonly Operation<Services>[],
  app: FastifyInstance,
): void {
  for (const [path, group] of Map.groupBy(operations, (operation) => operation.path)) {
    const taken = new Set<string>(group.map((operation) => operation.method))
    const allow = METHODS.filter((method) => taken.has(method)).join(', ')
    app.route({
      method: METHODS.filter((method) => !taken.has(method)),
      url: routeUrl(path),
      config: { refusesMethod: true },
      handler: (request, reply) => {
        void reply.header('allow', allow)
        throw new Fault('method_not_allowed', { detail: `${path} takes ${allow}, not ${request.method}.` })
      },
    })
  }
}

function routeUrl(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1')
}

async function handleRequest<Services>(
  operation: Operation<Services>,
  deps: RouteDependencies<Services>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const client = clientOf(request, deps.proxies)
  // Of faults too: what was answered to one session must not be kept for another.
  void reply.header('cache-control', 'no-store')
  const principal =
    operation.scope === 'public' ? ANYBODY : await deps.authenticate(shownBy(operation, request, client))
  const question = admit(operation, principal, deps.containment)
  const raw = Buffer.isBuffer(request.body) ? request.body : undefined
  const input = parseInput(operation, request, raw)
  const dead = new AbortController()
  const exchange = exchangeOf(operation, request, reply, raw, dead.signal)
  const context = contextOf(operation, deps, { principal, client }, exchange)
  switch (operation.kind) {
    case 'json': {
      const output = await operation.run(context, input)
      return reply
        .status(operation.status)
        .type('application/json; charset=utf-8')
        .send(JSON.stringify(output))
    }
    case 'empty':
      await operation.run(context, input)
      return reply.status(204).send()
    case 'bytes': {
      const bytes = await operation.run(context, input)
      return reply
        .type(operation.produces)
        .header('x-content-type-options', 'nosniff')
        .header('content-disposition', 'attachment')
        .send(bytes)
    }
    case 'stream': {
      using _watch = deps.watchCredential(principal, client, (reason) =>
        dead.abort(new Fault('unauthenticated', { detail: `${reason}; this stream ends.` })),
      )
      using _contained = deps.containment.watch(question, (fault) => dead.abort(fault))
      await stream(operation.run(context, input), reply, context.signal, dead.signal, deps.log)
      return reply
    }
  }
}

const ANYBODY: Principal = { kind: 'anonymous', id: 'anonymous', scopes: ['public'] }
const USER_AGENT_MAX = 300

/** What a request tells of the other end. */
export function clientOf(request: FastifyRequest, proxies: TrustedProxies): Client {
  const { headers } = request
  const bearer = /^bearer +(bhu_[\x21-\x7e]{1,200})$/i.exec(headers.authorization ?? '')?.[1] ?? null
  const cookie = headers.authorization === undefined ? readCookie(headers.cookie, 'session') : null
  return {
    address: clientAddress(request.socket.remoteAddress, headers, proxies),
    userAgent: (headers['user-agent'] ?? '').replaceAll(/[^\x20-\x7e]/g, '?').slice(0, USER_AGENT_MAX),
    device: readCookie(headers.cookie, 'device'),
    sessionToken: bearer ?? cookie,
    transport: bearer === null ? (cookie === null ? 'none' : 'cookie') : 'bearer',
  }
}

function shownBy<Services>(
  operation: Operation<Services>,
  request: FastifyRequest,
  client: Client,
): Credentials {
  return {
    method: request.method,
    scope: operation.scope,
    authorization: request.headers.authorization,
    workspace: headerOf(request, 'bulkhead-workspace'),
    client,
    isSameOrigin: isSameOrigin(request),
  }
}

/**
 * Browsers say where a request comes from in Sec-Fetch-Site, older ones in Origin; the header of our own makes a page elsewhere ask for
 * leave first, which nobody gives. All three would have to fail.
 */
function isSameOrigin(request: FastifyRequest): boolean {
  if (headerOf(request, 'bulkhead-csrf') !== '1') return false
  const site = headerOf(request, 'sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  const origin = headerOf(request, 'origin')
  return origin === undefined || hostOf(origin) === request.headers.host
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null
}

function parseInput<Services>(
  operation: Operation<Services>,
  request: FastifyRequest,
  raw: Buffer | undefined,
): Record<string, unknown> {
  const fromQuery =
    operation.method === 'GET' ||
    operation.method === 'DELETE' ||
    (operation.kind === 'json' && operation.consumes === 'mime')
  const isJson = (request.headers['content-type'] ?? '').startsWith('application/json')
  if (!fromQuery && raw !== undefined && !isJson) {
    throw new Fault('unsupported_media_type', { detail: 'Send the body as application/json.' })
  }
  const search = request.url.indexOf('?')
  const body = fromQuery
    ? queryObject(new URLSearchParams(search < 0 ? '' : request.url.slice(search + 1)))
    : parseJsonBody(raw ?? Buffer.alloc(0))
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw invalidField('', 'must be a JSON object')
  const parameters: Record<string, string> =
    request.params !== null && typeof request.params === 'object' ? { ...request.params } : {}
  for (const name of Object.keys(parameters)) {
    if (Object.hasOwn(body, name))
      throw invalidField(name, 'belongs in the path only', 'Remove it from the body.')
  }
  return { ...body, ...parameters }
}

function exchangeOf<Services>(
  operation: Operation<Services>,
  request: FastifyRequest,
  reply: FastifyReply,
  raw: Buffer | undefined,
  dead: AbortSignal,
): Exchange {
  let gone: AbortSignal | undefined
  const idempotencyKey = operation.idempotent === true ? headerOf(request, 'idempotency-key') : undefined
  if (idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey)) {
    throw invalidField('Idempotency-Key', 'must be 1 to 256 printable ASCII characters')
  }
  return {
    setCookie: (name, value, maxAgeSeconds) => setCookie(reply, name, value, maxAgeSeconds),
    addHeaders: (fields) => {
      for (const [name, value] of Object.entries(fields)) void reply.header(name, value)
    },
    idempotencyKey,
    bodyHash:
      idempotencyKey === undefined
        ? undefined
        : createHash('sha256')
            .update(request.url)
            .update('\n')
            .update(raw ?? '')
            .digest(),
    raw,
    lastEventId: headerOf(request, 'last-event-id'),
    // Made when it is asked for: aborting one costs 20 µs, and only streams look at it.
    get signal() {
      if (gone === undefined) {
        const controller = new AbortController()
        gone = AbortSignal.any([controller.signal, dead])
        if (reply.raw.closed) controller.abort()
        else reply.raw.once('close', () => controller.abort())
      }
      return gone
    },
  }
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

const interrupted = { code: 'unavailable', detail: 'The stream ends.', containment: undefined } as const
const PING_MS = 15_000
/** A reader that takes nothing any more does not keep the connection of a dead credential open. */
const LAST_WORDS_MS = 300

/** Server-sent events. A client that reads too slowly stops the source by back-pressure; a comment every 15 s keeps proxies awake. */
async function stream(
  source: AsyncIterable<StreamEvent>,
  reply: FastifyReply,
  signal: AbortSignal,
  dead: AbortSignal,
  log: Logger,
): Promise<void> {
  reply.hijack()
  reply.raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  reply.raw.write('retry: 2000\n\n')
  const ping = setInterval(() => reply.raw.write(': ping\n\n'), PING_MS)
  try {
    for await (const event of source) {
      const body =
        event.event === undefined ? '' : `event: ${event.event}\ndata: ${JSON.stringify(event.data)}\n`
      const open = reply.raw.write(`id: ${event.id}\n${body}\n`)
      if (!open) await drained(reply, signal)
      if (signal.aborted) break
    }
  } catch (error) {
    if (!signal.aborted) {
      log.warn({ err: error }, 'a live stream ended by a failure')
      reply.raw.write(
        'event: error\ndata: {"detail":"The stream was interrupted; reconnect with Last-Event-ID."}\n\n',
      )
    }
  } finally {
    clearInterval(ping)
    if (dead.aborted) {
      const { code, detail, containment } = dead.reason instanceof Fault ? dead.reason : interrupted
      reply.raw.write(`event: error\ndata: ${JSON.stringify({ code, detail, ...containment })}\n\n`)
      setTimeout(() => reply.raw.destroy(), LAST_WORDS_MS)
    }
    reply.raw.end()
  }
}

async function drained(reply: FastifyReply, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    reply.raw.once('drain', resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
