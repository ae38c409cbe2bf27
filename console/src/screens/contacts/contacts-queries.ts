import { queryOptions } from '@tanstack/react-query'
import type { Api } from '../../api/client.ts'
import { pagedOptions } from '../../api/paged.ts'
import type { ContactsSearch } from './contacts-search.ts'

/** Contacts that are read are counted, at most 20,000 in an hour: what was read is not read again by itself. */
const READ_ONCE = { staleTime: 5 * 60_000 } as const

/** Reads of the screens of contacts and lists. */
export const contactQueries = {
  contacts: (api: Api, filter: { readonly listId?: string } & Pick<ContactsSearch, 'unsubscribed'>) =>
    pagedOptions(
      ['contacts', 'list', filter],
      (page, options) => api.contacts.list({ ...filter, ...page }, options),
      READ_ONCE,
    ),
  /** By id or by address. */
  contact: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['contacts', 'one', id],
      queryFn: ({ signal }) => api.contacts.get(id, { signal }),
      refetchOnWindowFocus: false,
      ...READ_ONCE,
    }),
  lists: (api: Api) => pagedOptions(['contacts', 'lists'], (page, options) => api.lists.list(page, options)),
  listsOf: (api: Api, contact: string) =>
    pagedOptions(['contacts', 'lists-of', contact], (page, options) =>
      api.lists.list({ ...page, contact }, options),
    ),
  list: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['contacts', 'one-list', id],
      queryFn: ({ signal }) => api.lists.get(id, { signal }),
    }),
} as const
