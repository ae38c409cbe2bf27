import { useInfiniteQuery } from '@tanstack/react-query'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Chip } from '../../ui/chip.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Listing } from '../../ui/listing.tsx'
import { Empty } from '../../ui/states.tsx'
import { operationsQueries } from './operations-queries.ts'

/** Reports that this installation sent to others. */
export function TlsSent() {
  const { api } = useSession()
  const sent = useInfiniteQuery(operationsQueries.sent(api))
  return (
    <Listing
      query={sent}
      label="reports"
      empty={
        <Empty title="No report was sent yet">
          After each day, domains that publish an address for reports get one about our sessions with their
          servers.
        </Empty>
      }
    >
      {(rows) => (
        <div className="overflow-x-auto">
          <DataTable
            rows={rows}
            rowKey={(row) => `${row.domain} ${row.day}`}
            label="Reports to others"
            columns={[
              { id: 'domain', header: 'To', cell: (row) => <span className="break-all">{row.domain}</span> },
              { id: 'day', header: 'Day (UTC)', cell: (row) => row.day },
              {
                id: 'state',
                header: 'State',
                cell: (row) => (
                  <Chip tone={row.state === 'sent' ? 'ok' : 'bad'} title={row.error ?? row.state}>
                    {row.state}
                  </Chip>
                ),
              },
              {
                id: 'sessions',
                header: 'Sessions',
                align: 'end',
                hideBelow: 'sm',
                cell: (row) =>
                  row.successes === null ? '–' : formatCount(row.successes + (row.failures ?? 0)),
              },
              {
                id: 'failed',
                header: 'Failed',
                align: 'end',
                hideBelow: 'sm',
                cell: (row) => (row.failures === null ? '–' : formatCount(row.failures)),
              },
              {
                id: 'where',
                header: 'Where',
                hideBelow: 'lg',
                cell: (row) => (
                  <span className="text-xs break-all text-muted">
                    {row.error ?? row.endpoints.join(', ')}
                  </span>
                ),
              },
            ]}
          />
        </div>
      )}
    </Listing>
  )
}
