import type { MessageSummary } from '../../api/types.ts'

export interface FeedParts {
  /** What is shown of the head, old answers included. */
  readonly known: ReadonlyMap<string, MessageSummary>
  /** The newest answer. */
  readonly head: readonly MessageSummary[]
  /** What lies behind. */
  readonly pages: readonly MessageSummary[]
  /** The newest message that is shown; undefined before the first answer. */
  readonly top: string | undefined
  /** Whether the head is all there is. */
  readonly isHeadWhole: boolean
}

export interface MergedFeed {
  readonly rows: readonly MessageSummary[]
  readonly newCount: number
  /** More came than the head holds: between the two there are messages that are in neither. */
  readonly hasGap: boolean
}

/** One list of what came in parts, the newest first and each once; ids sort by time. What is newer than `top` is counted only. */
export function mergeFeed({ known, head, pages, top, isHeadWhole }: FeedParts): MergedFeed {
  if (top === undefined) return { rows: [], newCount: 0, hasGap: false }
  const byId = new Map<string, MessageSummary>()
  for (const row of pages) byId.set(row.id, row)
  for (const row of known.values()) byId.set(row.id, row)
  for (const row of head) if (row.id <= top) byId.set(row.id, row)
  const fresh = head.filter((row) => row.id > top)
  return {
    rows: [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1)),
    newCount: fresh.length,
    hasGap: fresh.length > 0 && fresh.length === head.length && !isHeadWhole && top !== '',
  }
}
