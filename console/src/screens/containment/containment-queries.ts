import type { Api } from '../../api/client.ts'
import { pagedOptions } from '../../api/paged.ts'

export const containmentQueries = {
  list: (api: Api) =>
    pagedOptions(['containments', 'list'], (page, options) => api.containments.list(page, options), {
      refetchInterval: 15_000,
    }),
} as const
