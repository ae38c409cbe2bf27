import type { z } from 'zod'
import type { Domain } from '../../../modules/domains/index.ts'
import type { LinkDomain } from '../../../modules/tracking/index.ts'
import { uuidOf } from './ids.ts'

type DomainView = z.output<typeof Domain>
type DnsRecord = DomainView['records'][number]
type Link = z.output<typeof LinkDomain>

/** What all domains of a workspace share. */
export interface Shared {
  readonly opens: boolean
  readonly clicks: boolean
  /** The host of tracked links below a domain. */
  readonly linkOf: (domain: string) => Link | undefined
}

/** There are no regions here; clients want one of the vendor's. */
const REGION = 'us-east-1'

export function presentDomainItem(domain: DomainView, { opens, clicks }: Omit<Shared, 'linkOf'>) {
  return {
    id: uuidOf('domain', domain.id),
    name: domain.name,
    status: statusOf(domain),
    created_at: domain.createdAt,
    region: REGION,
    open_tracking: opens,
    click_tracking: clicks,
    capabilities: { sending: 'enabled', receiving: 'disabled' },
  }
}

export function presentDomain(domain: DomainView, shared: Shared) {
  const link = shared.linkOf(domain.name)
  return {
    ...presentDomainItem(domain, shared),
    ...(link === undefined ? {} : { tracking_subdomain: link.name.slice(0, -domain.name.length - 1) }),
    records: [
      ...domain.records.flatMap((record) => recordOf(record, domain)),
      ...(link === undefined ? [] : [linkRecord(link, domain.name)]),
    ],
  }
}

function statusOf({ state, checkedAt, records }: DomainView): string {
  if (state === 'verified') return 'verified'
  if (state === 'failing') return 'failed'
  if (checkedAt === null) return 'not_started'
  return records.some((record) => record.required && record.state === 'wrong') ? 'failed' : 'pending'
}

/** DMARC has no place among the vendor's records; a key that may go is no record to publish. */
function recordOf(record: DnsRecord, domain: DomainView) {
  if (record.purpose === 'dmarc' || record.dkim?.state === 'removable') return []
  return [
    {
      record: record.purpose === 'return-path' ? 'SPF' : 'DKIM',
      name: nameIn(record.name, domain.name),
      type: record.type,
      ttl: 'Auto',
      status: recordStatus(record, domain),
      value: record.value,
    },
  ]
}

function recordStatus({ state }: DnsRecord, domain: DomainView): string {
  switch (state) {
    case 'ok':
      return 'verified'
    case 'wrong':
      return 'failed'
    case 'unknown':
      return 'temporary_failure'
    case 'missing':
    case 'pending':
      if (domain.state === 'verified' && domain.checkedAt === null) return 'verified'
      return domain.checkedAt === null ? 'not_started' : 'pending'
  }
}

function linkRecord({ record, state }: Link, domain: string) {
  return {
    record: 'Tracking',
    name: nameIn(record.name, domain),
    type: record.type,
    ttl: 'Auto',
    status: state === 'verified' ? 'verified' : state === 'failing' ? 'failed' : 'pending',
    value: record.value,
  }
}

/** The vendor's names are those within the domain. */
function nameIn(name: string, domain: string): string {
  return name.endsWith(`.${domain}`) ? name.slice(0, -domain.length - 1) : name
}
