import { oneOf, textOf } from '../../search-values.ts'

export const SHOWN = ['living', 'all'] as const

/** What the addresses of API keys and of SMTP credentials may say. */
export interface CredentialsSearch {
  /** The form for a new one is open. */
  readonly view?: 'new'
  /** The one that is looked at. */
  readonly id?: string
  /** Default: those that work. */
  readonly show?: 'all'
}

export function parseCredentialsSearch(search: Record<string, unknown>): CredentialsSearch {
  const id = textOf(search['id'])
  return {
    ...(search['view'] === 'new' ? { view: 'new' } : {}),
    ...(id === undefined ? {} : { id }),
    ...(oneOf(SHOWN, search['show']) === 'all' ? { show: 'all' } : {}),
  }
}
