import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeId, encodeId } from '../../src/kernel/ids.ts'
import type { IdKind } from '../../src/kernel/ids.ts'
import { accountOperations } from '../../src/modules/accounts/index.ts'
import { createCapture } from '../../src/modules/inbox/index.ts'
import { inputPlaces } from '../../src/platform/http/openapi.ts'
import { createTenantTransactions } from '../../src/platform/postgres/tenant.ts'
import * as scopesOf from '../../src/security/access/scopes.ts'
import { apiOperations } from '../../src/surfaces/api/registry.ts'
import { startAudit } from '../support/audit.ts'
import { startDnsServer, type DnsServer } from '../support/dns-server.ts'
import { startApi } from './api-fixture.ts'
import {
  aName,
  aWord,
  captured,
  containment,
  federationRule,
  message,
  newId,
  webhook,
} from './operation-samples.ts'
import { checkAnswer, closed } from './operation-answers.ts'
import { audienceExamples } from './audience-examples.ts'
import { inboundExamples } from './inbound-examples.ts'
import { keyExamples } from './key-examples.ts'
import { aMessage, messageExamples } from './message-examples.ts'
import { namingExamples } from './naming-examples.ts'
import { queueExamples } from './queue-examples.ts'
import { quotaExamples } from './quota-examples.ts'
import { sourceExamples } from './source-examples.ts'
import { templateExamples } from './template-examples.ts'
import type { Answer, ApiFixture } from './api-fixture.ts'
import { bounceExamples } from './bounce-examples.ts'

const { ACCOUNT_SCOPES, ALL_SCOPES, OPERATOR_SCOPES, PEOPLE_SCOPES, PUBLIC_SCOPE } = scopesOf
type AnyOperation = (typeof apiOperations)[number]

/** A valid request: path parameters by name, and the rest of the input. */
interface Example {
  readonly params?: Readonly<Record<string, string>>
  readonly rest?: Readonly<Record<string, unknown>>
  readonly mime?: string
}

/** A workspace in which examples are made. */
interface World {
  readonly id: string
  readonly key: string
  post(path: string, body: unknown): Promise<Answer>
}

