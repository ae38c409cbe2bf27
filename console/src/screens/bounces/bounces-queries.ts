import { queryOptions } from '@tanstack/react-query'
import type { Api } from '../../api/client.ts'
import { pagedOptions } from '../../api/paged.ts'
import type { Kind } from './bounces-search.ts'

/** Reads of what came back. Nobody but time brings reports, so lists are asked again now and then. */
export const bounceQueries = {
  list: (api: Api, kind: Kind | undefined, messageId: string | undefined) =>
    pagedOptions(
      ['bounces', 'list', kind ?? null, messageId ?? null],
      (page, options) =>
        api.bounces.list(
          {
            ...(kind === undefined ? {} : { kind }),
            ...(messageId === undefined ? {} : { messageId }),
            ...page,
          },
          options,
        ),
      { refetchInterval: 30_000 },
    ),
  one: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['bounces', 'one', id],
      queryFn: ({ signal }) => api.bounces.get(id, { signal }),
    }),
  quarantine: (api: Api, kind: Kind | undefined) =>
    pagedOptions(
      ['quarantine', kind ?? null],
      (page, options) =>
        api.quarantine.list(
          {
            ...(kind === undefined ? {} : { kind }),
            ...page,
          },
          options,
        ),
      { refetchInterval: 30_000 },
    ),
} as const
