import { CHOICES } from '@bulkhead/sdk'
import { oneOf, textOf } from '../../search-values.ts'

export const KINDS = CHOICES['bounces.list'].kind
export type Kind = (typeof KINDS)[number]

/** What the address of the bounces may say. */
export interface BouncesSearch {
  readonly kind?: Kind
  /** Only what came back for this message. */
  readonly message?: string
  /** The one that is looked at. */
  readonly id?: string
}

export function parseBouncesSearch(search: Record<string, unknown>): BouncesSearch {
  const kind = oneOf(KINDS, search['kind'])
  const message = textOf(search['message'])
  const id = textOf(search['id'])
  return {
    ...(kind === undefined ? {} : { kind }),
    ...(message === undefined ? {} : { message }),
    ...(id === undefined ? {} : { id }),
  }
}