/** A valid request for every operation; what it needs to exist is made anew each time, because many examples use it up. */
const EXAMPLES: Readonly<Record<string, (world: World) => Example | Promise<Example>>> = {
  'messages.send': () => ({ rest: message }),
  'messages.sendBatch': () => ({ rest: { messages: [message, message] } }),
  'messages.sendMime': () => ({
    rest: { to: 'bob@example.com' },
    mime: 'From: ann@shop.test\r\nTo: bob@example.com\r\nSubject: Hi\r\n\r\nHi\r\n',
  }),
  'messages.list': () => ({ rest: { limit: '10', lane: 'bulk' } }),
  ...messageExamples,
  'events.list': () => ({ rest: { limit: '10' } }),
  'events.stream': () => ({}),
  'ledger.get': () => ({}),
  'statistics.get': () => ({ rest: { by: 'route', step: 'hour' } }),
  'installationStatistics.get': () => ({ rest: { by: 'provider' } }),
  'queue.get': () => ({}),
  ...queueExamples(() => api),
  ...quotaExamples<World>((world, path, body) => made(world, path, body)),
  ...sourceExamples(() => api),
  ...templateExamples<World>(() => api, made),
  ...audienceExamples<World>(() => api, made),
  ...keyExamples<World>(() => api, made),
  ...namingExamples<World>(made, (world, path, body) => world.post(path, body)),
  'domains.add': () => ({ rest: { name: aName() } }),
  'domains.list': () => ({ rest: { limit: '10' } }),
  'domains.get': async (world) => ({ params: { domainId: await aDomain(world) } }),
  'domains.verify': async (world) => ({ params: { domainId: await aDomain(world) } }),
  'domains.rotateDkim': async (world) => ({
    params: { domainId: await aDomain(world) },
    rest: { emergency: false },
  }),
  'domains.cancelRotation': async (world) => {
    const domainId = await aDomain(world)
    await world.post(`/v1/domains/${domainId}/rotate`, {})
    return { params: { domainId } }
  },
  'domains.delete': async (world) => ({ params: { domainId: await aDomain(world) } }),
  'operations.zone': () => ({}),
  'tracking.get': () => ({}),
  'tracking.update': () => ({ rest: { opens: 'on', critical: true } }),
  'tracking.message': async (world) => ({ params: { messageId: await aMessage(world) } }),
  'linkDomains.add': () => ({ rest: { name: `${aWord()}.shop.test` } }),
  'linkDomains.list': () => ({ rest: { limit: '10' } }),
  'linkDomains.verify': async (world) => ({ params: { linkDomainId: await aLinkDomain(world) } }),
  'linkDomains.delete': async (world) => ({ params: { linkDomainId: await aLinkDomain(world) } }),
  'senders.create': () => ({ rest: { email: `${aWord()}@shop.test`, name: 'Ann' } }),
  'senders.list': () => ({}),
  'senders.delete': async (world) => ({
    params: { senderId: await made(world, '/v1/senders', { email: `${aWord()}@shop.test` }) },
  }),
  'suppressions.add': () => ({ rest: { email: `${aWord()}@example.com`, note: 'asked' } }),
  'suppressions.list': () => ({ rest: { reason: 'manual' } }),
  'suppressions.get': async (world) => ({ params: { suppressionId: (await aSuppression(world)).id } }),
  'suppressions.explain': async (world) => ({ rest: { email: (await aSuppression(world)).email } }),
  'suppressions.export': () => ({ rest: { limit: '10', scope: 'all' } }),
  'suppressions.update': async (world) => ({
    params: { suppressionId: (await aSuppression(world)).id },
    rest: { scope: 'bulk', note: 'changed' },
  }),
  'suppressionImports.start': () => ({ rest: { format: 'csv' } }),
  'suppressionImports.addLines': async (world) => ({
    params: { importId: await anImport(world) },
    rest: { fromLine: 1, text: `${aWord()}@example.com\n` },
  }),
  'suppressionImports.list': () => ({ rest: { limit: '10' } }),
  'suppressionImports.get': async (world) => ({ params: { importId: await anImport(world) } }),
  'suppressionImports.listRefusals': async (world) => ({ params: { importId: await anImport(world) } }),
  'suppressionImports.cancel': async (world) => ({ params: { importId: await anImport(world) } }),
  'suppressions.delete': async (world) => ({ params: { suppressionId: (await aSuppression(world)).id } }),
  'suppressions.deleteByEmail': async (world) => ({ rest: { email: (await aSuppression(world)).email } }),
  ...inboundExamples(() => api),
  'webhooks.create': () => ({ rest: webhook }),
  'webhooks.list': () => ({}),
  'webhooks.get': async (world) => ({ params: { webhookId: await aWebhook(world) } }),
  'webhooks.update': async (world) => ({
    params: { webhookId: await aWebhook(world) },
    rest: { description: 'new' },
  }),
  'webhooks.delete': async (world) => ({ params: { webhookId: await aWebhook(world) } }),
  'webhooks.getVerification': async (world) => ({ params: { webhookId: await aWebhook(world) } }),
  'webhooks.rotateSecret': async (world) => ({ params: { webhookId: await aWebhook(world) } }),
  'webhooks.deliveries': async (world) => ({ params: { webhookId: (await aDelivery(world)).webhookId } }),
  'webhooks.delivery': async (world) => ({ params: { ...(await aDelivery(world)) } }),
  'webhooks.statistics': async (world) => ({ params: { webhookId: await aWebhook(world) } }),
  'webhooks.replay': async (world) => ({ params: { ...(await aDelivery(world)) } }),
  'webhooks.replayFailed': async (world) => ({ params: { webhookId: await aWebhook(world) } }),
  'webhooks.test': async (world) => ({ params: { webhookId: await aWebhook(world) } }),
  'invitations.createFirstOwner': () => ({ rest: { email: `${aWord()}@people.test` } }),
  'smtpCredentials.create': () => ({ rest: { name: 'one' } }),
  'smtpCredentials.list': () => ({}),
  'smtpCredentials.revoke': async (world) => ({
    params: { smtpCredentialId: await made(world, '/v1/smtp-credentials', { name: 'one' }) },
  }),
  'smtpCredentials.rotate': async (world) => ({
    params: { smtpCredentialId: await made(world, '/v1/smtp-credentials', { name: 'one' }) },
  }),
  'federationRules.create': () => ({ rest: federationRule }),
  'federationRules.list': () => ({ rest: { limit: '10' } }),
  'federationRules.revoke': async (world) => ({ params: { federationRuleId: await aFederationRule(world) } }),
  'federation.exchange': async (world) => ({ rest: { rule: await aFederationRule(world), token: 'a.b.c' } }),
  // Of a kind that the key which asks does not have: the other tests go on with it.
  'epochs.bump': () => ({ rest: { class: 'smtp_credential', reason: 'a drill' } }),
  'epochs.list': () => ({}),
  'containments.create': () => ({ rest: containment }),
  'containments.list': () => ({ rest: { limit: '10' } }),
  'containments.preview': () => ({ rest: { capabilities: ['send', 'write'] } }),
  'containments.get': async (world) => ({ params: { containmentId: await aContainment(world) } }),
  'containments.requestLift': async (world) => ({
    params: { containmentId: await aContainment(world) },
    rest: { reason: 'a drill' },
  }),
  'containments.lift': async (world) => {
    const { body: other } = await world.post('/v1/api-keys', { name: 'other' })
    const containmentId = await aContainment(world)
    const path = `/v1/containments/${containmentId}/request-lift`
    expect((await api.call(other.key, 'POST', path, { reason: 'a drill' })).status).toBe(200)
    return { params: { containmentId }, rest: { reason: 'a drill' } }
  },
  'audit.list': () => ({ rest: { limit: '10', action: 'sender.created' } }),
  'audit.state': () => ({}),
  'audit.listInstallation': () => ({ rest: { limit: '10' } }),
  'audit.export': async (world) => {
    await anAuditEntry(world)
    return { rest: { from: '0', format: 'ecs' } }
  },
  'audit.get': async (world) => ({ params: { index: await anAuditEntry(world) } }),
  'inbox.list': () => ({ rest: { limit: '10' } }),
  'inbox.get': async (world) => ({ params: { capturedId: await aCaptured(world) } }),
  'inbox.source': async (world) => ({ params: { capturedId: await aCaptured(world) } }),
  'inbox.attachment': async (world) => ({ params: { capturedId: await aCaptured(world), index: '0' } }),
  'htmlViews.create': () => ({ rest: { html: '<p>Hello</p>' } }),
  'inbox.view': async (world) => ({ params: { capturedId: await aCaptured(world) } }),
  'inbox.clear': () => ({}),
  'workspaces.create': () => ({ rest: { name: 'Another' } }),
  'workspaces.list': () => ({}),
  'access.get': () => ({}),
  'workspaces.own': () => ({}),
  'inventory.read': () => ({}),
  'systemMail.get': () => ({}),
  'tls.show': () => ({ rest: { limit: '10' } }),
  'tls.listReports': () => ({ rest: { limit: '10', domain: 'shop.test' } }),
  'tls.listInstallationReports': () => ({ rest: { limit: '10' } }),
  'tls.listSent': () => ({ rest: { limit: '10' } }),
  'systemMail.test': () => ({ rest: { to: 'me@example.com' } }),
  'changes.list': () => ({ rest: { limit: '10' } }),
  'changes.approve': async (world) => ({ params: { changeId: await aChange(world) } }),
  'changes.reject': async (world) => ({ params: { changeId: await aChange(world) } }),
  'alerts.list': () => ({ rest: { limit: '10', state: 'open' } }),
  'alerts.get': async (world) => ({ params: { alertId: await anAlert(world) } }),
  'alerts.acknowledge': async (world) => ({ params: { alertId: await anAlert(world) } }),
  'alerts.listInstallation': () => ({ rest: { limit: '10' } }),
  'alerts.acknowledgeInstallation': async () => ({ params: { alertId: await anAlert(null) } }),
  'shaping.check': () => ({ rest: { text: '[default]\nconnections = 5\n' } }),
  'shaping.resolve': () => ({ rest: { domain: 'shaped.example' } }),
  'shaping.explain': async (world) => ({ params: { messageId: await aMessage(world) } }),
  'shaping.listOverlays': () => ({ rest: { ended: 'true' } }),
  'shaping.liftOverlay': async () => ({ params: { overlayId: await anOverlay() } }),
  ...bounceExamples(() => api),
  'honey.add': () => ({ rest: { email: `${aWord()}@example.com` } }),
  'honey.list': () => ({}),
  'honey.remove': async () => {
    const made = await api.call(api.operatorKey, 'POST', '/v1/honey-accounts', {
      email: `${aWord()}@example.com`,
    })
    return { params: { personId: made.body.id } }
  },
  'keyring.status': () => ({}),
  'keyring.rotation': () => ({}),
  'keyring.rotate': async (world) => {
    // One at a time: that of the example before may still run.
    await expect
      .poll(async () => (await api.keyring('api').rotation())?.state, { timeout: 15_000 })
      .not.toBe('running')
    return { rest: { scope: 'workspace', workspaceId: world.id } }
  },
  'keyring.listShreds': () => ({}),
  'keyring.requestShred': async () => ({ params: { workspaceId: (await api.workspace()).id } }),
  'keyring.cancelShred': async () => {
    const { id } = await api.workspace()
    await api.call(api.operatorKey, 'POST', `/v1/keyring/shreds/${id}`)
    return { params: { workspaceId: id } }
  },
}

