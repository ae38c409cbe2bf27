import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { BulkheadError } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { FilterSelect } from '../../ui/filter-select.tsx'
import { ContactsIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing } from '../../ui/listing.tsx'
import { SearchBox } from '../../ui/search-box.tsx'
import { Empty, Failure, LoadingRows } from '../../ui/states.tsx'
import { contactQueries } from './contacts-queries.ts'
import { OPTED_OUT, type ContactsSearch } from './contacts-search.ts'
import { ContactsTable } from './contacts-table.tsx'

/** Everybody, the newest first, or whoever has one address. */
export function ContactsPart({ search }: { readonly search: ContactsSearch }) {
  const navigate = useNavigate()
  const { email, unsubscribed } = search
  const onSearch = useCallback(
    (text: string) => {
      const address = text.trim()
      void navigate({
        to: '/contacts',
        search: {
          ...(unsubscribed === undefined ? {} : { unsubscribed }),
          ...(address === '' ? {} : { email: address }),
        },
        replace: true,
      })
    },
    [navigate, unsubscribed],
  )
  return (
    <>
      <div className="flex flex-wrap gap-2">
        <div className="flex min-w-0 flex-1 basis-64 max-sm:basis-full">
          <SearchBox
            value={email ?? ''}
            onSearch={onSearch}
            label="Find a contact"
            placeholder="The whole address: ann@example.com"
            hotkey
          />
        </div>
        <FilterSelect
          label="Broadcasts"
          all="Unsubscribed or not"
          choices={OPTED_OUT}
          words={(choice) => (choice === 'true' ? 'unsubscribed' : 'get broadcasts')}
          value={unsubscribed}
          onChange={(chosen) =>
            void navigate({
              to: '/contacts',
              search: chosen === undefined ? {} : { unsubscribed: chosen },
              replace: true,
            })
          }
          className="min-w-0 max-sm:flex-1"
        />
      </div>
      <div className="rounded-lg border border-line bg-surface">
        {email === undefined ? (
          <Everybody {...(unsubscribed === undefined ? {} : { unsubscribed })} />
        ) : /^\S+@\S+$/.test(email) ? (
          <Whoever email={email} />
        ) : (
          <p className="p-4 text-sm text-muted">
            Write the whole address. Contacts are kept sealed, so that parts cannot be searched.
          </p>
        )}
      </div>
    </>
  )
}

function Everybody({ unsubscribed }: Pick<ContactsSearch, 'unsubscribed'>) {
  const { api } = useSession()
  const query = useInfiniteQuery(
    contactQueries.contacts(api, unsubscribed === undefined ? {} : { unsubscribed }),
  )
  return (
    <Listing
      query={query}
      label="contacts"
      empty={
        unsubscribed === undefined ? (
          <Empty icon={<ContactsIcon className="size-6" />} title="No contacts yet">
            Add people here, or by a program with <code>POST /v1/contacts</code>; then put them on a list, and
            a broadcast reaches everybody on it.
          </Empty>
        ) : (
          <Empty title="No contact matches">
            <Link to="/contacts" className={linkLook}>
              Clear the filter
            </Link>
          </Empty>
        )
      }
    >
      {(rows) => <ContactsTable rows={rows} />}
    </Listing>
  )
}

function Whoever({ email }: { readonly email: string }) {
  const { api } = useSession()
  const query = useQuery({ ...contactQueries.contact(api, email), retry: false })
  if (query.data !== undefined) return <ContactsTable rows={[query.data]} />
  if (query.isPending) return <LoadingRows rows={1} label="Looking for the contact" />
  if (query.error instanceof BulkheadError && query.error.status === 404)
    return (
      <Empty title="No contact has this address">
        <Link to="/contacts" className={linkLook}>
          Show all
        </Link>
      </Empty>
    )
  return <Failure error={query.error} onRetry={() => void query.refetch()} />
}
