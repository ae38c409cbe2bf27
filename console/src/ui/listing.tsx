import type { InfiniteData, UseInfiniteQueryResult, UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { Failure, LoadingRows } from './states.tsx'

interface CursorPage<Row> {
  readonly data: readonly Row[]
  readonly nextCursor: string | null
}

/** A list that comes in pages, in each of its states: on its way, failed, empty, there, with more to come. */
export function Listing<Row>({
  query,
  label,
  empty,
  children,
}: {
  readonly query: UseInfiniteQueryResult<InfiniteData<CursorPage<Row>>>
  /** As in "Loading …". */
  readonly label: string
  readonly empty: ReactNode
  readonly children: (rows: readonly Row[]) => ReactNode
}) {
  if (query.isPending) return <LoadingRows label={`Loading ${label}`} />
  if (query.data === undefined) return <Failure error={query.error} onRetry={() => void query.refetch()} />
  const rows = query.data.pages.flatMap(({ data }) => data)
  if (rows.length === 0) return empty
  return (
    <>
      {children(rows)}
      {query.hasNextPage && (
        <div className="flex items-center gap-3 border-t border-line px-4 py-2.5 text-xs text-muted">
          <Button onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
            {query.isFetchingNextPage ? 'Loading…' : 'Load more'}
          </Button>
          {rows.length.toLocaleString('en')} shown
        </div>
      )}
    </>
  )
}

/** One thing in each of its states. What was there stays while it is asked again. */
export function Loaded<Data>({
  query,
  label,
  rows = 4,
  children,
}: {
  readonly query: UseQueryResult<Data>
  readonly label: string
  readonly rows?: number
  readonly children: (data: Data) => ReactNode
}) {
  if (query.data !== undefined) return children(query.data)
  if (query.isPending) return <LoadingRows rows={rows} label={`Loading ${label}`} />
  return <Failure error={query.error} onRetry={() => void query.refetch()} />
}