/** An alarm of a workspace, or of the installation. */
async function anAlert(world: World | null): Promise<string> {
  const id = await api.persons.detection.raise({
    kind: 'stuffing.client',
    severity: 'high',
    workspaceId: world === null ? null : decodeId('workspace', world.id),
    personId: null,
    about: aWord(),
    quietSeconds: 60,
    detail: {},
  })
  return encodeId('alert', id ?? '')
}

const aLinkDomain = (world: World): Promise<string> =>
  made(world, '/v1/link-domains', { name: `${aWord()}.shop.test` })
const aDomain = (world: World): Promise<string> => made(world, '/v1/domains', { name: aName() })
const aContainment = (world: World): Promise<string> => made(world, '/v1/containments', containment)
const aWebhook = (world: World): Promise<string> => made(world, '/v1/webhooks', webhook)

/** As a sender makes it. */
async function anOverlay(): Promise<string> {
  const { rows } = await api.database
    .pool('bulkhead_sender')
    .query<{ id: string }>(
      `select engine.put_overlay($1, 'suspend', 'a-drill', 'site', $2, null, null, '{}', 'a drill', '[]', 1, 600) as id`,
      [newId(), aWord()],
    )
  return encodeId('overlay', rows[0]?.id ?? '')
}

/** Made past the API, because only people make rules. */
async function aFederationRule(world: World): Promise<string> {
  const id = newId()
  await api.database.pool('superuser').query(
    `insert into federation_rule (id, workspace_id, name, issuer, audience, subject, scopes, lifetime_seconds, binding, created_by)
     values ($1, $2, 'CI', 'https://ci.example.com', 'bulkhead', 'repo:x', '{messages:send}', 600, '\\x00', 'test:1')`,
    [id, decodeId('workspace', world.id)],
  )
  return encodeId('federationRule', id)
}

