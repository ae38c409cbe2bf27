import { RECIPIENT_STATES, type RecipientState } from '../../api/types.ts'
import { oneOf } from '../../search-values.ts'

export const STORY_TABS = ['story', 'content', 'tracking', 'webhooks', 'json'] as const
export type StoryTab = (typeof STORY_TABS)[number]

/** What the address of one message may say: what of it is shown. */
export interface MessageSearch {
  readonly tab?: StoryTab
  /** Recipients in this state only. */
  readonly state?: RecipientState
  /** The timeline of this recipient only, by number. */
  readonly recipient?: number
  /** The timeline one recipient after the other. */
  readonly group?: 'recipient'
  /** Of the HTML. */
  readonly width?: 'phone'
  readonly scheme?: 'dark'
}

/** What it does not know is dropped: an old link still shows the message. */
export function parseMessageSearch(search: Record<string, unknown>): MessageSearch {
  const tab = oneOf(STORY_TABS, search['tab'])
  const state = oneOf(RECIPIENT_STATES, search['state'])
  const recipient = Number(search['recipient'])
  return {
    ...(tab === undefined || tab === 'story' ? {} : { tab }),
    ...(state === undefined ? {} : { state }),
    ...(Number.isInteger(recipient) && recipient >= 1 && recipient <= 1_000 ? { recipient } : {}),
    ...(search['group'] === 'recipient' ? { group: 'recipient' } : {}),
    ...(search['width'] === 'phone' ? { width: 'phone' } : {}),
    ...(search['scheme'] === 'dark' ? { scheme: 'dark' } : {}),
  }
}
