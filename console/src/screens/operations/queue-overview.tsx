import type { QueueGetOutput } from '@bulkhead/sdk'
import type { UseQueryResult } from '@tanstack/react-query'
import { LANES } from '../../api/types.ts'
import { formatCount } from '../../format.ts'
import { cx } from '../../ui/cx.ts'
import { Note } from '../../ui/note.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { QUEUE_STATES, type QueueSearch } from './operations-search.ts'
import { QueueLink } from './queue-link.tsx'
import { STATE_WORDS } from './queue-words.ts'

/** Lanes and states at a glance; each number is a filter. */
export function QueueOverview({
  queue,
  search,
}: {
  readonly queue: UseQueryResult<QueueGetOutput>
  readonly search: QueueSearch
}) {
  return (
    <section aria-label="By lane and state" className="rounded-lg border border-line bg-surface">
      <Loaded query={queue} label="the queue" rows={3}>
        {(data) => <Overview data={data} search={search} />}
      </Loaded>
    </section>
  )
}

function Overview({ data, search }: { readonly data: QueueGetOutput; readonly search: QueueSearch }) {
  const lanes = LANES.filter((lane) => lane !== 'internal' || data.data.some((row) => row.lane === lane))
  const states = QUEUE_STATES.filter(
    (state) => (state !== 'contained' && state !== 'line') || data.data.some((row) => row.state === state),
  )
  const of = (lane: string, state: string): number =>
    data.data.find((row) => row.lane === lane && row.state === state)?.recipients ?? 0
  return (
    <>
      <div className="overflow-x-auto">
        <table className="w-full text-sm">
          <caption className="sr-only">Recipients that wait, by lane and state</caption>
          <thead>
            <tr className="border-b border-line text-xs text-muted">
              <th scope="col" className="px-4 py-2 text-left font-medium">
                Lane
              </th>
              {states.map((state) => (
                <th
                  key={state}
                  scope="col"
                  title={STATE_WORDS[state].means}
                  className="px-2 py-2 text-right font-medium whitespace-nowrap last:pr-4"
                >
                  {STATE_WORDS[state].name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lanes.map((lane) => (
              <tr key={lane} className="border-b border-line last:border-b-0">
                <th scope="row" className="px-4 py-1.5 text-left font-medium">
                  <QueueLink to={{ lane }}>{lane}</QueueLink>
                </th>
                {states.map((state) => {
                  const count = of(lane, state)
                  const isChosen = search.lane === lane && search.state === state
                  return (
                    <td key={state} className="tabular px-2 py-1.5 text-right last:pr-4">
                      {count === 0 ? (
                        <span className="text-muted">0</span>
                      ) : (
                        <QueueLink
                          to={{ lane, state }}
                          label={`${count} ${lane} ${STATE_WORDS[state].name}`}
                          className={cx('font-semibold', isChosen && 'text-accent')}
                        >
                          {formatCount(count)}
                        </QueueLink>
                      )}
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {!data.complete && (
        <div className="border-t border-line p-3">
          <Note tone="warn">
            The queue is too long to count at once: every number is the least that it can be. Choose a lane or
            a site for exact ones.
          </Note>
        </div>
      )}
    </>
  )
}
