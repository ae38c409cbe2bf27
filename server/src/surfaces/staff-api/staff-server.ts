import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { QueueService } from '../../modules/queue/index.ts'
import type { Staff } from '../../modules/staff/index.ts'
import { Fault } from '../../kernel/faults.ts'
import { clientAddress, trustedProxies } from '../../platform/http/client-address.ts'
import type { TrustedProxies } from '../../platform/http/client-address.ts'
import type { HttpObserver } from '../../platform/http/http-observer.ts'
import { createHttpServer } from '../../platform/http/http-server.ts'
import { openApiOf } from '../../platform/http/openapi.ts'
import { addRoutes } from '../../platform/http/routes.ts'
import type { TenantTransactions } from '../../platform/postgres/tenant.ts'
import type { StaffAccess } from '../../security/access/index.ts'
import { staffApiOperations } from './registry.ts'

export interface StaffServerDependencies {
  readonly log: Logger
  readonly observer?: HttpObserver
  readonly transactions: TenantTransactions
  readonly access: StaffAccess
  readonly staff: Staff
  readonly queue: QueueService
  /** Networks from which it answers; empty: all. */
  readonly allow: readonly string[]
  /** Networks whose X-Forwarded-For is believed. */
  readonly proxies: readonly string[]
}

const BODY_BYTES_MAX = 64 * 1024
const CONNECTIONS_MAX = 200

export const STAFF_OPENAPI_INFO = {
  title: 'Bulkhead staff API',
  version: '1',
  description:
    'See operational metadata and take away: contain, end, revoke. Authenticate with a staff key as a bearer token. Errors are problem+json (RFC 9457).',
} as const

const NOTHING: Disposable = { [Symbol.dispose]: () => undefined }

/** The staff process's own server, on its own port. */
export function createStaffServer(deps: StaffServerDependencies): FastifyInstance {
  const app = createHttpServer({
    log: deps.log,
    connectionsMax: CONNECTIONS_MAX,
    bodyBytesMax: BODY_BYTES_MAX,
    ...(deps.observer === undefined ? {} : { observer: deps.observer }),
  })
  const proxies = trustedProxies(deps.proxies)
  addNetworkGate(app, deps.allow, proxies)
  addRoutes(staffApiOperations, {
    app,
    log: deps.log,
    services: { staff: deps.staff, queue: deps.queue },
    transactions: deps.transactions,
    proxies,
    authenticate: ({ authorization }) => deps.access.authenticateBearer(authorization),
    // There are no streams here, and what staff do is never contained: it makes things safer.
    watchCredential: () => NOTHING,
    containment: { require: () => undefined, watch: () => NOTHING },
    // Every act's function writes its own record; an operation that used `act` would have none, and must not work.
    recordAudit: () => Promise.reject(new Error('acts of staff are recorded by the functions that do them')),
    bodyBytesMaxDefault: BODY_BYTES_MAX,
  })
  const document = JSON.stringify(openApiOf(staffApiOperations, STAFF_OPENAPI_INFO))
  app.get('/v1/openapi.json', (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(document),
  )
  app.get('/healthz', (_request, reply) =>
    reply.type('application/json').send(JSON.stringify({ status: 'ok', process: 'staff', pid: process.pid })),
  )
  return app
}

/** Before a key is looked at, before a route is found and before a body is read (S-09): a stolen key is worth nothing elsewhere. */
function addNetworkGate(app: FastifyInstance, allow: readonly string[], proxies: TrustedProxies): void {
  if (allow.length === 0) return
  const allowed = trustedProxies(allow)
  app.addHook('onRequest', (request, _reply, done) => {
    if (allowed.includes(clientAddress(request.socket.remoteAddress, request.headers, proxies))) done()
    else done(new Fault('address_refused', { detail: 'The staff process answers to its own networks only.' }))
  })
}
