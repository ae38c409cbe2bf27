import { queryOptions } from '@tanstack/react-query'
import type { Api } from '../../api/client.ts'
import { pagedOptions } from '../../api/paged.ts'
import type { InboundSearch } from './inbound-search.ts'

const SOON_MS = 10_000

/** Reads of the screens of inbound routes. Mail comes by itself, so what shows it is asked again. */
export const inboundQueries = {
  list: (api: Api) =>
    pagedOptions(['inbound-routes', 'list'], (page, options) => api.inboundRoutes.list(page, options)),
  one: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['inbound-routes', 'one', id],
      queryFn: ({ signal }) => api.inboundRoutes.get(id, { signal }),
    }),
  mail: (api: Api, id: string, state: InboundSearch['state']) =>
    pagedOptions(
      ['inbound-routes', 'mail', id, state ?? null],
      (page, options) =>
        api.inboundRoutes.mail(id, { ...page, ...(state === undefined ? {} : { state }) }, options),
      { refetchInterval: SOON_MS },
    ),
} as const
