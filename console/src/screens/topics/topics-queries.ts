import { queryOptions } from '@tanstack/react-query'
import type { Api } from '../../api/client.ts'
import { pagedOptions } from '../../api/paged.ts'

/** Reads of the screens of topics. */
export const topicQueries = {
  list: (api: Api) => pagedOptions(['topics', 'list'], (page, options) => api.topics.list(page, options)),
  one: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['topics', 'one', id],
      queryFn: ({ signal }) => api.topics.get(id, { signal }),
    }),
  left: (api: Api, topic: string, email: string | undefined) =>
    pagedOptions(
      ['topics', 'left', topic, email ?? null],
      (page, options) =>
        api.topicSuppressions.list({ ...page, topic, ...(email === undefined ? {} : { email }) }, options),
      // How many addresses somebody reads is counted: what was read is not read again by itself.
      { staleTime: 5 * 60_000 },
    ),
  ofAddress: (api: Api, email: string) =>
    queryOptions({
      queryKey: ['topics', 'of', email],
      queryFn: ({ signal }) => api.topics.ofAddress({ email }, { signal }),
    }),
} as const
