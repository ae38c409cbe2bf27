import { oneOf, textOf } from '../../search-values.ts'

export const TABS = ['html', 'text', 'source', 'headers', 'attachments', 'checks'] as const
export type MailTab = (typeof TABS)[number]

/** What the address says of the reading pane. Without a tab the mail decides: HTML where it has some. */
export interface InboxSearch {
  readonly q?: string
  readonly tab?: MailTab
  readonly width?: 'phone'
  readonly scheme?: 'dark'
}

export function parseInboxSearch(search: Record<string, unknown>): InboxSearch {
  const q = textOf(search['q'])
  const tab = oneOf(TABS, search['tab'])
  return {
    ...(q === undefined ? {} : { q }),
    ...(tab === undefined ? {} : { tab }),
    ...(search['width'] === 'phone' ? { width: 'phone' } : {}),
    ...(search['scheme'] === 'dark' ? { scheme: 'dark' } : {}),
  }
}
