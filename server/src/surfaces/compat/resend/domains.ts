import { z } from 'zod'
import { Fault } from '../../../kernel/faults.ts'
import {
  addDomain,
  deleteDomain,
  getDomain,
  listDomains,
  updateDomain,
  verifyDomain,
} from '../../../modules/domains/index.ts'
import type { Domains } from '../../../modules/domains/index.ts'
import {
  addLinkDomain,
  deleteLinkDomain,
  getTracking,
  listLinkDomains,
  updateTracking,
  verifyLinkDomain,
} from '../../../modules/tracking/index.ts'
import type { LinkDomains, TrackingService } from '../../../modules/tracking/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorAnswer, DoorCall } from '../door.ts'
import { collect } from '../listing.ts'
import { bodyOf } from './body.ts'
import { presentDomain, presentDomainItem } from './domain-view.ts'
import type { Shared } from './domain-view.ts'
import { invalid, refuse } from './errors.ts'
import { ownId, uuidOf } from './ids.ts'
import { listOf, WHOLE } from './paging.ts'
import { FULL } from './permissions.ts'

export interface DomainServices {
  readonly domains: Domains
  readonly tracking: TrackingService
  readonly linkDomains: LinkDomains
}

type Call = DoorCall<DomainServices>

const REGIONS = ['us-east-1', 'eu-west-1', 'sa-east-1', 'ap-northeast-1'] as const

const settings = {
  open_tracking: z.boolean().nullish(),
  click_tracking: z.boolean().nullish(),
  tls: z.enum(['opportunistic', 'enforced']).nullish(),
  tracking_subdomain: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i)
    .nullish(),
  capabilities: z
    .object({
      sending: z.enum(['enabled', 'disabled']).optional(),
      receiving: z.enum(['enabled', 'disabled']).optional(),
    })
    .nullish(),
}
const Settings = z.object(settings)
type Settings = z.output<typeof Settings>
const NewDomain = z.object({
  name: z.string().min(1).max(1000),
  region: z.string().nullish(),
  custom_return_path: z.string().max(63).nullish(),
  ...settings,
})

async function create(call: Call): Promise<DoorAnswer> {
  const wanted = bodyOf(call, NewDomain)
  requireRegion(wanted.region)
  requirePossible(wanted)
  const domain = await added(call, wanted.name)
  try {
    await apply(call, domain, wanted)
  } catch (error) {
    await call.run(deleteDomain, { domainId: domain.id })
    throw error
  }
  return { status: 201, body: presentDomain(domain, await sharedBy(call)) }
}

function requireRegion(region: string | null | undefined): void {
  if (region === undefined || region === null || REGIONS.some((known) => known === region)) return
  throw refuse(422, 'invalid_region', `Region must be one of ${REGIONS.map((one) => `"${one}"`).join(', ')}.`)
}

async function added(call: Call, name: string) {
  try {
    return await call.run(addDomain, { name })
  } catch (error) {
    if (error instanceof Fault && error.code === 'conflict')
      throw refuse(403, 'validation_error', `The ${name} domain has been registered already.`)
    throw error
  }
}

/** What has no meaning here is refused rather than forgotten. */
function requirePossible({ capabilities }: Settings): void {
  if (capabilities?.sending === 'disabled')
    throw invalid('Invalid `capabilities` field: a domain that does not send is deleted here.')
  if (capabilities?.receiving === 'enabled')
    throw invalid('Invalid `capabilities` field: a domain does not receive by this setting here.')
}

type Named = Parameters<typeof presentDomain>[0]

async function apply(call: Call, domain: Named, wanted: Settings): Promise<void> {
  const { open_tracking: opens, click_tracking: clicks, tracking_subdomain: subdomain } = wanted
  if (typeof wanted.tls === 'string')
    await call.run(updateDomain, {
      domainId: domain.id,
      tls: wanted.tls === 'enforced' ? 'required' : 'opportunistic',
    })
  if (typeof subdomain === 'string') await useLinkDomain(call, domain, subdomain.toLowerCase())
  if (typeof opens !== 'boolean' && typeof clicks !== 'boolean') return
  const now = await call.run(getTracking, {})
  await call.run(updateTracking, {
    ...(typeof opens === 'boolean' ? { opens: modeOf(opens, now.opens) } : {}),
    ...(typeof clicks === 'boolean' ? { clicks: modeOf(clicks, now.clicks) } : {}),
  })
}

