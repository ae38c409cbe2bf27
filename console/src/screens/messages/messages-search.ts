import { LANES, RECIPIENT_STATES, type Lane, type RecipientState } from '../../api/types.ts'
import { oneOf, textOf } from '../../search-values.ts'

export const RANGES = ['1h', '24h', '7d', '30d'] as const
export type Range = (typeof RANGES)[number]

export const RANGE_MS: Readonly<Record<Range, number>> = {
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
}

/** The filters of the message list as they stand in the address. */
export interface MessagesSearch {
  readonly state?: RecipientState
  readonly lane?: Lane
  readonly tag?: string
  readonly recipient?: string
  /** Until now; stands in the place of `since` and `until`. */
  readonly range?: Range
  /** Instants, ISO 8601 in UTC. */
  readonly since?: string
  readonly until?: string
  /** Whether new messages slide in; default they do. */
  readonly tail?: 'off'
}

/** Reads the query of the address. What is not a filter is dropped: an old link still shows a list. */
export function parseMessagesSearch(search: Record<string, unknown>): MessagesSearch {
  const state = oneOf(RECIPIENT_STATES, search['state'])
  const lane = oneOf(LANES, search['lane'])
  const range = oneOf(RANGES, search['range'])
  const tag = textOf(search['tag'])
  const recipient = textOf(search['recipient'])
  const since = range === undefined ? instantOf(search['since']) : undefined
  const until = range === undefined ? instantOf(search['until']) : undefined
  return {
    ...(state === undefined ? {} : { state }),
    ...(lane === undefined ? {} : { lane }),
    ...(tag === undefined ? {} : { tag }),
    ...(recipient === undefined ? {} : { recipient }),
    ...(range === undefined ? {} : { range }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(search['tail'] === 'off' ? { tail: 'off' } : {}),
  }
}

function instantOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 40) return undefined
  const ms = Date.parse(value)
  const isUsual = ms >= 0 && ms < Date.UTC(2200, 0)
  return isUsual ? new Date(ms).toISOString() : undefined
}

/** What of the address decides which messages are shown. */
export type MessageFilters = Omit<MessagesSearch, 'tail'>

export function filtersOf({ tail: _tail, ...filters }: MessagesSearch): MessageFilters {
  return filters
}

/** The same without filters: how it is shown stays. */
export function unfiltered({ tail }: MessagesSearch): MessagesSearch {
  return tail === undefined ? {} : { tail }
}

/** What the server is asked; a range counts from `nowMs`. */
export function requestOf({ range, since, ...filter }: MessageFilters, nowMs: number) {
  const from = range === undefined ? since : new Date(nowMs - RANGE_MS[range]).toISOString()
  return { ...filter, ...(from === undefined ? {} : { since: from }) }
}
