import { queryOptions } from '@tanstack/react-query'
import type { Api } from '../../api/client.ts'
import { pagedOptions } from '../../api/paged.ts'
import { requestOf, type MessageFilters } from './messages-search.ts'

const PAGE = 50

/** Reads of the screens of messages. Live events refresh what begins with `messages`: the head of the list and the story, not pages behind. */
export const messagesQueries = {
  /** The newest messages that the filters let through, asked again with every event. */
  head: (api: Api, filters: MessageFilters) =>
    queryOptions({
      queryKey: ['messages', 'head', filters],
      queryFn: ({ signal }) =>
        api.messages.list({ ...requestOf(filters, Date.now()), limit: PAGE }, { signal }),
    }),
  /** What lies behind a message, page by page; not asked again, because it hardly changes and may be long. */
  behind: (api: Api, filters: MessageFilters, cursor: string | undefined) =>
    pagedOptions(
      ['message-pages', filters, cursor ?? null],
      (page, options) => api.messages.list({ ...requestOf(filters, Date.now()), ...page }, options),
      { after: cursor, enabled: cursor !== undefined, staleTime: 60_000 },
    ),
  waiting: (api: Api, id: string, isWaiting: boolean) =>
    queryOptions({
      queryKey: ['messages', 'waiting', id],
      queryFn: ({ signal }) => api.shaping.explain(id, { signal }),
      enabled: isWaiting,
      refetchInterval: 10_000,
      retry: false,
    }),
  parts: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['message-parts', id],
      queryFn: ({ signal }) => api.messages.getParts(id, { signal }),
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 60_000,
      retry: false,
    }),
  tracking: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['messages', 'tracking', id],
      queryFn: ({ signal }) => api.tracking.message(id, { signal }),
    }),
  webhooks: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['messages', 'webhooks', id],
      queryFn: ({ signal }) => api.webhooks.message(id, { signal }),
      refetchInterval: 5_000,
    }),
  resend: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['messages', 'resend', id],
      queryFn: ({ signal }) => api.messages.previewResend(id, { signal }),
    }),
} as const
