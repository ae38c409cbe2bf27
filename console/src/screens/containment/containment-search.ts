import { textOf } from '../../search-values.ts'

/** What the address may say: the credential or person that somebody came here to contain. */
export interface ContainmentSearch {
  readonly contain?: string
}

export function parseContainmentSearch(search: Record<string, unknown>): ContainmentSearch {
  const contain = textOf(search['contain'])
  return contain === undefined ? {} : { contain }
}
