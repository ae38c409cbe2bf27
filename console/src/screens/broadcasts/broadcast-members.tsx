import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { BroadcastDetail, BroadcastRecipient } from '@bulkhead/sdk'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Chip, type Tone } from '../../ui/chip.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { FilterSelect } from '../../ui/filter-select.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing } from '../../ui/listing.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { broadcastQueries } from './broadcasts-queries.ts'
import { MEMBER_STATES, type BroadcastsSearch } from './broadcasts-search.ts'

const TONES: Readonly<Record<BroadcastRecipient['state'], Tone>> = {
  pending: 'info',
  sent: 'ok',
  skipped: 'neutral',
  suppressed: 'warn',
  failed: 'bad',
  cancelled: 'neutral',
}

/** Its members, each in one state; reading them counts as reading contacts. */
export function BroadcastMembers({
  broadcast,
  member,
}: {
  readonly broadcast: BroadcastDetail
  readonly member: BroadcastsSearch['member']
}) {
  const { can } = useAccess()
  const navigate = useNavigate()
  return (
    <section className="rounded-lg border border-line bg-surface" aria-label="Members">
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2.5">
        <h2 className="mr-auto text-base font-semibold">Members</h2>
        <FilterSelect
          label="State of members"
          all="Every state"
          choices={MEMBER_STATES}
          value={member}
          onChange={(chosen) =>
            void navigate({
              to: '/broadcasts',
              search: { id: broadcast.id, ...(chosen === undefined ? {} : { member: chosen }) },
              replace: true,
              resetScroll: false,
            })
          }
        />
      </div>
      {can('contacts:read') ? (
        <Members broadcast={broadcast} member={member} />
      ) : (
        <p className="p-4 text-sm text-muted">
          Who they are is seen with the scope contacts:read. The figures above are of all of them.
        </p>
      )}
    </section>
  )
}

function Members({
  broadcast,
  member,
}: {
  readonly broadcast: BroadcastDetail
  readonly member: BroadcastsSearch['member']
}) {
  const { api } = useSession()
  const query = useInfiniteQuery(broadcastQueries.members(api, broadcast, member))
  return (
    <Listing
      query={query}
      label="members"
      empty={<Empty title="Nobody is in this state">The list had nobody, or all are in another state.</Empty>}
    >
      {(rows) => (
        <DataTable
          label="Members"
          rows={rows}
          rowKey={(row) => row.contactId}
          columns={[
            {
              id: 'email',
              header: 'Address',
              cell: (row) => (
                <span className="break-all">{row.email ?? <i className="text-muted">deleted</i>}</span>
              ),
            },
            {
              id: 'state',
              header: 'State',
              cell: (row) => <Chip tone={TONES[row.state]}>{row.state}</Chip>,
            },
            { id: 'reason', header: 'Why', hideBelow: 'sm', cell: (row) => row.reason ?? '–' },
            {
              id: 'message',
              header: 'Message',
              hideBelow: 'md',
              cell: (row) =>
                row.messageId === null ? (
                  '–'
                ) : (
                  <Link to="/messages/$messageId" params={{ messageId: row.messageId }} className={linkLook}>
                    see it
                  </Link>
                ),
            },
            { id: 'at', header: 'Since', hideBelow: 'sm', cell: (row) => <Time at={row.at} /> },
          ]}
        />
      )}
    </Listing>
  )
}
