import { oneOf, textOf } from '../../search-values.ts'

/** Of the list. */
export interface TemplatesSearch {
  readonly search?: string
  readonly deleted?: 'true'
}

export function parseTemplatesSearch(search: Record<string, unknown>): TemplatesSearch {
  const text = textOf(search['search'])
  const isDeleted = String(search['deleted']) === 'true'
  return { ...(text === undefined ? {} : { search: text }), ...(isDeleted ? { deleted: 'true' } : {}) }
}

export const TEMPLATE_TABS = ['edit', 'versions', 'use'] as const
export type TemplateTab = (typeof TEMPLATE_TABS)[number]

/** Of one template: the tab, the version that is open, and the older one that it is compared with. */
export interface TemplateSearch {
  readonly tab?: TemplateTab
  readonly version?: number
  readonly against?: number
}

export function parseTemplateSearch(search: Record<string, unknown>): TemplateSearch {
  const tab = oneOf(TEMPLATE_TABS, search['tab'])
  const version = numberOf(search['version'])
  const against = numberOf(search['against'])
  return {
    ...(tab === undefined ? {} : { tab }),
    ...(version === undefined ? {} : { version }),
    ...(against === undefined ? {} : { against }),
  }
}

function numberOf(value: unknown): number | undefined {
  const number = Number(value ?? Number.NaN)
  return Number.isSafeInteger(number) && number > 0 ? number : undefined
}
