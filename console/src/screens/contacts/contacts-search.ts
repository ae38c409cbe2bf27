import { CHOICES } from '@bulkhead/sdk'
import { oneOf, textOf } from '../../search-values.ts'

export const OPTED_OUT = CHOICES['contacts.list'].unsubscribed

/** What the address of contacts and lists may say. */
export interface ContactsSearch {
  readonly view?: 'lists'
  /** The contact that is looked at. */
  readonly id?: string
  /** The list that is looked at. */
  readonly list?: string
  /** Only those that are, or are not. */
  readonly unsubscribed?: (typeof OPTED_OUT)[number]
  /** Who has this address. */
  readonly email?: string
}

export function parseContactsSearch(search: Record<string, unknown>): ContactsSearch {
  const id = textOf(search['id'])
  const list = textOf(search['list'])
  const email = textOf(search['email'])
  const given = search['unsubscribed']
  const unsubscribed = oneOf(OPTED_OUT, typeof given === 'boolean' ? String(given) : given)
  return {
    ...(search['view'] === 'lists' ? { view: 'lists' } : {}),
    ...(id === undefined ? {} : { id }),
    ...(list === undefined ? {} : { list }),
    ...(unsubscribed === undefined ? {} : { unsubscribed }),
    ...(email === undefined ? {} : { email }),
  }
}
