import { textOf } from '../../search-values.ts'

/** Which rule is open. */
export interface WorkloadsSearch {
  readonly rule?: string
}

export function parseWorkloadsSearch(search: Record<string, unknown>): WorkloadsSearch {
  const rule = textOf(search['rule'])
  return rule === undefined ? {} : { rule }
}
