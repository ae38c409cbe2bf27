import type { InstallationQueueGetOutput, QueueGetOutput } from '@bulkhead/sdk'
import { queryOptions } from '@tanstack/react-query'
import type { Api } from '../../api/client.ts'
import type { Period } from './home-search.ts'
import { rangesOf } from './period.ts'

const SECOND_MS = 1_000

/** Whose numbers: of the workspace, or with the operator's key of all together. */
export type Whose = 'workspace' | 'installation'

const ask = (api: Api, whose: Whose): Api['statistics']['get'] =>
  whose === 'workspace' ? api.statistics.get : api.installationStatistics.get

/** What is counted comes some seconds after the events that refresh a screen: it is asked again by itself as well. */
const FRESH = {
  refetchInterval: 10 * SECOND_MS,
  placeholderData: <Data>(before: Data): Data => before,
} as const

export const homeQueries = {
  /** By lane and where mail goes. */
  routes: (api: Api, whose: Whose, period: Period) =>
    queryOptions({
      queryKey: ['statistics', whose, 'routes', period],
      queryFn: ({ signal }) =>
        ask(api, whose)({ ...rangesOf(period, Date.now()).now, by: 'route' }, { signal }),
      ...FRESH,
    }),
  /** All together. */
  total: (api: Api, whose: Whose, period: Period) =>
    queryOptions({
      queryKey: ['statistics', whose, 'total', period],
      queryFn: ({ signal }) =>
        ask(api, whose)({ ...rangesOf(period, Date.now()).now, by: 'none' }, { signal }),
      ...FRESH,
    }),
  /** All together, in the same time before. */
  before: (api: Api, whose: Whose, period: Period) =>
    queryOptions({
      queryKey: ['statistics', whose, 'before', period],
      queryFn: ({ signal }) =>
        ask(api, whose)({ ...rangesOf(period, Date.now()).before, by: 'none' }, { signal }),
      refetchInterval: 60 * SECOND_MS,
    }),
  queue: (api: Api, whose: Whose) =>
    queryOptions({
      queryKey: whose === 'workspace' ? ['queue'] : ['queue', 'installation'],
      queryFn: ({ signal }): Promise<QueueGetOutput | InstallationQueueGetOutput> =>
        whose === 'workspace' ? api.queue.get({}, { signal }) : api.installationQueue.get({}, { signal }),
      refetchInterval: 10 * SECOND_MS,
    }),
  pauses: (api: Api, whose: Whose) =>
    queryOptions({
      queryKey: ['queue', 'acts', whose, 'standing'],
      queryFn: ({ signal }) =>
        whose === 'workspace'
          ? api.queueActs.list({ state: 'open', limit: 100 }, { signal })
          : api.installationQueueActs.list({ state: 'open', limit: 100 }, { signal }),
      refetchInterval: 30 * SECOND_MS,
    }),
  alarms: (api: Api, whose: Whose) =>
    queryOptions({
      queryKey: ['alerts', whose, 'home'],
      queryFn: ({ signal }) =>
        whose === 'workspace'
          ? api.alerts.list({ state: 'open', limit: 100 }, { signal })
          : api.alerts.listInstallation({ state: 'open', limit: 100 }, { signal }),
      refetchInterval: 30 * SECOND_MS,
    }),
  changes: (api: Api) =>
    queryOptions({
      queryKey: ['changes', 'home'],
      queryFn: ({ signal }) => api.changes.list({ limit: 100 }, { signal }),
      refetchInterval: 30 * SECOND_MS,
    }),
  recoveries: (api: Api, whose: Whose) =>
    queryOptions({
      queryKey: ['recoveries', whose, 'home'],
      queryFn: ({ signal }) =>
        whose === 'workspace' ? api.recoveries.list({ signal }) : api.people.recoveries({ signal }),
      refetchInterval: 60 * SECOND_MS,
    }),
  domains: (api: Api) =>
    queryOptions({
      queryKey: ['domains', 'home'],
      queryFn: ({ signal }) => api.domains.list({ limit: 100 }, { signal }),
      refetchInterval: 60 * SECOND_MS,
    }),
} as const
