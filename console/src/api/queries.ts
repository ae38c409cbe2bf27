import type { Workspace } from '@bulkhead/sdk'
import { queryOptions } from '@tanstack/react-query'
import type { Api } from './client.ts'
import { pagedOptions } from './paged.ts'

/** Beyond this an installation is shown in part. */
const WORKSPACES_MAX = 5_000

/** Every read of the console: its key and how it is asked. Live events refresh by the first word of the key. */
export const queries = {
  access: (api: Api) =>
    queryOptions({
      queryKey: ['access'],
      queryFn: ({ signal }) => api.access.get({ signal }),
      refetchInterval: 30_000,
    }),
  ledger: (api: Api) =>
    queryOptions({
      queryKey: ['ledger'],
      queryFn: ({ signal }) => api.ledger.get({ signal }),
      // Events refresh it; counting a million rows takes a second.
      refetchInterval: 60_000,
    }),
  /** All of the installation, oldest first: they are named and chosen in many places. */
  workspaces: (api: Api) =>
    queryOptions({
      queryKey: ['workspaces'],
      queryFn: async ({ signal }): Promise<readonly Workspace[]> => {
        const all: Workspace[] = []
        for await (const workspace of api.workspaces.listAll({ limit: 100 }, { signal })) {
          all.push(workspace)
          if (all.length === WORKSPACES_MAX) break
        }
        return all
      },
      staleTime: 60_000,
    }),
  queue: (api: Api) =>
    queryOptions({
      queryKey: ['queue'],
      queryFn: ({ signal }) => api.queue.get({}, { signal }),
      refetchInterval: 10_000,
    }),
  domains: (api: Api) =>
    queryOptions({
      queryKey: ['domains'],
      queryFn: ({ signal }) => api.domains.list({ limit: 20 }, { signal }),
      staleTime: 60_000,
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
  inbox: (api: Api) => pagedOptions(['inbox', 'list'], (page, options) => api.inbox.list(page, options)),
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
} as const
