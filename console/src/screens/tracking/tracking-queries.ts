import { queryOptions } from '@tanstack/react-query'
import type { Api } from '../../api/client.ts'
import { pagedOptions } from '../../api/paged.ts'

/** Reads of the screen of tracking. */
export const trackingQueries = {
  settings: (api: Api) =>
    queryOptions({ queryKey: ['tracking'], queryFn: ({ signal }) => api.tracking.get({ signal }) }),
  linkDomains: (api: Api) =>
    pagedOptions(['link-domains', 'list'], (page, options) => api.linkDomains.list(page, options), {
      refetchInterval: 30_000,
    }),
} as const