async function aSuppression(world: World): Promise<{ id: string; email: string }> {
  const email = `${aWord()}@example.com`
  return { id: await made(world, '/v1/suppressions', { email }), email }
}

const anImport = (world: World): Promise<string> => made(world, '/v1/suppression-imports', { format: 'csv' })

async function aChange(world: World): Promise<string> {
  await aWebhook(world)
  return (await api.call(world.key, 'GET', '/v1/changes')).body.data[0].id
}

async function aDelivery(world: World): Promise<{ webhookId: string; deliveryId: string }> {
  const webhookId = await aWebhook(world)
  return { webhookId, deliveryId: await made(world, `/v1/webhooks/${webhookId}/test`, {}) }
}

async function aCaptured(world: World): Promise<string> {
  const id = newId()
  const capture = createCapture({
    keyring: api.keyring('smtp'),
    transactions: createTenantTransactions(api.database.pool('bulkhead_smtp')),
    newId: () => id,
  })
  await capture.store({
    workspaceId: decodeId('workspace', world.id)!,
    messageId: null,
    from: 'ann@shop.test',
    to: ['bob@example.com'],
    subject: 'Hi',
    headerFrom: 'ann@shop.test',
    raw: Buffer.from(captured),
  })
  return encodeId('captured', id)
}

