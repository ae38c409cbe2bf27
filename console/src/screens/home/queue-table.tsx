import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { queries } from '../../api/queries.ts'
import { LANES, type Lane, type QueueRow } from '../../api/types.ts'
import { formatCount, formatDuration } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Failure, LoadingRows } from '../../ui/states.tsx'

const STATES = ['pending', 'scheduled', 'held'] as const

/** What waits, lane by lane. The age of the oldest that is due says whether a lane keeps up. */
export function QueueTable() {
  const { api } = useSession()
  const queue = useQuery(queries.queue(api))
  if (queue.isPending) return <LoadingRows rows={3} label="Loading the queue" />
  if (queue.isError) return <Failure error={queue.error} onRetry={() => void queue.refetch()} />
  const lanes = LANES.filter(
    (lane) => lane !== 'internal' || queue.data.data.some((row) => row.lane === lane),
  )
  return (
    <div className="overflow-x-auto rounded-lg border border-line bg-surface">
      <table className="w-full table-fixed text-sm">
        <caption className="sr-only">Recipients that wait, by lane and state</caption>
        <thead>
          <tr className="border-b border-line text-xs text-muted">
            <th scope="col" className="px-3 py-2 text-left font-medium sm:px-4">
              Lane
            </th>
            {STATES.map((state) => (
              <th key={state} scope="col" className="px-2 py-2 text-right font-medium">
                {state}
              </th>
            ))}
            <th scope="col" className="px-3 py-2 text-right font-medium sm:px-4">
              late by
            </th>
          </tr>
        </thead>
        <tbody>
          {lanes.map((lane) => (
            <LaneRow key={lane} lane={lane} rows={queue.data.data.filter((row) => row.lane === lane)} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function LaneRow({ lane, rows }: { readonly lane: Lane; readonly rows: readonly QueueRow[] }) {
  const due = rows.find((row) => row.state === 'pending')?.oldestDue ?? null
  const lateMs = due === null ? 0 : Date.now() - Date.parse(due)
  return (
    <tr className="border-b border-line last:border-b-0">
      <th scope="row" className="px-3 py-2 text-left font-medium sm:px-4">
        <Link to="/messages" search={{ lane }} className="rounded hover:underline">
          {lane}
        </Link>
      </th>
      {STATES.map((state) => {
        const count = rows.find((row) => row.state === state)?.recipients ?? 0
        return (
          <td
            key={state}
            className={
              count === 0 ? 'tabular px-2 text-right text-muted' : 'tabular px-2 text-right font-semibold'
            }
          >
            {formatCount(count)}
          </td>
        )
      })}
      <td className="tabular px-3 text-right text-muted sm:px-4">
        {lateMs > 0 ? formatDuration(lateMs) : '–'}
      </td>
    </tr>
  )
}
