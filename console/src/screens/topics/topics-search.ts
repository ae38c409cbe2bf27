import { textOf } from '../../search-values.ts'

/** What the address of the topics may say. */
export interface TopicsSearch {
  /** The one that is looked at. */
  readonly id?: string
  /** Whose topics are looked at, or which of those who left. */
  readonly email?: string
}

export function parseTopicsSearch(search: Record<string, unknown>): TopicsSearch {
  const id = textOf(search['id'])
  const email = textOf(search['email'])
  return { ...(id === undefined ? {} : { id }), ...(email === undefined ? {} : { email }) }
}

/** Whether it may be the whole of an address: only those can be found. */
export function isWholeAddress(text: string): boolean {
  return /^\S+@\S+$/.test(text)
}
