import { oneOf } from '../../search-values.ts'

export const PERIODS = ['1h', '24h', '7d', '30d'] as const
export type Period = (typeof PERIODS)[number]

/** How far back Home looks, as it stands in the address; a day where it says nothing. */
export interface HomeSearch {
  readonly period?: Period
}

export function parseHomeSearch(search: Record<string, unknown>): HomeSearch {
  const period = oneOf(PERIODS, search['period'])
  return period === undefined || period === '24h' ? {} : { period }
}
