import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Api } from './client.ts'
import type { MessageFilter } from './types.ts'

/** Lists begin without a cursor. */
function noCursor(): string | undefined {
  return undefined
}

/** Every read of the console: its key and how it is asked. Live events refresh by the first word of the key. */
export const queries = {
  ledger: (api: Api) =>
    queryOptions({
      queryKey: ['ledger'],
      queryFn: ({ signal }) => api.ledger.get({ signal }),
      refetchInterval: 10_000,
    }),
  queue: (api: Api) =>
    queryOptions({
      queryKey: ['queue'],
      queryFn: ({ signal }) => api.queue.get({ signal }),
      refetchInterval: 10_000,
    }),
  domains: (api: Api) =>
    queryOptions({
      queryKey: ['domains'],
      queryFn: ({ signal }) => api.domains.list({ limit: 20 }, { signal }),
      staleTime: 60_000,
    }),
  messages: (api: Api, filter: MessageFilter, sinceMs: number | undefined) =>
    infiniteQueryOptions({
      queryKey: ['messages', 'list', filter, sinceMs ?? null],
      queryFn: ({ signal, pageParam }) =>
        api.messages.list(
          {
            ...filter,
            ...(sinceMs === undefined ? {} : { since: new Date(Date.now() - sinceMs).toISOString() }),
            ...(pageParam === undefined ? {} : { cursor: pageParam }),
            limit: 50,
          },
          { signal },
        ),
      initialPageParam: noCursor(),
      getNextPageParam: (page) => page.nextCursor ?? undefined,
    }),
  latestMessages: (api: Api) =>
    queryOptions({
      queryKey: ['messages', 'latest'],
      queryFn: ({ signal }) => api.messages.list({ limit: 6 }, { signal }),
    }),
  message: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['messages', 'one', id],
      queryFn: ({ signal }) => api.messages.get(id, { signal }),
    }),
  inbox: (api: Api) =>
    infiniteQueryOptions({
      queryKey: ['inbox', 'list'],
      queryFn: ({ signal, pageParam }) =>
        api.inbox.list({ limit: 50, ...(pageParam === undefined ? {} : { cursor: pageParam }) }, { signal }),
      initialPageParam: noCursor(),
      getNextPageParam: (page) => page.nextCursor ?? undefined,
    }),
  /** What the inbox holds of one message. */
  capturedOf: (api: Api, messageId: string) =>
    queryOptions({
      queryKey: ['inbox', 'of', messageId],
      queryFn: ({ signal }) => api.inbox.list({ messageId, limit: 20 }, { signal }),
    }),
  captured: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['captured', id],
      queryFn: ({ signal }) => api.inbox.get(id, { signal }),
      staleTime: Number.POSITIVE_INFINITY,
    }),
  capturedSource: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['captured', id, 'source'],
      // Bytes above ASCII are rare and shown as they are in UTF-8; the download is exact.
      queryFn: async ({ signal }) => new TextDecoder().decode(await api.inbox.source(id, { signal })),
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 60_000,
    }),
  /** The ticket lives a minute; a frame that is opened later needs another. */
  capturedView: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['captured', id, 'view'],
      queryFn: () => api.inbox.view(id),
      staleTime: 50_000,
      gcTime: 0,
    }),
  account: (api: Api) =>
    queryOptions({ queryKey: ['account'], queryFn: ({ signal }) => api.account.get({ signal }) }),
  factors: (api: Api) =>
    queryOptions({ queryKey: ['factors'], queryFn: ({ signal }) => api.factors.list({ signal }) }),
  sessions: (api: Api) =>
    queryOptions({ queryKey: ['sessions'], queryFn: ({ signal }) => api.sessions.list({ signal }) }),
  members: (api: Api) =>
    queryOptions({
      queryKey: ['members'],
      queryFn: ({ signal }) => api.members.list({ limit: 100 }, { signal }),
    }),
  invitations: (api: Api) =>
    queryOptions({
      queryKey: ['invitations'],
      queryFn: ({ signal }) => api.invitations.list({ limit: 100 }, { signal }),
    }),
  policy: (api: Api) =>
    queryOptions({ queryKey: ['policy'], queryFn: ({ signal }) => api.policies.get({ signal }) }),
  alerts: (api: Api, state: 'open' | 'all') =>
    queryOptions({
      queryKey: ['alerts', state],
      queryFn: ({ signal }) => api.alerts.list({ state, limit: 100 }, { signal }),
      refetchInterval: 30_000,
    }),
} as const
