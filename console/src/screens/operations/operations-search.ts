import { LANES, type Lane } from '../../api/types.ts'
import { oneOf, textOf } from '../../search-values.ts'

export const QUEUE_STATES = [
  'ready',
  'line',
  'deferred',
  'scheduled',
  'in flight',
  'held',
  'contained',
] as const
export type QueueState = (typeof QUEUE_STATES)[number]

/** Which part of the queue is shown, as it stands in the address. */
export interface QueueSearch {
  readonly lane?: Lane
  readonly state?: QueueState
  readonly site?: string
  readonly provider?: string
  readonly pool?: string
  /** `all`: also acts that have ended. */
  readonly acts?: 'all'
}

export function parseQueueSearch(search: Record<string, unknown>): QueueSearch {
  const lane = oneOf(LANES, search['lane'])
  const state = oneOf(QUEUE_STATES, search['state'])
  const site = textOf(search['site'])
  const provider = textOf(search['provider'])
  const pool = textOf(search['pool'])
  return {
    ...(lane === undefined ? {} : { lane }),
    ...(state === undefined ? {} : { state }),
    ...(site === undefined ? {} : { site }),
    ...(provider === undefined ? {} : { provider }),
    ...(pool === undefined ? {} : { pool }),
    ...(search['acts'] === 'all' ? { acts: 'all' } : {}),
  }
}

export const SHAPING_VIEWS = ['overlays', 'limits', 'rules'] as const
export type ShapingView = (typeof SHAPING_VIEWS)[number]

export interface ShapingSearch {
  readonly view?: ShapingView
  readonly domain?: string
  readonly source?: string
  /** Also what is over. */
  readonly ended?: true
}

export function parseShapingSearch(search: Record<string, unknown>): ShapingSearch {
  const view = oneOf(SHAPING_VIEWS, search['view'])
  const domain = textOf(search['domain'])
  const source = textOf(search['source'])
  return {
    ...(view === undefined ? {} : { view }),
    ...(domain === undefined ? {} : { domain }),
    ...(source === undefined ? {} : { source }),
    ...(search['ended'] === true || search['ended'] === 'true' ? { ended: true as const } : {}),
  }
}

export const TRANSPORT_VIEWS = ['now', 'policies', 'received', 'sent'] as const
export type TransportView = (typeof TRANSPORT_VIEWS)[number]

export interface TransportSearch {
  readonly view?: TransportView
  /** Reports about this domain only. */
  readonly domain?: string
}

export function parseTransportSearch(search: Record<string, unknown>): TransportSearch {
  const view = oneOf(TRANSPORT_VIEWS, search['view'])
  const domain = textOf(search['domain'])
  return { ...(view === undefined ? {} : { view }), ...(domain === undefined ? {} : { domain }) }
}

/** Of the operator: whose limits are shown. */
export interface QuotasSearch {
  readonly workspace?: string
}

export function parseQuotasSearch(search: Record<string, unknown>): QuotasSearch {
  const workspace = textOf(search['workspace'])
  return workspace === undefined ? {} : { workspace }
}
