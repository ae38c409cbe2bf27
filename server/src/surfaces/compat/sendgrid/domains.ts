import { z } from 'zod'
import { Fault } from '../../../kernel/faults.ts'
import { encodeId } from '../../../kernel/ids.ts'
import {
  addDomain,
  deleteDomain,
  listDomains,
  updateDomain,
  verifyDomain,
} from '../../../modules/domains/index.ts'
import type { Domains } from '../../../modules/domains/index.ts'
import { doorRoutes } from '../door.ts'
import type { DoorCall } from '../door.ts'
import { bodyOf, inTheirFields, queryOf } from './body.ts'
import { notFound, refuse, vendorError } from './errors.ts'
import { collect, secondsOf } from './paging.ts'

export interface DomainServices {
  readonly domains: Domains
}

type Call = DoorCall<DomainServices>
type Domain = NonNullable<(typeof listDomains)['types']>['output']['data'][number]
type DnsRecord = Domain['records'][number]

const NewDomain = z.object({
  domain: z.string({ error: 'domain is required' }).trim().min(1, 'domain is required').max(253),
  default: z.boolean({ error: 'default must be a boolean' }).optional(),
})
const DomainChange = z.object({ default: z.boolean({ error: 'default must be a boolean' }).optional() })
const Listing = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
  offset: z.coerce.number().int().min(0).max(100_000).default(0),
  domain: z.string().max(253).optional(),
})
const Default = z.object({ domain: z.string().max(253).optional() })

interface Shown {
  readonly valid: boolean
  readonly type: string
  readonly host: string
  readonly data: string
}

/** The records under the vendor's names: two keys, so that one can take the place of the other without the owner of the domain. */
function recordsOf(
  domain: Domain,
): Readonly<Record<'mail_cname' | 'dkim1' | 'dkim2', DnsRecord | undefined>> {
  const of = (purpose: DnsRecord['purpose']) => domain.records.find((record) => record.purpose === purpose)
  return { mail_cname: of('return-path'), dkim1: of('dkim'), dkim2: of('dkim-standby') }
}

/** As a CNAME into the zone of the installation; a TXT record with the key, which our own API shows where no zone is set, is as good. */
function shownKey(record: DnsRecord | undefined): Shown {
  if (record === undefined) return { valid: false, type: 'cname', host: '', data: '' }
  return {
    valid: record.state === 'ok',
    type: 'cname',
    host: record.name,
    data: record.delegated ?? record.value,
  }
}

/** Where no zone is set mail needs no record for its way back, and nobody looks for one: it is as valid as the domain. */
function shownReturnPath(domain: Domain, record: DnsRecord | undefined): Shown {
  return {
    valid: record === undefined ? domain.state === 'verified' : record.state === 'ok',
    type: 'cname',
    host: record?.name ?? `rp.${domain.name}`,
    data: record?.value ?? `rp.${domain.zone}`,
  }
}

function present(call: Call, domain: Domain) {
  const { mail_cname: mail, dkim1, dkim2 } = recordsOf(domain)
  return {
    id: domain.number,
    user_id: userOf(call),
    subdomain: 'rp',
    domain: domain.name,
    username: encodeId('workspace', call.principal.workspaceId),
    ips: [],
    custom_spf: false,
    default: domain.isDefault,
    legacy: false,
    automatic_security: true,
    valid: domain.state === 'verified',
    dns: { mail_cname: shownReturnPath(domain, mail), dkim1: shownKey(dkim1), dkim2: shownKey(dkim2) },
    ...(domain.checkedAt === null ? {} : { last_validation_attempt_at: secondsOf(domain.checkedAt) }),
  }
}

/** The workspace as a number, because the vendor has one. */
function userOf({ principal }: Call): number {
  return Number.parseInt(principal.workspaceId.slice(-7), 16) + 1
}

async function add(call: Call) {
  const wanted = bodyOf(call, NewDomain)
  const made = await inTheirFields({ name: 'domain' }, () => added(call, wanted.domain))
  const domain =
    wanted.default === true ? await call.run(updateDomain, { domainId: made.id, isDefault: true }) : made
  return { status: 201, body: present(call, domain) }
}

async function added(call: Call, name: string): Promise<Domain> {
  try {
    return await call.run(addDomain, { name })
  } catch (error) {
    if (error instanceof Fault && error.code === 'conflict')
      throw refuse(400, vendorError(error.detail, 'domain'))
    throw error
  }
}

async function list(call: Call) {
  const { limit, offset, domain: name } = queryOf(call, Listing)
  const domains = await collect(
    (page) => call.run(listDomains, { ...(name === undefined ? {} : { name }), ...page }),
    (seen) => seen.length >= offset + limit,
  )
  return { status: 200, body: domains.slice(offset, offset + limit).map((domain) => present(call, domain)) }
}

async function show(call: Call) {
  return { status: 200, body: present(call, await found(call)) }
}

async function showDefault(call: Call) {
  const { domain: name } = queryOf(call, Default)
  const domains = await collect((page) => call.run(listDomains, page))
  const domain = domains.find(
    (one) => one.isDefault && (name === undefined || one.name === name.toLowerCase()),
  )
  return { status: 200, body: domain === undefined ? {} : present(call, domain) }
}

async function change(call: Call) {
  const { default: isDefault } = bodyOf(call, DomainChange)
  const domain = await found(call)
  const changed =
    isDefault === undefined ? domain : await call.run(updateDomain, { domainId: domain.id, isDefault })
  return { status: 200, body: present(call, changed) }
}

async function remove(call: Call) {
  await call.run(deleteDomain, { domainId: (await found(call)).id })
  return { status: 204 }
}

async function validate(call: Call) {
  const domain = await call.run(verifyDomain, { domainId: (await found(call)).id })
  const results = Object.entries(recordsOf(domain)).map(([name, record]) => {
    const valid =
      record === undefined && name === 'mail_cname' ? domain.state === 'verified' : record?.state === 'ok'
    return [name, { valid, reason: valid ? null : (record?.advice ?? 'The record was not found.') }] as const
  })
  const valid = domain.state === 'verified'
  return { status: 200, body: { id: domain.number, valid, validation_results: Object.fromEntries(results) } }
}

async function found(call: Call): Promise<Domain> {
  const words = call.params['domain_id'] ?? ''
  if (!/^[1-9]\d{0,8}$/.test(words)) throw notFound('domain not found')
  const { data } = await call.run(listDomains, { number: Number(words), limit: 1 })
  const [domain] = data
  if (domain === undefined) throw notFound('domain not found')
  return domain
}

const DOMAINS = '/v3/whitelabel/domains'
const DOMAIN = `${DOMAINS}/{domain_id}`

/** Sending domains. */
export const domainRoutes = doorRoutes<DomainServices>([
  { method: 'POST', path: DOMAINS, doorScope: 'whitelabel.create', handle: add },
  { method: 'GET', path: DOMAINS, doorScope: 'whitelabel.read', handle: list },
  { method: 'GET', path: `${DOMAINS}/default`, doorScope: 'whitelabel.read', handle: showDefault },
  { method: 'GET', path: DOMAIN, doorScope: 'whitelabel.read', handle: show },
  { method: 'PATCH', path: DOMAIN, doorScope: 'whitelabel.update', handle: change },
  { method: 'DELETE', path: DOMAIN, doorScope: 'whitelabel.delete', handle: remove },
  { method: 'POST', path: `${DOMAIN}/validate`, doorScope: 'whitelabel.create', handle: validate },
])
