/** What the address of the senders may say. */
export interface SendersSearch {
  /** The form for a new one is open. */
  readonly view?: 'new'
}

export function parseSendersSearch(search: Record<string, unknown>): SendersSearch {
  return search['view'] === 'new' ? { view: 'new' } : {}
}
