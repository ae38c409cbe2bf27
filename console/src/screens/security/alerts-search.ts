import { oneOf, textOf } from '../../search-values.ts'

export const SEVERITIES = ['critical', 'high', 'medium'] as const

/** What the address of the alerts says: whether seen ones are shown too, how grave, and which is open. */
export interface AlertsSearch {
  readonly state?: 'all'
  readonly severity?: (typeof SEVERITIES)[number]
  readonly alert?: string
}

export function parseAlertsSearch(search: Record<string, unknown>): AlertsSearch {
  const state = oneOf(['all'] as const, search['state'])
  const severity = oneOf(SEVERITIES, search['severity'])
  const alert = textOf(search['alert'])
  return {
    ...(state === undefined ? {} : { state }),
    ...(severity === undefined ? {} : { severity }),
    ...(alert === undefined ? {} : { alert }),
  }
}
