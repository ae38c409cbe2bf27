import { CHOICES } from '@bulkhead/sdk'
import { oneOf, textOf } from '../../search-values.ts'

export const DELIVERY_STATES = CHOICES['webhooks.deliveries'].state
export const DELIVERY_TYPES = CHOICES['webhooks.deliveries'].type
export const RANGES = ['1h', '24h', '7d'] as const
export type Range = (typeof RANGES)[number]

export const RANGE_MS: Readonly<Record<Range, number>> = {
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
}

/** What the address of the list of endpoints may say. */
export interface WebhooksSearch {
  /** The form for a new one is open. */
  readonly view?: 'new'
}

export function parseWebhooksSearch(search: Record<string, unknown>): WebhooksSearch {
  return search['view'] === 'new' ? { view: 'new' } : {}
}

/** What the address of an endpoint may say: the filters of its deliveries, and the one that is looked at. */
export interface WebhookSearch {
  readonly state?: (typeof DELIVERY_STATES)[number]
  readonly type?: (typeof DELIVERY_TYPES)[number]
  readonly range?: Range
  readonly delivery?: string
}

/** Reads the query of the address. What is not a filter is dropped: an old link still shows a list. */
export function parseWebhookSearch(search: Record<string, unknown>): WebhookSearch {
  const state = oneOf(DELIVERY_STATES, search['state'])
  const type = oneOf(DELIVERY_TYPES, search['type'])
  const range = oneOf(RANGES, search['range'])
  const delivery = textOf(search['delivery'])
  return {
    ...(state === undefined ? {} : { state }),
    ...(type === undefined ? {} : { type }),
    ...(range === undefined ? {} : { range }),
    ...(delivery === undefined ? {} : { delivery }),
  }
}
