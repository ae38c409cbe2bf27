import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { FetchRecorder, LinkAnswers, Unsubscribes } from '../../modules/tracking/index.ts'
import { clientAddress } from '../../platform/http/client-address.ts'
import type { TrustedProxies } from '../../platform/http/client-address.ts'
import type { Logger } from '../../platform/telemetry/index.ts'
import type { ContainmentWatch } from '../../security/containment/index.ts'
import type { Detection, Signal } from '../../security/detection/index.ts'
import { clientKeyOf } from '../../security/limits/index.ts'
import type { LinkReference } from '../../security/references/index.ts'
import { FORM_BYTES_MAX, readForm } from './form.ts'
import {
  carefulPage,
  NOT_ASKED_PAGE,
  NOT_FOUND_PAGE,
  PAGE_HEADERS,
  resubscribedPage,
  TRY_AGAIN_PAGE,
  unsubscribedPage,
  unsubscribePage,
  type UnsubscribePage,
} from './pages.ts'

export interface LinksDoorDependencies {
  readonly answers: LinkAnswers
  readonly recorder: Pick<FetchRecorder, 'record'>
  readonly unsubscribes: Unsubscribes
  readonly detection: Pick<Detection, 'observe'>
  readonly containment: Pick<ContainmentWatch, 'blocking'>
  readonly proxies: TrustedProxies
  /** Host of the installation's own links where it has one apart; there, too, is nothing else. */
  readonly trackingHost: string | null
  readonly log: Logger
}

/** A transparent picture of one point. */
const PICTURE = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
const PICTURE_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store, private, max-age=0',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex, nofollow',
  'cross-origin-resource-policy': 'cross-origin',
}
const AGENT_MAX = 300
const RETRY_SECONDS = '60'

/** Adds the doors of links. To be called before any other route is added: what it keeps off link domains are the routes after it. */
export function addLinks(app: FastifyInstance, deps: LinksDoorDependencies): void {
  app.addHook('onRequest', async (request, reply) => {
    if (isLinkPath(request.url)) return
    const host = hostOf(request)
    if (host === deps.trackingHost || (await deps.answers.isLinkHost(host))) await notFound(reply)
  })
  app.route({
    method: ['GET', 'HEAD'],
    url: '/t/o/*',
    handler: (request, reply) => open(deps, request, reply),
  })
  app.route({
    method: ['GET', 'HEAD'],
    url: '/t/c/*',
    handler: (request, reply) => click(deps, request, reply),
  })
  app.get('/t/ask', (request, reply) => ask(deps, request, reply))
  app.register(async (forms) => {
    forms.addContentTypeParser(
      ['application/x-www-form-urlencoded', 'multipart/form-data'],
      { parseAs: 'buffer', bodyLimit: FORM_BYTES_MAX },
      (_request, body, done) => done(null, body),
    )
    forms.route({
      method: ['GET', 'HEAD'],
      url: '/u/*',
      handler: (request, reply) => showUnsubscribe(deps, request, reply),
    })
    forms.post('/u/*', { bodyLimit: FORM_BYTES_MAX }, (request, reply) => unsubscribe(deps, request, reply))
  })
}

const LINK_PATHS = ['/t/o/', '/t/c/', '/u/'] as const

function isLinkPath(url: string): boolean {
  return LINK_PATHS.some((path) => url.startsWith(path))
}

/** The host of a request without its port, lower case. A proxy in front must hand on the Host that it was asked for. */
function hostOf(request: FastifyRequest): string {
  const { host } = request.headers
  return (host ?? '')
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/\.$/, '')
}

/** What stands behind the path of a door; the text is taken as it came, since a reference has no character that is ever encoded. */
function textOf(request: FastifyRequest, path: string): string {
  const [bare = ''] = request.url.split('?', 1)
  return bare.slice(path.length)
}

async function read(
  deps: LinksDoorDependencies,
  request: FastifyRequest,
  text: string,
): Promise<LinkReference | null | 'away'> {
  try {
    return await deps.answers.read(text, hostOf(request))
  } catch (error) {
    deps.log.warn(
      { err: error },
      'A link could not be read: the keyring has not answered since this process began',
    )
    return 'away'
  }
}

async function open(
  deps: LinksDoorDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const text = textOf(request, '/t/o/')
  if (!text.endsWith('.gif')) return notFound(reply)
  const reference = await read(deps, request, text.slice(0, -4))
  if (reference === 'away') return tryAgain(reply)
  if (reference?.kind !== 'open') return notFound(reply)
  deps.recorder.record(reference, fetchOf(request))
  return reply.headers(PICTURE_HEADERS).type('image/gif').send(PICTURE)
}

async function click(
  deps: LinksDoorDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const reference = await read(deps, request, textOf(request, '/t/c/'))
  if (reference === 'away') return tryAgain(reply)
  if (reference?.kind !== 'click') return notFound(reply)
  deps.recorder.record(reference, fetchOf(request))
  // Through the parser: what goes into the header is ASCII, without a line break, and http or https.
  const target = new URL(reference.url)
  if (isSuspect(deps, reference.workspaceId)) return show(reply, 200, carefulPage(target.href))
  return reply
    .status(302)
    .headers({
      location: target.href,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-robots-tag': 'noindex, nofollow',
    })
    .type('text/plain; charset=utf-8')
    .send('')
}

