import { queryOptions } from '@tanstack/react-query'
import type { Api } from '../../api/client.ts'
import { pagedOptions } from '../../api/paged.ts'
import type { TemplatesSearch } from './templates-search.ts'

export const templatesQueries = {
  list: (api: Api, search: TemplatesSearch) =>
    pagedOptions(['templates', 'list', search], (page, options) =>
      api.templates.list({ ...search, ...page }, options),
    ),
  one: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['templates', 'one', id],
      queryFn: ({ signal }) => api.templates.get(id, { signal }),
    }),
  versions: (api: Api, id: string) =>
    pagedOptions(['templates', 'versions', id], (page, options) =>
      api.templates.listVersions(id, page, options),
    ),
  version: (api: Api, id: string, version: number) =>
    queryOptions({
      queryKey: ['templates', 'version', id, version],
      queryFn: ({ signal }) => api.templates.getVersion(id, version, { signal }),
    }),
} as const
