import {
  LANES,
  RECIPIENT_STATES,
  type Lane,
  type MessageFilter,
  type RecipientState,
} from '../../api/types.ts'
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
  readonly range?: Range
}

/** Reads the query of the address. What is not a filter is dropped: an old link still shows a list. */
export function parseMessagesSearch(search: Record<string, unknown>): MessagesSearch {
  const state = oneOf(RECIPIENT_STATES, search['state'])
  const lane = oneOf(LANES, search['lane'])
  const range = oneOf(RANGES, search['range'])
  const tag = textOf(search['tag'])
  const recipient = textOf(search['recipient'])
  return {
    ...(state === undefined ? {} : { state }),
    ...(lane === undefined ? {} : { lane }),
    ...(tag === undefined ? {} : { tag }),
    ...(recipient === undefined ? {} : { recipient }),
    ...(range === undefined ? {} : { range }),
  }
}

export function filterOf({ range: _range, ...filter }: MessagesSearch): MessageFilter {
  return filter
}
