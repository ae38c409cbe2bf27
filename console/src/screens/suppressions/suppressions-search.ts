import { CHOICES } from '@bulkhead/sdk'
import { oneOf, textOf } from '../../search-values.ts'

export const REASONS = CHOICES['suppressions.list'].reason
export type Reason = (typeof REASONS)[number]
export const SCOPES = CHOICES['suppressions.list'].scope
export type Scope = (typeof SCOPES)[number]
export const RANGES = ['24h', '7d', '30d'] as const
export type Range = (typeof RANGES)[number]

export const RANGE_MS: Readonly<Record<Range, number>> = {
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
}

/** What the address of the suppressions may say: filters, the entry or the import that is looked at, the form that is open. */
export interface SuppressionsSearch {
  readonly email?: string
  readonly reason?: Reason
  readonly scope?: Scope
  readonly range?: Range
  readonly id?: string
  readonly view?: 'imports' | 'import'
  readonly import?: string
}

/** Reads the query of the address. What is not a filter is dropped: an old link still shows a list. */
export function parseSuppressionsSearch(search: Record<string, unknown>): SuppressionsSearch {
  const email = textOf(search['email'])
  const reason = oneOf(REASONS, search['reason'])
  const scope = oneOf(SCOPES, search['scope'])
  const range = oneOf(RANGES, search['range'])
  const id = textOf(search['id'])
  const view = oneOf(['imports', 'import'] as const, search['view'])
  const importId = textOf(search['import'])
  return {
    ...(email === undefined ? {} : { email }),
    ...(reason === undefined ? {} : { reason }),
    ...(scope === undefined ? {} : { scope }),
    ...(range === undefined ? {} : { range }),
    ...(id === undefined ? {} : { id }),
    ...(view === undefined ? {} : { view }),
    ...(importId === undefined ? {} : { import: importId }),
  }
}
