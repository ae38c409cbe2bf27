import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { createGunzip, gunzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { DoorName } from '../../kernel/doors.ts'
import { Fault } from '../../kernel/faults.ts'
import { faultOfError } from '../../platform/http/http-server.ts'
import { parseJsonBody } from '../../platform/http/input.ts'
import type { Client, TypedOperation } from '../../platform/http/operation.ts'
import { clientOf } from '../../platform/http/routes.ts'
import { admit, contextOf, IDEMPOTENCY_KEY } from '../../platform/http/running.ts'
import type { Exchange, RunDependencies } from '../../platform/http/running.ts'
import type { TrustedProxies } from '../../platform/http/client-address.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { Repeats } from '../../modules/repeats/index.ts'
import type { Access } from '../../security/access/index.ts'
import { DoorRefusal } from './door.ts'
import type { Door, DoorAnswer, DoorCall, DoorPrincipal, DoorRoute, RunOptions } from './door.ts'

export interface MountDependencies<Services> extends RunDependencies<Services> {
  readonly access: Pick<Access, 'authenticateDoor'>
  readonly repeats: Repeats
  readonly proxies: TrustedProxies
  readonly log: Logger
}

const BODY_BYTES_MAX = 1024 * 1024
/** Of a body that is unpacked and parsed to see who sent it. */
const STRANGERS_BYTES_MAX = 256 * 1024
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const unzip = promisify(gunzip)

/** Where the API of a door stands. */
export function prefixOf(door: { readonly name: string }): string {
  return `/compat/${door.name}`
}

/** Adds one door under its prefix: every answer there, of whatever kind, has the vendor's shape. */
export function mountDoor<Services>(
  app: FastifyInstance,
  door: Door<Services>,
  deps: MountDependencies<Services>,
): void {
  app.register(
    (scope, _options, done) => {
      scope.removeAllContentTypeParsers()
      scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body))
      scope.setErrorHandler((error, request, reply) => answerError(door, deps, error, request, reply))
      scope.setNotFoundHandler((request, reply) => answerError(door, deps, notFound(request), request, reply))
      for (const [path, routes] of Map.groupBy(door.routes, ({ path: own }) => own)) {
        for (const url of [path, ...(door.aliases?.(path) ?? [])]) addPath(scope, door, deps, url, routes)
      }
      done()
    },
    { prefix: prefixOf(door) },
  )
}

function addPath<Services>(
  scope: FastifyInstance,
  door: Door<Services>,
  deps: MountDependencies<Services>,
  path: string,
  routes: readonly DoorRoute<Services>[],
): void {
  const url = path.replaceAll(/\{(\w+)\}/g, ':$1')
  for (const route of routes) {
    scope.route({
      method: route.method,
      url,
      bodyLimit: route.bodyBytesMax ?? BODY_BYTES_MAX,
      handler: (request, reply) => handle(door, route, deps, request, reply),
    })
  }
  const taken = new Set<string>(routes.map(({ method }) => method))
  scope.route({
    method: METHODS.filter((method) => !taken.has(method)),
    url,
    config: { refusesMethod: true },
    handler: (request, reply) => {
      void reply.header('allow', [...taken].join(', '))
      throw new Fault('method_not_allowed', {
        detail: `This path takes ${[...taken].join(', ')}, not ${request.method}.`,
      })
    },
  })
}

