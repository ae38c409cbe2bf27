import { infiniteQueryOptions, type QueryKey } from '@tanstack/react-query'

const PAGE_SIZE = 50

/** Which page, as the API takes it: the first one has no cursor. */
interface PageInput {
  readonly limit: number
  readonly cursor?: string
}

/** A read of a list that comes page by page; `more` says how often and when it is asked. */
export function pagedOptions<Page extends { readonly nextCursor: string | null }>(
  queryKey: QueryKey,
  fetchPage: (page: PageInput, options: { readonly signal: AbortSignal }) => Promise<Page>,
  more: {
    /** The cursor behind which the list begins, where that is not its beginning. */
    readonly after?: string | undefined
    readonly enabled?: boolean
    readonly staleTime?: number
    readonly refetchInterval?: number
  } = {},
) {
  const { after, ...asked } = more
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ signal, pageParam }) =>
      fetchPage({ limit: PAGE_SIZE, ...(pageParam === undefined ? {} : { cursor: pageParam }) }, { signal }),
    initialPageParam: after,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    ...asked,
  })
}
