import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatCount, formatDuration } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Panel } from '../../ui/panel.tsx'
import { homeQueries, type Whose } from './home-queries.ts'
import { GROUPS, LATE_MS, lanesOf, type LaneQueue } from './queue-states.ts'

/** What waits, lane by lane. The age of the oldest that is due says whether a lane keeps up. */
export function QueueTable({ whose }: { readonly whose: Whose }) {
  const { api } = useSession()
  const queue = useQuery(homeQueries.queue(api, whose))
  return (
    <Panel
      title="Queue now"
      action={
        <Link to="/operations/queue" className={linkLook}>
          The queue
        </Link>
      }
    >
      <Loaded query={queue} label="the queue" rows={3}>
        {({ data, complete }) => (
          <>
            <DataTable
              label="Recipients that wait, by lane"
              rows={lanesOf(data, Date.now())}
              rowKey={({ lane }) => lane}
              columns={COLUMNS}
            />
            {!complete && (
              <p className="border-t border-line px-4 py-2 text-xs text-muted">
                The queue is too long to count at once: every number is the least that it can be.
              </p>
            )}
          </>
        )}
      </Loaded>
    </Panel>
  )
}

const COLUMNS: readonly Column<LaneQueue>[] = [
  { id: 'lane', header: 'Lane', cell: ({ lane }) => lane },
  ...GROUPS.map((group): Column<LaneQueue> => ({
    id: group,
    header: group,
    align: 'end',
    ...(group === 'planned' ? { hideBelow: 'sm' } : {}),
    cell: ({ counts }) =>
      counts[group] === 0 ? (
        <span className="text-muted">0</span>
      ) : (
        <b className="font-semibold">{formatCount(counts[group])}</b>
      ),
  })),
  {
    id: 'late',
    header: 'late by',
    align: 'end',
    hideBelow: 'sm',
    cell: ({ lateMs }) => (lateMs > LATE_MS ? formatDuration(lateMs) : <span className="text-muted">–</span>),
  },
]
