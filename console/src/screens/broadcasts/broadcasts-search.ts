import { CHOICES } from '@bulkhead/sdk'
import { oneOf, textOf } from '../../search-values.ts'

export const BROADCAST_STATES = CHOICES['broadcasts.list'].state
export const MEMBER_STATES = CHOICES['broadcasts.listRecipients'].state

/** What the address of the broadcasts may say. */
export interface BroadcastsSearch {
  readonly state?: (typeof BROADCAST_STATES)[number]
  /** The one that is looked at. */
  readonly id?: string
  /** Of its members those in this state. */
  readonly member?: (typeof MEMBER_STATES)[number]
}

export function parseBroadcastsSearch(search: Record<string, unknown>): BroadcastsSearch {
  const state = oneOf(BROADCAST_STATES, search['state'])
  const id = textOf(search['id'])
  const member = oneOf(MEMBER_STATES, search['member'])
  return {
    ...(state === undefined ? {} : { state }),
    ...(id === undefined ? {} : { id }),
    ...(member === undefined ? {} : { member }),
  }
}
