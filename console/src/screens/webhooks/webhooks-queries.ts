import { queryOptions } from '@tanstack/react-query'
import type { Api } from '../../api/client.ts'
import { pagedOptions } from '../../api/paged.ts'
import { RANGE_MS, type WebhookSearch } from './webhooks-search.ts'

const SOON_MS = 5_000

/** Reads of the screens of webhooks. Deliveries settle by themselves, so what shows them is asked again every few seconds. */
export const webhookQueries = {
  list: (api: Api) =>
    pagedOptions(['webhooks', 'list'], (page, options) => api.webhooks.list(page, options), {
      refetchInterval: 15_000,
    }),
  one: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['webhooks', 'one', id],
      queryFn: ({ signal }) => api.webhooks.get(id, { signal }),
      refetchInterval: SOON_MS,
    }),
  verification: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['webhooks', 'verification', id],
      queryFn: ({ signal }) => api.webhooks.getVerification(id, { signal }),
    }),
  statistics: (api: Api, id: string, period: '24h' | '7d') =>
    queryOptions({
      queryKey: ['webhooks', 'statistics', id, period],
      queryFn: ({ signal }) => api.webhooks.statistics(id, { period }, { signal }),
      refetchInterval: 15_000,
    }),
  deliveries: (api: Api, id: string, { state, type, range }: WebhookSearch) =>
    pagedOptions(
      ['webhooks', 'deliveries', id, state ?? null, type ?? null, range ?? null],
      (page, options) =>
        api.webhooks.deliveries(
          id,
          {
            ...page,
            order: 'newest',
            limit: 25,
            ...(state === undefined ? {} : { state }),
            ...(type === undefined ? {} : { type }),
            ...(range === undefined ? {} : { since: new Date(Date.now() - RANGE_MS[range]).toISOString() }),
          },
          options,
        ),
      { refetchInterval: SOON_MS },
    ),
  delivery: (api: Api, id: string, deliveryId: string) =>
    queryOptions({
      queryKey: ['webhooks', 'delivery', id, deliveryId],
      queryFn: ({ signal }) => api.webhooks.delivery(id, deliveryId, { signal }),
      refetchInterval: SOON_MS,
    }),
} as const