/** Whether the workspace may not send, for abuse or for safety. One that has not paid, or a single key, makes nobody suspect. */
function isSuspect(deps: LinksDoorDependencies, workspaceId: string): boolean {
  const notice = deps.containment.blocking({ workspaceId, actor: 'recipient:link', capabilities: ['send'] })
  return notice !== null && SUSPECT.has(notice.reasonCode)
}

const SUSPECT: ReadonlySet<string> = new Set(['security_hold', 'abuse'])

async function showUnsubscribe(
  deps: LinksDoorDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const text = textOf(request, '/u/')
  const reference = await read(deps, request, text)
  if (reference === 'away') return tryAgain(reply)
  if (reference?.kind !== 'unsubscribe') return unknownLink(deps, request, reply, text)
  return show(reply, 200, unsubscribePage(pageOf(reference)))
}

async function unsubscribe(
  deps: LinksDoorDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const text = textOf(request, '/u/')
  const reference = await read(deps, request, text)
  if (reference === 'away') return tryAgain(reply)
  if (reference?.kind !== 'unsubscribe') return unknownLink(deps, request, reply, text)
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
  const form = readForm(request.headers['content-type'] ?? '', body)
  if (!form.oneClick && !form.resubscribe) return show(reply, 400, NOT_ASKED_PAGE)
  const asksAddress = reference.recipient === null
  // Whoever got the message too knows the address: a typed one takes back nobody's wish.
  if (form.resubscribe && asksAddress) return show(reply, 400, NOT_ASKED_PAGE)
  const wanted = form.resubscribe ? 'subscribed' : 'unsubscribed'
  const via = form.fromPage || form.resubscribe ? 'page' : 'one-click'
  try {
    const asked = await deps.unsubscribes.ask(reference, wanted, via, {
      email: form.address,
      everything: form.everything,
    })
    if (asked.kind === 'address-needed') return await show(reply, 400, NOT_ASKED_PAGE)
  } catch (error) {
    deps.log.warn({ err: error }, 'An unsubscribe could not be recorded')
    return tryAgain(reply)
  }
  if (asksAddress) {
    // Whoever types address after address looks for somebody; who is on the message is not looked up for the answer, nor for this.
    const index = await deps.unsubscribes.indexOf(reference.workspaceId, form.address).catch(() => null)
    observe(deps, request, 'unknown', index)
  }
  return show(
    reply,
    200,
    form.resubscribe ? resubscribedPage() : unsubscribedPage(pageOf(reference), form.everything),
  )
}

function pageOf(reference: Extract<LinkReference, { kind: 'unsubscribe' }>): UnsubscribePage {
  return { asksAddress: reference.recipient === null, hasTopic: reference.topic === true }
}

/** For a reverse proxy that makes certificates when they are asked for: only hosts that lead here get one. */
async function ask(
  deps: LinksDoorDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const domain = new URLSearchParams(request.url.split('?')[1] ?? '').get('domain')?.toLowerCase() ?? ''
  const isOurs = domain !== '' && (domain === deps.trackingHost || (await deps.answers.isLinkHost(domain)))
  return reply
    .status(isOurs ? 200 : 404)
    .header('cache-control', 'no-store')
    .type('text/plain; charset=utf-8')
    .send(isOurs ? 'yes\n' : 'no\n')
}

function fetchOf(request: FastifyRequest): { method: string; userAgent: string; purpose: string } {
  const header = (name: string): string => {
    const value = request.headers[name]
    return Array.isArray(value) ? value.join(' ') : (value ?? '')
  }
  return {
    method: request.method,
    userAgent: header('user-agent').slice(0, AGENT_MAX),
    purpose: ['sec-purpose', 'purpose', 'x-purpose', 'x-moz']
      .map(header)
      .join(' ')
      .trim()
      .toLowerCase()
      .slice(0, 100),
  }
}

async function unknownLink(
  deps: LinksDoorDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  text: string,
): Promise<FastifyReply> {
  observe(
    deps,
    request,
    'unknown',
    createHash('sha256')
      .update(`unsubscribe ${text.slice(0, 4_096)}`)
      .digest(),
  )
  return notFound(reply)
}

/** Only what nobody does who follows the links of mail: providers send one-click requests by the thousand from few addresses. */
function observe(
  deps: LinksDoorDependencies,
  request: FastifyRequest,
  outcome: Signal['outcome'],
  index: Buffer | null,
): void {
  const address = clientAddress(request.socket.remoteAddress, request.headers, deps.proxies)
  void deps.detection.observe({
    kind: 'unsubscribe',
    outcome,
    clientKey: clientKeyOf(address),
    userAgent: (request.headers['user-agent'] ?? '').replaceAll(/[^\x20-\x7e]/g, '?').slice(0, AGENT_MAX),
    emailIndex: index,
    personId: null,
  })
}

async function show(reply: FastifyReply, status: number, html: string): Promise<FastifyReply> {
  return reply.status(status).headers(PAGE_HEADERS).type('text/html; charset=utf-8').send(html)
}

function notFound(reply: FastifyReply): Promise<FastifyReply> {
  return show(reply, 404, NOT_FOUND_PAGE)
}

function tryAgain(reply: FastifyReply): Promise<FastifyReply> {
  return show(reply.header('retry-after', RETRY_SECONDS), 503, TRY_AGAIN_PAGE)
}
