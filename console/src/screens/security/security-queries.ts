import { queryOptions } from '@tanstack/react-query'
import { BulkheadError, type Member, type PermissionSet, type PoliciesChangeInput } from '@bulkhead/sdk'
import type { Api } from '../../api/client.ts'
import { pagedOptions } from '../../api/paged.ts'

/** People and sets are shown and named everywhere, so they are read whole; beyond this a workspace is shown in part. */
const WHOLE_MAX = 1_000

async function whole<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const all: Item[] = []
  for await (const item of items) {
    all.push(item)
    if (all.length === WHOLE_MAX) break
  }
  return all
}

/** That there is none is an answer and no failure: what a person types beside it must outlive its being asked again. */
async function orNull<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof BulkheadError && error.status === 404) return null
    throw error
  }
}

export interface AlertsFilter {
  readonly state: 'open' | 'all'
  readonly severity?: 'medium' | 'high' | 'critical'
}

/** What the screens of security read. The first word of a key is the noun by which acts ask again. */
export const securityQueries = {
  members: (api: Api) =>
    queryOptions({
      queryKey: ['members', 'all'],
      queryFn: ({ signal }): Promise<readonly Member[]> =>
        whole(api.members.listAll({ limit: 100 }, { signal })),
    }),
  member: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['members', 'one', id],
      queryFn: ({ signal }) => api.members.get(id, { signal }),
    }),
  memberSessions: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['members', 'sessions', id],
      queryFn: ({ signal }) => api.members.sessions(id, { signal }),
    }),
  permissionSets: (api: Api) =>
    queryOptions({
      queryKey: ['permission-sets'],
      queryFn: ({ signal }): Promise<readonly PermissionSet[]> =>
        whole(api.permissionSets.listAll({ limit: 100 }, { signal })),
    }),
  invitations: (api: Api) =>
    pagedOptions(['invitations', 'list'], (page, options) => api.invitations.list(page, options), {
      refetchInterval: 30_000,
    }),
  policy: (api: Api) =>
    queryOptions({
      queryKey: ['policy', 'now'],
      queryFn: ({ signal }) => api.policies.get({ signal }),
      // What waits for a second owner comes and goes within minutes.
      refetchInterval: 15_000,
    }),
  policyPreview: (api: Api, wanted: PoliciesChangeInput) =>
    queryOptions({
      queryKey: ['policy', 'preview', wanted],
      queryFn: ({ signal }) => api.policies.preview(wanted, { signal }),
      staleTime: 10_000,
    }),
  ssoConnection: (api: Api, watch: boolean) =>
    queryOptions({
      queryKey: ['sso'],
      queryFn: ({ signal }) => orNull(api.sso.getConnection({ signal })),
      // A test ends in another tab.
      refetchInterval: watch ? 2_000 : false,
    }),
  federationRules: (api: Api) =>
    pagedOptions(['federation', 'list'], (page, options) => api.federationRules.list(page, options)),
  changes: (api: Api) =>
    pagedOptions(['changes', 'list'], (page, options) => api.changes.list(page, options), {
      refetchInterval: 30_000,
    }),
  recoveries: (api: Api) =>
    queryOptions({
      queryKey: ['recoveries'],
      queryFn: ({ signal }) => api.recoveries.list({ signal }),
      refetchInterval: 30_000,
    }),
  alerts: (api: Api, filter: AlertsFilter, ofInstallation: boolean) =>
    pagedOptions(
      ['alerts', 'list', filter, ofInstallation],
      (page, options) =>
        ofInstallation
          ? api.alerts.listInstallation({ ...filter, ...page }, options)
          : api.alerts.list({ ...filter, ...page }, options),
      { refetchInterval: 30_000 },
    ),
  account: (api: Api) =>
    queryOptions({ queryKey: ['account', 'own'], queryFn: ({ signal }) => api.account.get({ signal }) }),
  workspaces: (api: Api) =>
    queryOptions({
      queryKey: ['account', 'workspaces'],
      queryFn: ({ signal }) => api.account.workspaces({ signal }),
    }),
  factors: (api: Api) =>
    queryOptions({ queryKey: ['factors'], queryFn: ({ signal }) => api.factors.list({ signal }) }),
  sessions: (api: Api) =>
    queryOptions({ queryKey: ['sessions'], queryFn: ({ signal }) => api.sessions.list({ signal }) }),
} as const