type Mode = 'off' | 'on' | 'never'

/** Never says more than off: it stays. */
function modeOf(isWanted: boolean, now: Mode): Mode {
  if (isWanted) return 'on'
  return now === 'never' ? 'never' : 'off'
}

async function useLinkDomain(call: Call, domain: Named, subdomain: string): Promise<void> {
  const name = `${subdomain}.${domain.name}`
  const own = (await linkDomains(call)).filter((one) => isOf(one.name, domain.name))
  if (own.some((one) => one.name === name)) return
  await call.run(addLinkDomain, { name })
  for (const { id } of own) await call.run(deleteLinkDomain, { linkDomainId: id })
}

function linkDomains(call: Call) {
  return collect((page) => call.run(listLinkDomains, page))
}

/** A host one label below a domain. */
function isOf(host: string, domain: string): boolean {
  return host.endsWith(`.${domain}`) && !host.slice(0, -domain.length - 1).includes('.')
}

/** What all domains of a workspace share. */
async function sharedBy(call: Call): Promise<Shared> {
  const [tracking, links] = [await call.run(getTracking, {}), await linkDomains(call)]
  return {
    opens: tracking.opens === 'on',
    clicks: tracking.clicks === 'on',
    linkOf: (domain) => links.find(({ name }) => isOf(name, domain)),
  }
}

async function list(call: Call): Promise<DoorAnswer> {
  const shared = await sharedBy(call)
  return listOf(
    call,
    { kind: 'domain', ask: (page) => call.run(listDomains, page), standard: WHOLE },
    (domain) => presentDomainItem(domain, shared),
  )
}

async function show(call: Call): Promise<DoorAnswer> {
  const domain = await call.run(getDomain, { domainId: idOf(call) })
  return { status: 200, body: { object: 'domain', ...presentDomain(domain, await sharedBy(call)) } }
}

async function update(call: Call): Promise<DoorAnswer> {
  const wanted = bodyOf(call, Settings)
  requirePossible(wanted)
  const domain = await call.run(getDomain, { domainId: idOf(call) })
  await apply(call, domain, wanted)
  return { status: 200, body: { object: 'domain', id: uuidOf('domain', domain.id) } }
}

async function verify(call: Call): Promise<DoorAnswer> {
  const domain = await call.run(verifyDomain, { domainId: idOf(call) })
  const link = (await linkDomains(call)).find(({ name }) => isOf(name, domain.name))
  if (link !== undefined) await call.run(verifyLinkDomain, { linkDomainId: link.id })
  return { status: 200, body: { object: 'domain', id: uuidOf('domain', domain.id) } }
}

async function remove(call: Call): Promise<DoorAnswer> {
  const domainId = idOf(call)
  await call.run(deleteDomain, { domainId })
  return { status: 200, body: { object: 'domain', id: uuidOf('domain', domainId), deleted: true } }
}

function idOf(call: Call): string {
  return ownId('domain', call.params['domain_id'])
}

const DOMAIN = '/domains/{domain_id}'

export const domainRoutes = doorRoutes<DomainServices>([
  { method: 'POST', path: '/domains', doorScope: FULL, handle: create },
  { method: 'GET', path: '/domains', doorScope: FULL, handle: list },
  { method: 'GET', path: DOMAIN, doorScope: FULL, handle: show },
  { method: 'PATCH', path: DOMAIN, doorScope: FULL, handle: update },
  { method: 'DELETE', path: DOMAIN, doorScope: FULL, handle: remove },
  { method: 'POST', path: `${DOMAIN}/verify`, doorScope: FULL, handle: verify },
])
