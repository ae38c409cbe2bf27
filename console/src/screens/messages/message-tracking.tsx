import { useQuery } from '@tanstack/react-query'
import type { MessageTracking as Tracked } from '@bulkhead/sdk'
import type { Message } from '../../api/types.ts'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { DataTable } from '../../ui/data-table.tsx'
import { LinkIcon } from '../../ui/icons.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { messagesQueries } from './messages-queries.ts'

type Row = Tracked['data'][number]

/** Who opened a message and followed its links: people apart from the programs that look before them. */
export function MessageTrackingTable({ message }: { readonly message: Message }) {
  const { api } = useSession()
  const tracked = useQuery(messagesQueries.tracking(api, message.id))
  return (
    <Loaded query={tracked} label="what was tracked">
      {({ data }) => (
        <>
          <DataTable<Row>
            rows={data}
            label="Opens and clicks"
            rowKey={(row) => `${row.kind}/${row.link ?? ''}/${row.recipient ?? ''}`}
            empty={
              <Empty icon={<LinkIcon className="size-6" />} title="Nothing was fetched">
                {message.sensitive
                  ? 'Sensitive messages are never tracked.'
                  : 'Nobody opened it or followed a link, or it is not tracked. Opens are counted only where a reader loads images.'}
              </Empty>
            }
            columns={[
              { id: 'what', header: 'What', cell: (row) => whatOf(row, message) },
              { id: 'person', header: 'People', align: 'end', cell: (row) => count(row, 'person') },
              {
                id: 'programs',
                header: 'Proxies, scanners',
                align: 'end',
                hideBelow: 'sm',
                cell: (row) => formatCount((row.fetched.proxy ?? 0) + (row.fetched.scanner ?? 0)),
              },
              {
                id: 'unknown',
                header: 'Not certain',
                align: 'end',
                hideBelow: 'md',
                cell: (row) => count(row, 'unknown'),
              },
              { id: 'first', header: 'First', hideBelow: 'md', cell: (row) => <Time at={row.firstAt} /> },
              { id: 'last', header: 'Last', cell: (row) => <Time at={row.lastAt} /> },
            ]}
          />
          {data.length > 0 && (
            <p className="mt-2 text-xs text-muted">
              Proxies load images for readers, scanners follow links before mail is read: neither is a person.
            </p>
          )}
        </>
      )}
    </Loaded>
  )
}

function count(row: Row, by: keyof Row['fetched']): string {
  return formatCount(row.fetched[by] ?? 0)
}

function whatOf(row: Row, message: Message): string {
  const who = message.recipients.find(({ number }) => number === row.recipient)?.email
  const what = row.kind === 'open' ? 'Opened' : `Link ${(row.link ?? 0) + 1} clicked`
  return who === undefined ? what : `${what}: ${who}`
}
