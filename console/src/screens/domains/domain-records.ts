import type { Domain } from '@bulkhead/sdk'

export type DnsRecord = Domain['records'][number]

const TXT_CHARS_MAX = 255
/** Short while things change; the host's own default may be longer. */
const TTL_SECONDS = 300

/** The records of a domain by what is to be done with them; those of new keys first, because somebody is about to publish them. */
export function sortRecords(records: readonly DnsRecord[]): {
  readonly wanted: readonly DnsRecord[]
  readonly leaving: readonly DnsRecord[]
} {
  const isLeaving = ({ dkim }: DnsRecord) => dkim?.state === 'retiring' || dkim?.state === 'removable'
  const isNew = ({ dkim }: DnsRecord) => dkim?.state === 'pending'
  const wanted = records.filter((one) => !isLeaving(one))
  return {
    wanted: [...wanted.filter(isNew), ...wanted.filter((one) => !isNew(one))],
    leaving: records.filter(isLeaving),
  }
}

/** Zones that may hold the names of a domain: itself and what is above it, down to two labels. */
export function zonesOf(domain: string): readonly string[] {
  const labels = domain.split('.')
  return labels.flatMap((_, skipped) =>
    labels.length - skipped >= 2 ? [labels.slice(skipped).join('.')] : [],
  )
}

/** A name as it is typed where the DNS host appends `zone` by itself; `@` is the zone itself. Without a zone: the full name. */
export function nameIn(name: string, zone: string | undefined): string {
  if (zone === undefined || (name !== zone && !name.endsWith(`.${zone}`))) return name
  return name === zone ? '@' : name.slice(0, -zone.length - 1)
}

/** The records as lines of a zone file (RFC 1035 §5.1), with full names, which is right in every zone. */
export function zoneFile(domain: string, records: readonly DnsRecord[]): string {
  const lines = records.map(({ name, type, value }) =>
    type === 'CNAME'
      ? `${name}. ${TTL_SECONDS} IN CNAME ${value}.`
      : `${name}. ${TTL_SECONDS} IN TXT ${quoted(value)}`,
  )
  return [`; ${domain}: what Bulkhead asks for`, ...lines, ''].join('\n')
}

/** Strings of a TXT record hold at most 255 characters; readers join them. */
function quoted(value: string): string {
  const parts = value.match(new RegExp(`.{1,${TXT_CHARS_MAX}}`, 'g')) ?? ['']
  return parts.map((part) => `"${part.replaceAll(/["\\]/g, String.raw`\$&`)}"`).join(' ')
}

/** The advice of a record without its name and value, for where these stand beside it; null where nothing else is said. */
export function adviceBeside({ advice, type, name, value }: DnsRecord): string | null {
  const record = `${type} ${name} → ${value}`
  if (advice === null || advice === `Publish ${record}.`) return null
  return advice.replace(`Replace it: ${record}.`, 'Replace it.').replaceAll(record, 'the value beside this')
}

/** What keeps a domain from being verified or a rotation from going on. */
export function missingOf(domain: Domain): readonly DnsRecord[] {
  return domain.records.filter(
    ({ required, state, dkim }) => (required || dkim?.state === 'pending') && state !== 'ok',
  )
}

/** The age of the oldest key that signs, in days; undefined where none does. */
export function keyAge(domain: Domain): { readonly days: number; readonly hint: string | null } | undefined {
  const signing = domain.records.flatMap(({ dkim }) => (dkim?.state === 'active' ? [dkim] : []))
  const [oldest] = signing.toSorted((a, b) => b.ageDays - a.ageDays)
  return oldest === undefined ? undefined : { days: oldest.ageDays, hint: oldest.hint }
}

export function days(count: number): string {
  return count === 0 ? 'today' : count === 1 ? '1 day' : `${count.toLocaleString('en')} days`
}
