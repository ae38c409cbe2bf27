import { queryOptions } from '@tanstack/react-query'
import type { Api } from '../../api/client.ts'
import { pagedOptions } from '../../api/paged.ts'

/** Reads of the screens of domains. The server looks at DNS by itself, so what is shown is asked again. */
export const domainQueries = {
  list: (api: Api) =>
    pagedOptions(['domains', 'list'], (page, options) => api.domains.list(page, options), {
      refetchInterval: 30_000,
    }),
  one: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['domains', 'one', id],
      queryFn: ({ signal }) => api.domains.get(id, { signal }),
      refetchInterval: 30_000,
    }),
} as const