async function made(world: World, path: string, body: unknown): Promise<string> {
  const answer = await world.post(path, body)
  if (answer.status >= 300) throw new Error(`POST ${path} answered ${answer.text}`)
  return answer.body.id
}

let api: ApiFixture
let dns: DnsServer
let ours: World
let theirs: World

beforeAll(async () => {
  dns = await startDnsServer({
    'shaped.example': [{ type: 'MX', preference: 10, exchange: 'mx.shaped.example' }],
    'mx.shaped.example': [{ type: 'A', value: '192.0.2.1' }],
  })
  api = await startApi({ delegationZone: 'dkim.example.net', dnsServers: [dns.address] })
  ours = await aWorld()
  theirs = await aWorld()
  // The first letter of an installation leaves a record of its own; those of the examples are not the first.
  await api.call(api.operatorKey, 'POST', '/v1/system-mail/test', { to: 'me@example.com' })
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
  await dns.close()
})

async function aWorld(): Promise<World> {
  const { id, key } = await api.workspace()
  const world: World = { id, key, post: (path, body) => api.call(key, 'POST', path, body) }
  await made(world, '/v1/domains', { name: 'shop.test' })
  return world
}

/** Sends an example as its operation wants it: parameters in the path, the rest in query or body. */
async function send(
  operation: AnyOperation,
  key: string | null,
  { params = {}, rest = {}, mime }: Example,
): Promise<Answer> {
  const places = inputPlaces(operation)
  const path = operation.path.replaceAll(
    /\{(\w+)\}/g,
    (_all, name: string) => params[name] ?? inventedId(name),
  )
  const query =
    places.rest === 'query'
      ? new URLSearchParams(
          Object.entries(rest).map(([name, value]): [string, string] => [name, String(value)]),
        )
      : new URLSearchParams()
  const hasJson = places.rest === 'body'
  const leave = new AbortController()
  const response = await fetch(`${api.url}${path}?${query.toString()}`, {
    method: operation.method,
    signal: leave.signal,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(hasJson ? { 'content-type': 'application/json' } : {}),
      ...(places.mime ? { 'content-type': 'message/rfc822' } : {}),
    },
    ...(hasJson ? { body: JSON.stringify(rest) } : {}),
    ...(places.mime ? { body: mime ?? 'Subject: x\r\n\r\nx' } : {}),
  })
  const type = response.headers.get('content-type') ?? ''
  if (type.startsWith('text/event-stream')) {
    leave.abort()
    return { status: response.status, text: '', headers: response.headers, body: null }
  }
  const text = await response.text()
  return {
    status: response.status,
    text,
    headers: response.headers,
    body: /\bjson\b/.test(type) ? JSON.parse(text) : null,
  }
}

const example = (operation: AnyOperation, world: World): Example | Promise<Example> => {
  const make = EXAMPLES[operation.id]
  if (make === undefined) throw new Error(`EXAMPLES has no example for ${operation.id}`)
  return make(world)
}

/** An id of the right kind that nothing has. `capturedId` → `cap_…`; other parameters are numbers. */
function inventedId(parameter: string): string {
  if (!parameter.endsWith('Id')) return '0'
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an unknown kind fails in encodeId
  return encodeId(parameter.slice(0, -2) as IdKind, newId())
}

/** What two answers must have in common to the byte: everything but the request's own id and the ids that were asked for. */
function masked(answer: Answer, example: Example): string {
  const params = Object.values(example.params ?? {})
  const text = JSON.stringify({ ...answer.body, requestId: undefined })
  return `${answer.status} ${params.reduce((rest, id) => rest.replaceAll(id, '<id>'), text)}`
}

/** What keys can ask for. What people ask for, and what is public, has flows of its own and the matrix of actors. */
const operations = apiOperations.filter(({ scope }) =>
  [...ALL_SCOPES, ...OPERATOR_SCOPES].some((known) => known === scope),
)
/** What the operator does to people is asked alike in account-operations.test.ts. */
const withoutPeople = operations.filter(({ id }) => !accountOperations.some((other) => other.id === id))
const ofOperator = (operation: AnyOperation): boolean =>
  OPERATOR_SCOPES.some((scope) => scope === operation.scope)
