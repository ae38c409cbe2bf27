import { queryOptions } from '@tanstack/react-query'
import type { Api } from '../../api/client.ts'
import { pagedOptions } from '../../api/paged.ts'
import { filterOf, type AuditSearch } from './audit-search.ts'

export const auditQueries = {
  /** Of the workspace, or with the operator's key of the installation. */
  list: (api: Api, search: AuditSearch, isOperator: boolean) => {
    const { entry: _entry, ...filters } = search
    return pagedOptions(
      ['audit', 'list', isOperator, filters],
      (page, options) => {
        const input = { ...filterOf(filters, Date.now()), ...page }
        return isOperator ? api.audit.listInstallation(input, options) : api.audit.list(input, options)
      },
      { refetchInterval: 15_000 },
    )
  },
  entry: (api: Api, index: number) =>
    queryOptions({
      queryKey: ['audit', 'entry', index],
      queryFn: ({ signal }) => api.audit.get(index, { signal }),
    }),
  state: (api: Api) =>
    queryOptions({
      queryKey: ['audit', 'state'],
      queryFn: ({ signal }) => api.audit.state({ signal }),
      refetchInterval: 10_000,
    }),
} as const
