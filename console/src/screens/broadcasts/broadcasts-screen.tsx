import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useSession } from '../../session/session.ts'
import { DataTable } from '../../ui/data-table.tsx'
import { FilterSelect } from '../../ui/filter-select.tsx'
import { Guard } from '../../ui/guard.tsx'
import { BroadcastIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { BroadcastPage } from './broadcast-page.tsx'
import { BroadcastState, progressInWords } from './broadcast-words.tsx'
import { broadcastQueries } from './broadcasts-queries.ts'
import { BROADCAST_STATES, type BroadcastsSearch } from './broadcasts-search.ts'

/** One mail to everybody on a list: all of them, or one and how far it is. */
export function BroadcastsScreen() {
  const { id, member, state } = useSearch({ from: '/broadcasts' })
  return (
    <Guard scope="broadcasts:read" what="the broadcasts" title="Broadcasts">
      {id === undefined ? <Broadcasts state={state} /> : <BroadcastPage key={id} id={id} member={member} />}
    </Guard>
  )
}

function Broadcasts({ state }: { readonly state: BroadcastsSearch['state'] }) {
  const { api } = useSession()
  const navigate = useNavigate()
  const query = useInfiniteQuery(broadcastQueries.list(api, state))
  return (
    <Page
      title="Broadcasts"
      lead="One mail to everybody on a list. Who unsubscribed or is suppressed gets none; nobody gets two."
      actions={
        <FilterSelect
          label="State"
          all="Every state"
          choices={BROADCAST_STATES}
          value={state}
          onChange={(chosen) =>
            void navigate({
              to: '/broadcasts',
              search: chosen === undefined ? {} : { state: chosen },
              replace: true,
            })
          }
        />
      }
    >
      <div className="rounded-lg border border-line bg-surface">
        <Listing
          query={query}
          label="broadcasts"
          empty={
            state === undefined ? (
              <Empty icon={<BroadcastIcon className="size-6" />} title="No broadcasts yet">
                Write one with <code>bulkhead broadcasts create</code> or by a program, to a list under{' '}
                <Link to="/contacts" search={{ view: 'lists' }} className={linkLook}>
                  Contacts
                </Link>
                ; send, watch and cancel it here.
              </Empty>
            ) : (
              <Empty title="None is in this state">
                <Link to="/broadcasts" className={linkLook}>
                  Show all
                </Link>
              </Empty>
            )
          }
        >
          {(rows) => (
            <DataTable
              label="Broadcasts"
              rows={rows}
              rowKey={(row) => row.id}
              linkTo={(row) => ({ to: '/broadcasts', search: { id: row.id } })}
              columns={[
                {
                  id: 'name',
                  header: 'Name',
                  cell: (row) => (
                    <>
                      {row.name}
                      <span className="block text-xs font-normal text-muted">{row.subject}</span>
                    </>
                  ),
                },
                {
                  id: 'state',
                  header: 'State',
                  hideBelow: 'sm',
                  cell: (row) => <BroadcastState broadcast={row} />,
                },
                {
                  id: 'sent',
                  header: 'Sent',
                  hideBelow: 'sm',
                  align: 'end',
                  cell: (row) => progressInWords(row),
                },
                {
                  id: 'at',
                  header: 'When',
                  hideBelow: 'md',
                  cell: (row) => (
                    <Time at={row.finishedAt ?? row.queuedAt ?? row.scheduledAt ?? row.updatedAt} />
                  ),
                },
              ]}
            />
          )}
        </Listing>
      </div>
    </Page>
  )
}
