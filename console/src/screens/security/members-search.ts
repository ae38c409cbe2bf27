import { oneOf, textOf } from '../../search-values.ts'

export const MEMBER_TABS = ['invitations', 'sets'] as const

/** What the address of the members says: which part is shown (none: people), and whom the reader looks for. */
export interface MembersSearch {
  readonly tab?: (typeof MEMBER_TABS)[number]
  readonly q?: string
}

export function parseMembersSearch(search: Record<string, unknown>): MembersSearch {
  const tab = oneOf(MEMBER_TABS, search['tab'])
  const q = textOf(search['q'])
  return { ...(tab === undefined ? {} : { tab }), ...(q === undefined ? {} : { q }) }
}
