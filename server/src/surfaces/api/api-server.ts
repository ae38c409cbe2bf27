import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { AuditRecord } from '../../kernel/audit-record.ts'
import { Fault } from '../../kernel/faults.ts'
import { decodeId, encodeId } from '../../kernel/ids.ts'
import type { TrustedProxies } from '../../platform/http/client-address.ts'
import type { HttpObserver } from '../../platform/http/http-observer.ts'
import { createHttpServer } from '../../platform/http/http-server.ts'
import type { Client, Credentials, Principal } from '../../platform/http/operation.ts'
import { openApiOf } from '../../platform/http/openapi.ts'
import { addRoutes } from '../../platform/http/routes.ts'
import type { KeyringClient } from '../../platform/keyring-client/index.ts'
import { isAddress } from '../../platform/networks/index.ts'
import type { Queryable } from '../../platform/postgres/index.ts'
import type { TenantDatabase, TenantTransactions } from '../../platform/postgres/tenant.ts'
import type { Access, PeopleAccess } from '../../security/access/index.ts'
import type { ContainmentWatch } from '../../security/containment/index.ts'
import { CAUSES } from '../../security/epochs/index.ts'
import type { CredentialRef, CredentialWatch } from '../../security/epochs/index.ts'
import { addAuditTiles } from './audit-tiles.ts'
import { addConsoleFiles } from './console-files.ts'
import { addHealthRoutes } from './health.ts'
import { createHtmlPages } from './html-pages.ts'
import { addHtmlFrame } from './html-view.ts'
import { addInboxFrame, createInboxView } from './inbox-view.ts'
import { addLeakReports } from './leaked-keys.ts'
import { apiOperations, type ApiServices } from './registry.ts'
import { addSsoRedirects } from './sso-redirects.ts'

export interface ApiServerDependencies {
  readonly log: Logger
  readonly observer?: HttpObserver
  readonly pool: Queryable
  readonly keyring: KeyringClient
  readonly transactions: TenantTransactions
  readonly access: Pick<Access, 'authenticateBearer'>
  readonly people: Pick<PeopleAccess, 'authenticate'>
  readonly proxies: TrustedProxies
  readonly watch: Pick<CredentialWatch, 'watch'>
  readonly containment: Pick<ContainmentWatch, 'active' | 'require' | 'watch'>
  /** Where a contained party objects. */
  readonly appeal: string
  readonly services: ApiServices
  readonly recordAudit: (db: TenantDatabase, record: AuditRecord) => Promise<void>
  readonly consoleDirectory: string
  /** Adds the doors of links, which come before everything else. */
  readonly addLinks: (app: FastifyInstance) => void
  /** Adds other vendors' APIs. */
  readonly addDoors: (app: FastifyInstance) => void
  /** Where a request leads whose host is that of such an API. */
  readonly rewriteUrl: (host: string | undefined, url: string) => string
}

const BODY_BYTES_MAX = 256 * 1024
const CONNECTIONS_MAX = 20_000

export const OPENAPI_INFO = {
  title: 'Bulkhead API',
  version: '1',
  description:
    'Send mail and follow what became of it. Authenticate with an API key, or as a person with a session, as a bearer token. Errors are problem+json (RFC 9457) and name the field and the fix. Lists answer data and nextCursor.',
} as const

/** The native API, the console's files and the health routes on one server. */
export async function createApiServer(deps: ApiServerDependencies): Promise<FastifyInstance> {
  const app = createHttpServer({
    log: deps.log,
    connectionsMax: CONNECTIONS_MAX,
    bodyBytesMax: BODY_BYTES_MAX,
    appeal: deps.appeal,
    rewriteUrl: deps.rewriteUrl,
    ...(deps.observer === undefined ? {} : { observer: deps.observer }),
  })
  deps.addLinks(app)
  const inboxView = createInboxView()
  const htmlPages = createHtmlPages({ now: Date.now })
  addRoutes(apiOperations, {
    app,
    log: deps.log,
    services: { ...deps.services, inboxView, htmlPages },
    transactions: deps.transactions,
    proxies: deps.proxies,
    authenticate: (shown) => authenticate(deps, shown),
    watchCredential: (principal, client, end) => {
      const credential = credentialOf(principal, client)
      return credential === null
        ? { [Symbol.dispose]: () => undefined }
        : deps.watch.watch(credential, (cause) => end(CAUSES[cause]))
    },
    containment: deps.containment,
    recordAudit: deps.recordAudit,
    bodyBytesMaxDefault: BODY_BYTES_MAX,
  })
  deps.addDoors(app)
  const document = JSON.stringify(openApiOf(apiOperations, OPENAPI_INFO))
  app.get('/v1/openapi.json', (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(document),
  )
  addInboxFrame(app, { inbox: deps.services.inbox, inboxView, transactions: deps.transactions })
  addHtmlFrame(app, htmlPages)
  addLeakReports(app, { leakedKeys: deps.services.leakedKeys, proxies: deps.proxies })
  addAuditTiles(app, deps.services.auditLog)
  addSsoRedirects(app, deps.services.sso)
  addHealthRoutes(app, deps)
  await addConsoleFiles(app, deps.consoleDirectory)
  return app
}

/** What a stream lives by; of a person also the membership and what the workspace demands. */
function credentialOf(principal: Principal, client: Client): CredentialRef | null {
  switch (principal.kind) {
    case 'api_key':
      return { kind: 'api_key', id: principal.id, address: client.address }
    case 'person':
      return {
        kind: 'session',
        id: principal.id,
        workspaceId: principal.workspaceId === '' ? null : principal.workspaceId,
        address: isAddress(client.address) ? client.address : null,
      }
    case 'operator':
    case 'staff':
    case 'anonymous':
      return null
  }
}

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** A key opens its own workspace. Who names another one would else act in the wrong one. */
function refuseOtherWorkspace(principal: Principal, named: string | undefined): void {
  if (principal.kind !== 'api_key' || named === undefined) return
  if (decodeId('workspace', named) === principal.workspaceId) return
  throw new Fault('missing_scope', {
    detail: `This key belongs to ${encodeId('workspace', principal.workspaceId)} and opens no other workspace.`,
  })
}

/** A person's session, in a cookie or as a bearer token, or a key. A cookie acts for our own pages only. */
async function authenticate(
  deps: Pick<ApiServerDependencies, 'access' | 'people'>,
  shown: Credentials,
): Promise<Principal> {
  const { client } = shown
  if (client.sessionToken === null) {
    const principal = await deps.access.authenticateBearer(shown.authorization, client)
    refuseOtherWorkspace(principal, shown.workspace)
    return principal
  }
  if (client.transport === 'cookie' && !SAFE_METHODS.has(shown.method) && !shown.isSameOrigin) {
    throw new Fault('csrf_refused', {
      detail:
        'A session cookie acts for the pages of this console only: send the header "bulkhead-csrf: 1" from the same origin.',
    })
  }
  return deps.people.authenticate(client.sessionToken, {
    workspace: shown.workspace,
    address: client.address,
    scope: shown.scope,
  })
}
