/** What the address of tracking may say. */
export interface TrackingSearch {
  /** The form for a new link domain is open. */
  readonly view?: 'new'
}

export function parseTrackingSearch(search: Record<string, unknown>): TrackingSearch {
  return search['view'] === 'new' ? { view: 'new' } : {}
}
