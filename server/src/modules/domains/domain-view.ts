import type { z } from 'zod'
import { encodeId } from '../../kernel/ids.ts'
import type { Domain } from './domain.ts'
import type { Selector } from './domain.ts'
import type { DomainRecord } from './domains-store.ts'
import { ageHint, ageInDays } from './key-rotation.ts'
import { checkOf, delegationName, expectedRecords } from './records.ts'

/** A domain as the API tells it. */
export type DomainView = z.output<typeof Domain>

/** What the API tells of a domain; keys' ages are counted to `nowMs`. `servedZone` is the zone, or what would be it where none is set. */
export function domainView(
  row: DomainRecord,
  { zone, servedZone }: { readonly zone: string | null; readonly servedZone: string },
  nowMs: number,
): DomainView {
  return {
    id: encodeId('domain', row.id),
    number: row.number,
    name: row.name,
    isDefault: row.is_default,
    tls: row.requires_tls ? 'required' : 'opportunistic',
    state: row.state,
    createdAt: row.created_at.toISOString(),
    verifiedAt: row.verified_at?.toISOString() ?? null,
    checkedAt: row.checked_at?.toISOString() ?? null,
    failingSince: row.failing_since?.toISOString() ?? null,
    inertUntil: row.inert_until?.toISOString() ?? null,
    rotation: rotationOf(row.selectors),
    zone: servedZone,
    records: expectedRecords(row, row.selectors, zone).map(
      ({ publicKey: _publicKey, selector, ...record }) => {
        const check = checkOf({ ...record, ...(selector === undefined ? {} : { selector }) }, row.checks)
        const holder = row.selectors.find((item) => item.selector === selector)
        return {
          ...record,
          delegated: selector === undefined ? null : delegationName(row.id, selector, servedZone),
          state: check?.state ?? 'pending',
          found: check?.found ?? [],
          advice: adviceOn(holder, check?.advice ?? null),
          checkedAt: check === undefined ? null : (row.checked_at?.toISOString() ?? null),
          dkim: holder === undefined ? null : keyOf(holder, nowMs),
        }
      },
    ),
  }
}

function keyOf(selector: Selector, nowMs: number): NonNullable<DomainView['records'][number]['dkim']> {
  const ageDays = ageInDays(selector.createdAt, nowMs)
  return {
    selector: selector.selector,
    algorithm: selector.algorithm,
    state: selector.role,
    createdAt: selector.createdAt.toISOString(),
    ageDays,
    until: selector.role === 'retiring' ? (selector.retireAt?.toISOString() ?? null) : null,
    hint: ageHint(selector.role, ageDays),
  }
}

function adviceOn(holder: Selector | undefined, advice: string | null): string | null {
  switch (holder?.role) {
    case 'retiring':
      return `Leave it until ${holder.retireAt?.toISOString().slice(0, 16).replace('T', ' ') ?? 'later'} UTC: mail under way was signed with it.`
    case 'removable':
      return 'Its private key is destroyed. Delete this record.'
    case undefined:
    case 'pending':
    case 'active':
    case 'standby':
      return advice
  }
}

function rotationOf(selectors: readonly Selector[]): DomainView['rotation'] {
  const pending = selectors.filter((item) => item.role === 'pending')
  const retiring = selectors.filter((item) => item.role === 'retiring')
  const latest = retiring.flatMap((item) => (item.retireAt === null ? [] : [item.retireAt.getTime()]))
  const until = latest.length === 0 ? null : new Date(Math.max(...latest)).toISOString()
  if (pending.length > 0) {
    const since = new Date(Math.min(...pending.map((item) => item.createdAt.getTime()))).toISOString()
    return { state: 'waiting', since, until }
  }
  if (retiring.length > 0) return { state: 'retiring', since: null, until }
  return selectors.some((item) => item.role === 'removable')
    ? { state: 'removable', since: null, until: null }
    : null
}