async function handle<Services>(
  door: Door<Services>,
  route: DoorRoute<Services>,
  deps: MountDependencies<Services>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  void reply.header('cache-control', 'no-store')
  const client = clientOf(request, deps.proxies)
  const header = (name: string): string | undefined => [request.headers[name]].flat()[0]
  const known = async (body?: unknown): Promise<Caller> => {
    const key = door.keyOf({ authorization: request.headers.authorization, header, body })
    if (key === null) throw new Keyless()
    const principal = await deps.access.authenticateDoor(door.name, key, client)
    requireDoorScope(route, principal)
    return { principal, client, key }
  }
  // Unpacking and parsing cost much: strangers get neither where the key stands outside of the body, and no parsing of large bodies elsewhere.
  const early = door.glimpseKeys === undefined ? await known() : undefined
  const bytesMax = route.bodyBytesMax ?? BODY_BYTES_MAX
  const raw = await (door.glimpseKeys === undefined
    ? unpacked(request, bytesMax)
    : glimpsed(request, bytesMax, door.glimpseKeys, async (keys) => {
        const outside = door.keyOf({ authorization: request.headers.authorization, header, body: undefined })
        await requireAny(deps, door.name, [...(outside === null ? [] : [outside]), ...keys], client)
      }))
  const body = parsed(door, raw, request)
  const caller = early ?? (await known(body))
  const run = runnerOf(deps, caller, raw, header, request, reply)
  const params: Record<string, string> =
    request.params !== null && typeof request.params === 'object' ? { ...request.params } : {}
  const search = request.url.indexOf('?')
  const answer = await route.handle({
    method: request.method,
    params,
    query: new URLSearchParams(search < 0 ? '' : request.url.slice(search + 1)),
    body,
    raw,
    header,
    principal: caller.principal,
    client,
    run,
  })
  return send(reply, answer)
}

/** Who a request comes from, and the key that said so. */
interface Caller {
  readonly principal: DoorPrincipal
  readonly client: Client
  readonly key: string
}

/** Throws unless one of the keys opens the door; which of them the request means is told by its body. */
async function requireAny<Services>(
  { access }: Pick<MountDependencies<Services>, 'access'>,
  door: DoorName,
  keys: readonly string[],
  client: Client,
): Promise<void> {
  let refusal: unknown = new Fault('unauthenticated', {
    detail: 'A large body shows its key as the first or last parameter, or in a header.',
  })
  for (const key of keys) {
    try {
      await access.authenticateDoor(door, key, client)
      return
    } catch (error) {
      refusal = error
    }
  }
  throw refusal
}

/** Nothing was shown to be known by. */
class Keyless extends Fault {
  constructor() {
    super('unauthenticated', { detail: 'The request shows no API key.' })
  }
}

/** A body whose key may stand in it. A large one is unpacked only for whoever shows a key outside of it, or where it begins; a large one that is not packed shows it anywhere. */
async function glimpsed(
  request: FastifyRequest,
  bytesMax: number,
  glimpseKeys: (raw: Buffer) => readonly string[],
  requireKey: (keys: readonly string[]) => Promise<void>,
): Promise<Buffer> {
  const body = bodyOf(request)
  if (!isPacked(request, body)) {
    if (body.length > STRANGERS_BYTES_MAX) await requireKey(glimpseKeys(body))
    return body
  }
  const begin = await beginningOf(body, Math.min(bytesMax, STRANGERS_BYTES_MAX))
  if (begin.isWhole) return begin.bytes
  await requireKey(glimpseKeys(begin.bytes))
  return unpacked(request, bytesMax)
}

/** What a packed body begins with: no more is unpacked, however much there is. */
async function beginningOf(
  packed: Buffer,
  bytesMax: number,
): Promise<{ readonly bytes: Buffer; readonly isWhole: boolean }> {
  const chunks: Buffer[] = []
  let size = 0
  const stream = createGunzip()
  stream.end(packed)
  try {
    for await (const chunk of stream) {
      if (!Buffer.isBuffer(chunk)) throw new Error('a stream of bytes gave something else')
      chunks.push(chunk)
      size += chunk.length
      // Leaving the loop ends the stream.
      if (size > bytesMax) break
    }
  } catch (error) {
    throw notGzip(error)
  }
  return { bytes: Buffer.concat(chunks), isWhole: size <= bytesMax }
}

async function unpacked(request: FastifyRequest, bytesMax: number): Promise<Buffer> {
  const body = bodyOf(request)
  if (!isPacked(request, body)) return body
  try {
    return await unzip(body, { maxOutputLength: bytesMax })
  } catch (error) {
    throw error instanceof RangeError
      ? new Fault('too_large', { detail: 'The body is larger than this call takes.', cause: error })
      : notGzip(error)
  }
}

function bodyOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}

function isPacked(request: FastifyRequest, body: Buffer): boolean {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding === 'identity' || body.length === 0) return false
  if (encoding === 'gzip') return true
  throw new Fault('unsupported_media_type', { detail: 'A body is sent as it is, or packed with gzip.' })
}

