import { CHOICES } from '@bulkhead/sdk'
import { oneOf, textOf } from '../../search-values.ts'

export const MAIL_STATES = CHOICES['inboundRoutes.mail'].state

/** What the address of the inbound routes may say. */
export interface InboundSearch {
  /** The one that is looked at. */
  readonly id?: string
  /** Its mail in this state only. */
  readonly state?: (typeof MAIL_STATES)[number]
}

export function parseInboundSearch(search: Record<string, unknown>): InboundSearch {
  const id = textOf(search['id'])
  const state = oneOf(MAIL_STATES, search['state'])
  return { ...(id === undefined ? {} : { id }), ...(state === undefined ? {} : { state }) }
}
