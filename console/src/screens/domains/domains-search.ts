import { textOf } from '../../search-values.ts'

/** What the address of the list of domains may say. */
export interface DomainsSearch {
  /** The form for a new one is open. */
  readonly view?: 'new'
}

export function parseDomainsSearch(search: Record<string, unknown>): DomainsSearch {
  return search['view'] === 'new' ? { view: 'new' } : {}
}

/** What the address of one domain may say. */
export interface DomainSearch {
  /** The zone that the DNS host appends to names by itself; names are shown without it. */
  readonly zone?: string
}

export function parseDomainSearch(search: Record<string, unknown>): DomainSearch {
  const zone = textOf(search['zone'])
  return zone === undefined ? {} : { zone }
}
