import { useInfiniteQuery } from '@tanstack/react-query'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { DataTable } from '../../ui/data-table.tsx'
import { ListIcon } from '../../ui/icons.tsx'
import { Listing } from '../../ui/listing.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { contactQueries } from './contacts-queries.ts'

/** The lists that broadcasts go to. */
export function ListsPart() {
  const { api } = useSession()
  const query = useInfiniteQuery(contactQueries.lists(api))
  return (
    <div className="rounded-lg border border-line bg-surface">
      <Listing
        query={query}
        label="lists"
        empty={
          <Empty icon={<ListIcon className="size-6" />} title="No lists yet">
            A broadcast goes to everybody on a list. Make one, and put contacts on it.
          </Empty>
        }
      >
        {(rows) => (
          <DataTable
            label="Lists"
            rows={rows}
            rowKey={(row) => row.id}
            linkTo={(row) => ({ to: '/contacts', search: { list: row.id } })}
            columns={[
              { id: 'name', header: 'Name', cell: (row) => row.name },
              {
                id: 'description',
                header: 'Description',
                hideBelow: 'md',
                cell: (row) => row.description ?? '–',
              },
              {
                id: 'contacts',
                header: 'Contacts',
                hideBelow: 'sm',
                align: 'end',
                cell: (row) => formatCount(row.contacts),
              },
              { id: 'at', header: 'Made', hideBelow: 'md', cell: (row) => <Time at={row.createdAt} /> },
            ]}
          />
        )}
      </Listing>
    </div>
  )
}