function notGzip(cause: unknown): Fault {
  return new Fault('invalid_request', { detail: 'The body is not valid gzip.', cause })
}

function parsed<Services>(door: Door<Services>, raw: Buffer, request: FastifyRequest): unknown {
  const contentType = request.headers['content-type'] ?? ''
  return (door.parseBody ?? parseJsonBody)(raw, contentType)
}

function requireDoorScope<Services>(route: DoorRoute<Services>, principal: DoorPrincipal): void {
  const { doorScopes = [] } = principal
  const wanted = [route.doorScope ?? []].flat()
  if (wanted.length === 0 || doorScopes.length === 0 || wanted.some((name) => doorScopes.includes(name)))
    return
  throw new Fault('missing_scope', { detail: `This needs the permission ${wanted.join(' or ')}.` })
}

function runnerOf<Services>(
  deps: MountDependencies<Services>,
  caller: Caller,
  raw: Buffer,
  header: DoorCall<Services>['header'],
  request: FastifyRequest,
  reply: FastifyReply,
): DoorCall<Services>['run'] {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  let repeated: Promise<string> | undefined
  const ownKey = (): Promise<string> =>
    (repeated ??= deps.repeats.keyOf({
      workspaceId: caller.principal.workspaceId,
      secret: caller.key,
      call: `${request.method} ${request.url}`,
      body: raw,
      retryCount: header('x-retry-count'),
    }))
  return async <Input, Output>(
    operation: TypedOperation<Services, Input, Output>,
    input: Input,
    options: RunOptions = {},
  ): Promise<Output> => {
    if (operation.kind === 'stream') throw new Error(`${operation.id} is a stream, which no door gives`)
    admit(operation, caller.principal, deps.containment)
    const shownKey = options.idempotencyKey ?? header('idempotency-key')
    if (shownKey !== undefined && !IDEMPOTENCY_KEY.test(shownKey)) {
      throw new Fault('invalid_request', {
        detail: 'Idempotency-Key must be 1 to 256 printable ASCII characters.',
        fields: [{ field: 'Idempotency-Key', problem: 'must be 1 to 256 printable ASCII characters' }],
      })
    }
    const isOnce = operation.idempotent === true
    const idempotencyKey = isOnce ? (shownKey ?? (await ownKey())) : undefined
    const exchange: Exchange = {
      setCookie: () => undefined,
      addHeaders: (fields) => {
        for (const [name, value] of Object.entries(fields)) void reply.header(name, value)
      },
      idempotencyKey,
      bodyHash: isOnce
        ? createHash('sha256').update(request.url).update('\n').update(raw).digest()
        : undefined,
      raw: options.raw,
      lastEventId: undefined,
      signal: gone.signal,
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `types` of an operation says is what its run answers
    return (await operation.run(contextOf(operation, deps, caller, exchange), input)) as Output
  }
}

function notFound(request: FastifyRequest): Fault {
  return new Fault('not_found', {
    detail: `There is no ${request.method} ${request.url.split('?')[0]?.slice(0, 200)}.`,
  })
}

function answerError<Services>(
  door: Door<Services>,
  deps: MountDependencies<Services>,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (error instanceof DoorRefusal) return send(reply, error.answer)
  const fault = faultOfError(error)
  if (fault.status >= 500)
    deps.log.error({ err: error, requestId: request.id, url: request.routeOptions.url }, fault.message)
  if (fault.code === 'too_large') void reply.removeHeader('connection')
  if (fault.retryAfterSeconds !== undefined) void reply.header('retry-after', String(fault.retryAfterSeconds))
  for (const [name, value] of Object.entries(fault.headers)) void reply.header(name, value)
  return send(reply, door.renderFault(fault, { requestId: request.id, isKeyless: error instanceof Keyless }))
}

function send(reply: FastifyReply, { status, body, headers = {} }: DoorAnswer): FastifyReply {
  for (const [name, value] of Object.entries(headers)) void reply.header(name, value)
  void reply.status(status)
  return body === undefined
    ? reply.send()
    : reply.type('application/json; charset=utf-8').send(JSON.stringify(body))
}
