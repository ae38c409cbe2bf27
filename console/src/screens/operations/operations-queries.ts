import type {
  Client,
  QueueAct,
  QueueActsCreateInput,
  QueueActsPreviewInput,
  QueueGetOutput,
} from '@bulkhead/sdk'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Api } from '../../api/client.ts'
import { pagedOptions } from '../../api/paged.ts'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import type { QueueSearch } from './operations-search.ts'

export type Look = Omit<QueueSearch, 'acts'>

/** The same calls for a member's own mail and, with the operator's key, for that of all. */
export interface QueueCalls {
  get(look: Look, options: { signal?: AbortSignal }): Promise<QueueGetOutput>
  preview(
    input: QueueActsPreviewInput,
    options: { signal?: AbortSignal },
  ): ReturnType<Client['queueActs']['preview']>
  create(input: QueueActsCreateInput): Promise<QueueAct>
  list(
    input: { limit: number; state: 'open' | 'all'; cursor?: string },
    options: { signal?: AbortSignal },
  ): Promise<{ data: readonly QueueAct[]; nextCursor: string | null }>
  undo(id: string, reason: string): Promise<QueueAct>
  cancel(id: string): Promise<QueueAct>
  /** What acting takes. */
  readonly writeScope: string
}

/** Whose queue the page is about. */
export function useQueueCalls(): QueueCalls {
  const { api } = useSession()
  const { isOperator } = useAccess()
  return useMemo(() => callsOf(api, isOperator), [api, isOperator])
}

function callsOf(api: Api, isOperator: boolean): QueueCalls {
  const acts = isOperator ? api.installationQueueActs : api.queueActs
  return {
    get: (look, options) =>
      isOperator ? api.installationQueue.get(look, options) : api.queue.get(look, options),
    preview: (input, options) => acts.preview(input, options),
    create: (input) => acts.create(input),
    list: (input, options) => acts.list(input, options),
    undo: (id, reason) => acts.undo(id, { reason }),
    cancel: (id) => acts.cancel(id),
    writeScope: isOperator ? 'queue:write' : 'messages:write',
  }
}

const CALM_MS = 10_000
/** While a job is at work. */
const BUSY_MS = 1_000

/** Every read of the operations screens. */
export const operationsQueries = {
  queue: (calls: QueueCalls, look: Look) =>
    queryOptions({
      queryKey: ['queue', 'lines', look],
      queryFn: ({ signal }) => calls.get(look, { signal }),
      refetchInterval: CALM_MS,
      placeholderData: keepPreviousData,
    }),
  acts: (calls: QueueCalls, state: 'open' | 'all') =>
    infiniteQueryOptions({
      ...pagedOptions(['queue', 'acts', state], (page, options) => calls.list({ ...page, state }, options)),
      refetchInterval: (query) =>
        query.state.data?.pages.some(({ data }) => data.some(({ isAtWork }) => isAtWork)) === true
          ? BUSY_MS
          : CALM_MS,
    }),
  preview: (calls: QueueCalls, wanted: QueueActsPreviewInput) =>
    queryOptions({
      queryKey: ['queue-preview', wanted],
      queryFn: ({ signal }) => calls.preview(wanted, { signal }),
      // A token is good for ten minutes, and what it shows for less.
      staleTime: 30_000,
      gcTime: 60_000,
    }),
  installationLedger: (api: Api) =>
    queryOptions({
      queryKey: ['ledger', 'installation'],
      queryFn: ({ signal }) => api.installationLedger.get({ signal }),
      refetchInterval: CALM_MS,
    }),
  overlays: (api: Api, ended: boolean) =>
    queryOptions({
      queryKey: ['shaping', 'overlays', ended],
      queryFn: ({ signal }) => api.shaping.listOverlays({ ended: ended ? 'true' : 'false' }, { signal }),
      refetchInterval: CALM_MS,
    }),
  resolved: (api: Api, domain: string, source: string | undefined) =>
    queryOptions({
      queryKey: ['shaping', 'resolved', domain, source ?? null],
      queryFn: ({ signal }) =>
        api.shaping.resolve({ domain, ...(source === undefined ? {} : { source }) }, { signal }),
      retry: false,
    }),
  rules: (api: Api) =>
    queryOptions({
      queryKey: ['shaping', 'rules'],
      queryFn: ({ signal }) => api.shaping.check({}, { signal }),
      refetchInterval: 3 * CALM_MS,
    }),
  sources: (api: Api) =>
    queryOptions({
      queryKey: ['sources'],
      queryFn: ({ signal }) => api.sources.list({ signal }),
      refetchInterval: CALM_MS,
    }),
  routing: (api: Api) =>
    queryOptions({
      queryKey: ['routing'],
      queryFn: ({ signal }) => api.routing.list({}, { signal }),
      staleTime: CALM_MS,
    }),
  transport: (api: Api) =>
    queryOptions({
      queryKey: ['tls', 'state'],
      queryFn: ({ signal }) => api.tls.show({ limit: 1 }, { signal }),
      refetchInterval: 3 * CALM_MS,
    }),
  stsPolicies: (api: Api) =>
    pagedOptions(['tls', 'policies'], async (page, options) => (await api.tls.show(page, options)).policies),
  received: (api: Api, isOperator: boolean, domain: string | undefined) =>
    pagedOptions(['tls', 'received', isOperator, domain ?? null], (page, options) =>
      isOperator
        ? api.tls.listInstallationReports(page, options)
        : api.tls.listReports({ ...page, ...(domain === undefined ? {} : { domain }) }, options),
    ),
  sent: (api: Api) => pagedOptions(['tls', 'sent'], (page, options) => api.tls.listSent(page, options)),
  quotas: (api: Api, workspace: string | undefined) =>
    queryOptions({
      queryKey: ['quotas', workspace ?? null],
      queryFn: ({ signal }) =>
        workspace === undefined
          ? api.quotas.get({ signal })
          : api.quotas.getForWorkspace(workspace, { signal }),
      refetchInterval: CALM_MS,
    }),
  apiKeys: (api: Api) =>
    queryOptions({
      queryKey: ['api-keys', 'for-quotas'],
      queryFn: ({ signal }) => api.apiKeys.list({ limit: 100 }, { signal }),
      staleTime: 60_000,
    }),
  smtpCredentials: (api: Api) =>
    queryOptions({
      queryKey: ['smtp-credentials', 'for-quotas'],
      queryFn: ({ signal }) => api.smtpCredentials.list({ limit: 100 }, { signal }),
      staleTime: 60_000,
    }),
} as const
