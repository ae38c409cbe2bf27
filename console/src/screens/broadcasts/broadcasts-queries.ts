import { queryOptions } from '@tanstack/react-query'
import type { Broadcast } from '@bulkhead/sdk'
import type { Api } from '../../api/client.ts'
import { pagedOptions } from '../../api/paged.ts'
import type { BroadcastsSearch } from './broadcasts-search.ts'

/** While something moves it is asked again soon. */
const SOON_MS = 3_000
const LATER_MS = 15_000

/** Whether it goes on by itself. */
export function isMoving({ state }: Pick<Broadcast, 'state'>): boolean {
  return state === 'queued' || state === 'sending'
}

/** Reads of the screens of broadcasts. */
export const broadcastQueries = {
  list: (api: Api, state: BroadcastsSearch['state']) =>
    pagedOptions(
      ['broadcasts', 'list', state ?? null],
      (page, options) => api.broadcasts.list({ ...page, ...(state === undefined ? {} : { state }) }, options),
      { refetchInterval: LATER_MS },
    ),
  one: (api: Api, id: string) =>
    queryOptions({
      queryKey: ['broadcasts', 'one', id],
      queryFn: ({ signal }) => api.broadcasts.get(id, { signal }),
      refetchInterval: ({ state: { data } }) => (data !== undefined && isMoving(data) ? SOON_MS : LATER_MS),
    }),
  /** Reading addresses is counted: they are read when somebody asks, and again by themselves only when the broadcast is in another state. */
  members: (api: Api, broadcast: Pick<Broadcast, 'id' | 'state'>, state: BroadcastsSearch['member']) =>
    pagedOptions(
      ['broadcasts', 'members', broadcast.id, broadcast.state, state ?? null],
      (page, options) =>
        api.broadcasts.listRecipients(
          broadcast.id,
          { ...page, ...(state === undefined ? {} : { state }) },
          options,
        ),
      { staleTime: 60_000 },
    ),
} as const
