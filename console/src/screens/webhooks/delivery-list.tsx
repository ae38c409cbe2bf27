import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { formatDuration } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { DataTable } from '../../ui/data-table.tsx'
import { FilterSelect } from '../../ui/filter-select.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing } from '../../ui/listing.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { DeliveryState } from './webhook-state.tsx'
import { webhookQueries } from './webhooks-queries.ts'
import { DELIVERY_STATES, DELIVERY_TYPES, RANGES, type WebhookSearch } from './webhooks-search.ts'

const RANGE_WORDS = { '1h': 'the last hour', '24h': 'the last day', '7d': 'seven days' } as const
const NARROW = 'min-w-0 max-sm:flex-1'

/** What was sent to an endpoint, the newest first; the filters stand in the address. */
export function DeliveryList({
  webhookId,
  search,
}: {
  readonly webhookId: string
  readonly search: WebhookSearch
}) {
  const { api } = useSession()
  const navigate = useNavigate()
  const query = useInfiniteQuery(webhookQueries.deliveries(api, webhookId, search))
  const change = (next: WebhookSearch): void =>
    void navigate({ to: '/webhooks/$webhookId', params: { webhookId }, search: next, replace: true })
  const { state, type, range, ...rest } = search
  const isFiltered = state !== undefined || type !== undefined || range !== undefined
  return (
    <section className="rounded-lg border border-line bg-surface" aria-label="Deliveries">
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2.5">
        <h2 className="mr-auto text-base font-semibold max-sm:basis-full">Deliveries</h2>
        <FilterSelect
          label="State"
          all="Every state"
          choices={DELIVERY_STATES}
          value={state}
          onChange={(chosen) => {
            const { state: _, ...others } = search
            change(chosen === undefined ? others : { ...others, state: chosen })
          }}
          className={NARROW}
        />
        <FilterSelect
          label="Event"
          all="Every event"
          choices={DELIVERY_TYPES}
          value={type}
          onChange={(chosen) => {
            const { type: _, ...others } = search
            change(chosen === undefined ? others : { ...others, type: chosen })
          }}
          className={NARROW}
        />
        <FilterSelect
          label="Time"
          all="All that is kept"
          choices={RANGES}
          words={(name) => RANGE_WORDS[name]}
          value={range}
          onChange={(chosen) => {
            const { range: _, ...others } = search
            change(chosen === undefined ? others : { ...others, range: chosen })
          }}
          className={NARROW}
        />
      </div>
      <Listing
        query={query}
        label="deliveries"
        empty={
          <Empty title={isFiltered ? 'No delivery matches' : 'Nothing was delivered yet'}>
            {isFiltered ? (
              <Link to="/webhooks/$webhookId" params={{ webhookId }} search={rest} className={linkLook}>
                Clear the filters
              </Link>
            ) : (
              'Events are kept for seven days. Send a test event to see one.'
            )}
          </Empty>
        }
      >
        {(rows) => (
          <DataTable
            label="Deliveries"
            rows={rows}
            rowKey={(row) => row.id}
            linkTo={(row) => ({
              to: '/webhooks/$webhookId',
              params: { webhookId },
              search: { ...search, delivery: row.id },
            })}
            columns={[
              {
                id: 'type',
                header: 'Event',
                cell: (row) => <span className="font-mono text-xs">{row.type}</span>,
              },
              { id: 'state', header: 'State', cell: (row) => <DeliveryState delivery={row} /> },
              {
                id: 'answer',
                header: 'Answer',
                hideBelow: 'sm',
                cell: (row) => (
                  <span className={row.lastError === null ? '' : 'text-bad'} title={row.lastError ?? ''}>
                    {row.lastStatus ?? (row.lastError === null ? '–' : 'none')}
                  </span>
                ),
              },
              {
                id: 'took',
                header: 'Took',
                hideBelow: 'sm',
                align: 'end',
                cell: (row) => (row.durationMs === null ? '–' : formatDuration(row.durationMs)),
              },
              { id: 'tries', header: 'Tries', hideBelow: 'md', align: 'end', cell: (row) => row.attempts },
              { id: 'at', header: 'When', hideBelow: 'sm', cell: (row) => <Time at={row.createdAt} /> },
            ]}
          />
        )}
      </Listing>
    </section>
  )
}
