import { queryOptions } from '@tanstack/react-query'
import type { Api } from '../../api/client.ts'
import { pagedOptions } from '../../api/paged.ts'
import { RANGE_MS, type Range, type Reason, type Scope } from './suppressions-search.ts'

export interface SuppressionFilter {
  readonly email?: string
  readonly reason?: Reason
  readonly scope?: Scope
  readonly range?: Range
}

/** The filters as the API takes them. */
export function filterInput({ range, ...filter }: SuppressionFilter): {
  email?: string
  reason?: Reason
  scope?: Scope
  since?: string
} {
  return {
    ...filter,
    ...(range === undefined ? {} : { since: new Date(Date.now() - RANGE_MS[range]).toISOString() }),
  }
}

/** Reads of the suppression list and of imports into it. */
export const suppressionQueries = {
  list: (api: Api, filter: SuppressionFilter) =>
    pagedOptions(['suppressions', 'list', filter], (page, options) =>
      api.suppressions.list({ ...filterInput(filter), ...page }, options),
    ),
  one: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['suppressions', 'one', id],
      queryFn: ({ signal }) => api.suppressions.get(id, { signal }),
    }),
  explain: (api: Api, email: string) =>
    queryOptions({
      queryKey: ['suppressions', 'explain', email],
      queryFn: ({ signal }) => api.suppressions.explain({ email }, { signal }),
    }),
  imports: (api: Api) =>
    pagedOptions(['suppressions', 'imports'], (page, options) => api.suppressionImports.list(page, options)),
  oneImport: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['suppressions', 'import', id],
      queryFn: ({ signal }) => api.suppressionImports.get(id, { signal }),
    }),
  refusals: (api: Api, id: string) =>
    pagedOptions(['suppressions', 'refusals', id], (page, options) =>
      api.suppressionImports.listRefusals(id, page, options),
    ),
} as const
