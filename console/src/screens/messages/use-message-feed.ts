import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useState } from 'react'
import type { MessageSummary } from '../../api/types.ts'
import { useSession } from '../../session/session.ts'
import { mergeFeed } from './merge-feed.ts'
import type { MessageFilters } from './messages-search.ts'
import { messagesQueries } from './messages-queries.ts'

export interface MessageFeed {
  readonly rows: readonly MessageSummary[]
  /** Messages that came and are not shown yet. */
  readonly newCount: number
  /** False: there are more new ones than were counted. */
  readonly isCountWhole: boolean
  readonly showNew: () => void
  readonly isPending: boolean
  readonly error: Error | null
  readonly retry: () => void
  readonly hasMore: boolean
  readonly isLoadingMore: boolean
  readonly loadMore: () => void
  /** Why the older ones could not be loaded; nothing asks for them by itself then. */
  readonly moreError: Error | null
  readonly retryMore: () => void
}

/**
 * The list of messages: its head is asked again with every event, what lies behind comes page by page. While `isHeld`, messages that come are
 * counted and not shown, so that nothing moves under the reader's hand.
 */
export function useMessageFeed(filters: MessageFilters, isHeld: boolean): MessageFeed {
  const { api } = useSession()
  const head = useQuery(messagesQueries.head(api, filters))
  const [anchor, setAnchor] = useState<{ readonly top: string; readonly cursor: string | undefined }>()
  const [known, setKnown] = useState<ReadonlyMap<string, MessageSummary>>(new Map())
  const behind = useInfiniteQuery(messagesQueries.behind(api, filters, anchor?.cursor))
  const newest = head.data?.data

  const restart = useCallback(() => {
    if (head.data === undefined) return
    setKnown(new Map(head.data.data.map((row) => [row.id, row])))
    setAnchor({ top: head.data.data[0]?.id ?? '', cursor: head.data.nextCursor ?? undefined })
  }, [head.data])

  const merged = useMemo(
    () =>
      mergeFeed({
        known,
        head: newest ?? [],
        pages: behind.data?.pages.flatMap((page) => page.data) ?? [],
        top: anchor?.top,
        isHeadWhole: head.data?.nextCursor === null,
      }),
    [known, newest, behind.data, anchor?.top, head.data?.nextCursor],
  )

  // The first answer, and every later one that may be shown at once. Behind a gap nothing fits together any more: the list begins anew.
  useEffect(() => {
    if (newest === undefined) return
    if (anchor === undefined || (!isHeld && merged.hasGap)) return restart()
    setKnown((before) => {
      const after = new Map(before)
      for (const row of newest) if (row.id <= anchor.top || !isHeld) after.set(row.id, row)
      return after
    })
    const first = newest[0]?.id
    if (!isHeld && first !== undefined && first > anchor.top) setAnchor({ ...anchor, top: first })
    // oxlint-disable-next-line react/exhaustive-deps -- runs with each answer and when it is let go, not with what it sets
  }, [newest, isHeld, restart])

  return {
    rows: merged.rows,
    newCount: merged.newCount,
    isCountWhole: !merged.hasGap,
    showNew: restart,
    isPending: head.isPending || (anchor === undefined && head.data !== undefined),
    error: head.data === undefined ? head.error : null,
    retry: () => void head.refetch(),
    // A first page that failed is still to come: not to know what is behind is not to know that there is nothing.
    hasMore: behind.hasNextPage || (anchor?.cursor !== undefined && behind.data === undefined),
    isLoadingMore: behind.isFetching,
    loadMore: () =>
      void (behind.hasNextPage && !behind.isFetching && behind.error === null && behind.fetchNextPage()),
    moreError: behind.error,
    retryMore: () => void (behind.data === undefined ? behind.refetch() : behind.fetchNextPage()),
  }
}