const keyFor = (operation: AnyOperation): string => (ofOperator(operation) ? api.operatorKey : ours.key)
/** Who sends what another had accepted is on record; else a message keeps who sent it. */
const acts = (operation: AnyOperation): boolean =>
  ['messages.resend', 'broadcasts.send'].includes(operation.id) ||
  (operation.id !== 'containments.preview' &&
    operation.method !== 'GET' &&
    operation.risk !== 'read' &&
    operation.risk !== 'send')

describe('the registry', () => {
  it('names every operation once, and says what it is, what it needs and what it leaves behind', () => {
    const ids = apiOperations.map((operation) => operation.id)
    const routes = apiOperations.map((operation) => `${operation.method} ${operation.path}`)
    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(routes).size).toBe(routes.length)
    const ofPeople = [...PEOPLE_SCOPES, ...ACCOUNT_SCOPES, PUBLIC_SCOPE, 'known']
    const scopes: readonly string[] = [...ALL_SCOPES, ...OPERATOR_SCOPES, ...ofPeople]
    for (const operation of apiOperations) {
      expect(operation.id).toMatch(/^[a-z][a-zA-Z]*\.[a-z][a-zA-Z]*$/)
      expect(operation.summary, operation.id).toMatch(/^[A-Z'].{5,100}[^.]$/)
      expect(scopes, operation.id).toContain(operation.scope)
      for (const audit of [operation.audit].flat()) expect(audit, operation.id).toMatch(/^[a-z_]+\.[a-z_]+$/)
      expect(operation.path, operation.id).toMatch(/^\/v1\/[a-z0-9/{}A-Z-]+$/)
      for (const name of inputPlaces(operation).path)
        expect(operation.input.shape, operation.id).toHaveProperty(name)
      if (operation.method === 'GET')
        expect(['read', 'installation', 'safety'], operation.id).toContain(operation.risk)
    }
  })

  it('has an example for every operation of keys, and none for what is no operation', () => {
    expect(withoutPeople.map(({ id }) => id).filter((id) => EXAMPLES[id] === undefined)).toEqual([])
    expect(Object.keys(EXAMPLES).filter((id) => !apiOperations.some((known) => known.id === id))).toEqual([])
  })

  it('is what OpenAPI shows and what the server routes, no more and no less', async () => {
    const { body: document } = await api.call('', 'GET', '/v1/openapi.json')
    const described = Object.entries<Record<string, { operationId: string }>>(document.paths).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(
          ([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`,
        ),
    )
    expect(described.sort()).toEqual(
      apiOperations.map(({ id, method, path }) => `${id} ${method} ${path}`).sort(),
    )
    const unknown: string[] = []
    for (const path of new Set(apiOperations.map((operation) => operation.path))) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        const { status } = await api.call('', method, path.replaceAll(/\{(\w+)\}/g, 'x'))
        const isRouted = status !== 404 && status !== 405
        const isKnown = apiOperations.some(
          (operation) => operation.method === method && matches(operation, path),
        )
        if (isRouted && !isKnown) unknown.push(`${method} ${path}`)
      }
    }
    expect(unknown).toEqual([])
  })
})

/** `/v1/messages/batch` also meets the route of `/v1/messages/{messageId}`. */
function matches(operation: AnyOperation, path: string): boolean {
  const pattern = new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
  return pattern.test(path.replaceAll(/\{(\w+)\}/g, 'x'))
}

describe('every operation', () => {
  it('answers 401, the same for all, without a key and with one that is none', async () => {
    const garbage = `bhk_${'a'.repeat(12)}_${'b'.repeat(43)}_cccccc`
    for (const key of [null, garbage, 'x', ours.key.slice(0, -1)]) {
      const answers = new Set<string>()
      for (const operation of operations) answers.add(masked(await send(operation, key, {}), {}))
      expect([...answers], String(key)).toHaveLength(1)
      expect([...answers][0]).toMatch(/^401 .*"code":"unauthenticated"/)
    }
  })

  it('answers 403 and names the scope that a key lacks, whatever else it has', async () => {
    const keys = new Map<string, string>()
    for (const operation of operations) {
      if (ofOperator(operation)) continue
      const scopes = ALL_SCOPES.filter((scope) => scope !== operation.scope)
      const key =
        keys.get(operation.scope) ?? (await ours.post('/v1/api-keys', { name: 'narrow', scopes })).body.key
      keys.set(operation.scope, key)
      const answer = await send(operation, key, {})
      expect([answer.status, answer.body.code], operation.id).toEqual([403, 'missing_scope'])
      expect(answer.body.detail, operation.id).toContain(`needs the scope ${operation.scope};`)
    }
  })

  it("answers 403 to the operator's key inside a workspace, and to a workspace's key outside", async () => {
    for (const operation of operations) {
      const answer = await send(operation, ofOperator(operation) ? ours.key : api.operatorKey, {})
      expect([answer.status, answer.body.code], operation.id).toEqual([403, 'missing_scope'])
    }
  })

  it('refuses a field that it does not know, and names it', async () => {
    for (const operation of operations) {
      const answer = await send(operation, keyFor(operation), { rest: { notAField: '1' } })
      expect(answer.status, operation.id).toBe(400)
      expect(answer.body.errors, operation.id).toContainEqual(
        expect.objectContaining({ field: 'notAField', problem: 'is not a known field' }),
      )
    }
  })

  it('says of what belongs to another workspace exactly what it says of what does not exist', async () => {
    // The operator's key belongs to no workspace: to it nothing is another one's.
    const withIds = operations.filter(
      (operation) => /\{\w+Id\}/.test(operation.path) && !ofOperator(operation),
    )
    expect(withIds.length).toBeGreaterThan(20)
    for (const operation of withIds) {
      for (const name of inputPlaces(operation).path.filter((parameter) => parameter.endsWith('Id'))) {
        const what = `${operation.id} ${name}`
        const own = await example(operation, ours)
        const foreign = await example(operation, theirs)
        // The other parameters stay our own, so that this id alone decides.
        const asked = (id: string): Example => ({ ...own, params: { ...own.params, [name]: id } })
        const ask = async (id: string) => masked(await send(operation, ours.key, asked(id)), asked(id))
        const [one, other] = [await ask(foreign.params![name]!), await ask(inventedId(name))]
        expect(one, what).toBe(other)
        expect(one, what).toMatch(/^404 .*"code":"not_found"/)
        const after = await send(operation, theirs.key, foreign)
        expect(after.status < 300, `${what} is no longer there for its owner: ${after.text}`).toBe(true)
      }
    }
  }, 120_000)

  it('answers what its contract says and no field more, and an act writes its one audit record', async () => {
    const { body: document } = await api.call('', 'GET', '/v1/openapi.json')
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
    ajv.addSchema(closed(document), 'api')
    for (const operation of withoutPeople) {
      const request = await example(operation, ours)
      const before = await auditActions()
      const answer = await send(operation, keyFor(operation), request)
      expect(answer.status, `${operation.id} ${answer.text}`).toBe(statusOf(operation))
      checkAnswer(ajv, operation, answer)
      const written = (await auditActions()).slice(before.length)
      expect(written, operation.id).toHaveLength(acts(operation) ? 1 : 0)
      for (const action of written) expect([operation.audit].flat(), operation.id).toContain(action)
    }
  })

  it('that sends keeps who sent in the message itself', async () => {
    const id = await aMessage(ours)
    const { rows } = await api.database
      .pool('superuser')
      .query<{ actor: string }>('select actor from message where id = $1', [decodeId('message', id)])
    const keys = (await api.call(ours.key, 'GET', '/v1/api-keys?limit=100')).body.data
    const first = keys.find((key: { name: string }) => key.name === 'First key')
    expect(rows).toEqual([{ actor: `api_key:${decodeId('apiKey', first.id)}` }])
  })
})

/** An entry of the workspace under a checkpoint. The sequencer ends again: other tests look into the outbox. */
async function anAuditEntry(world: World): Promise<string> {
  await using audit = startAudit(api.database)
  await audit.settle()
  return String((await api.call(world.key, 'GET', '/v1/audit?limit=1')).body.data[0].index)
}

async function auditActions(): Promise<string[]> {
  const { rows } = await api.database
    .pool('superuser')
    .query<{ action: string }>('select action from audit_outbox order by at, id')
  return rows.map((row) => row.action)
}

function statusOf(operation: AnyOperation): number {
  return operation.kind === 'json' ? operation.status : operation.kind === 'empty' ? 204 : 200
}
