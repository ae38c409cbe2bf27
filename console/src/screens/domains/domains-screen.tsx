import type { Domain } from '@bulkhead/sdk'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { Guard } from '../../ui/guard.tsx'
import { GlobeIcon, PlusIcon } from '../../ui/icons.tsx'
import { Listing } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { AddDomain } from './add-domain.tsx'
import { days, keyAge, missingOf } from './domain-records.ts'
import { DomainChip } from './domain-words.tsx'
import { domainQueries } from './domains-queries.ts'

const route = getRouteApi('/domains')

/** The domains that mail may be sent from, and what each of them lacks. */
export function DomainsScreen() {
  const { view } = route.useSearch()
  const navigate = route.useNavigate()
  const mayNot = useAllowed('domains:write', 'sender-change')
  return (
    <Page
      title="Domains"
      lead="Mail is sent from domains whose DNS names our keys. A subdomain is a domain of its own."
      actions={
        <Button
          look="main"
          disabledReason={mayNot}
          aria-expanded={view === 'new'}
          onClick={() => void navigate({ search: view === 'new' ? {} : { view: 'new' } })}
        >
          <PlusIcon className="size-3.5" />
          Add a domain
        </Button>
      }
    >
      <Guard scope="domains:read" what="the domains">
        {view === 'new' && <AddDomain onClose={() => void navigate({ search: {} })} />}
        <Domains />
      </Guard>
    </Page>
  )
}

function Domains() {
  const { api } = useSession()
  const query = useInfiniteQuery(domainQueries.list(api))
  return (
    <div className="rounded-lg border border-line bg-surface">
      <Listing
        query={query}
        label="the domains"
        empty={
          <Empty icon={<GlobeIcon className="size-6" />} title="No domain yet">
            Add the domain that stands behind the @ of your mail. You publish a few DNS records once; then
            receivers can tell your mail from that of others.
          </Empty>
        }
      >
        {(rows) => (
          <DataTable
            label="Domains"
            rows={rows}
            columns={COLUMNS}
            rowKey={(row) => row.id}
            linkTo={(row) => ({ to: '/domains/$domainId', params: { domainId: row.id }, search: {} })}
          />
        )}
      </Listing>
    </div>
  )
}

const COLUMNS: readonly Column<Domain>[] = [
  {
    id: 'name',
    header: 'Domain',
    cell: (row) => <span className="[overflow-wrap:anywhere]">{row.name}</span>,
  },
  { id: 'state', header: 'State', hideBelow: 'sm', cell: (row) => <DomainChip domain={row} /> },
  { id: 'missing', header: 'Records', hideBelow: 'sm', cell: (row) => <Missing domain={row} /> },
  { id: 'age', header: 'Keys', hideBelow: 'md', cell: (row) => <KeyAge domain={row} /> },
  {
    id: 'checked',
    header: 'Last check',
    hideBelow: 'md',
    cell: (row) => (row.checkedAt === null ? 'not yet' : <Time at={row.checkedAt} />),
  },
]

function Missing({ domain }: { readonly domain: Domain }) {
  const missing = missingOf(domain)
  const optional = domain.records.filter(
    ({ required, state, dkim }) =>
      !required && (dkim === null || dkim.state === 'active') && state !== 'ok' && state !== 'pending',
  )
  if (missing.length > 0)
    return (
      <span className="text-warn">
        {missing.length} {missing.length === 1 ? 'is' : 'are'} missing
      </span>
    )
  return optional.length === 0 ? (
    'all found'
  ) : (
    <span>
      found; {optional.length} optional {optional.length === 1 ? 'one' : 'ones'} missing
    </span>
  )
}

function KeyAge({ domain }: { readonly domain: Domain }) {
  const age = keyAge(domain)
  if (age === undefined) return '–'
  if (age.hint !== null) return <span className="text-warn">{days(age.days)} old, rotate</span>
  return age.days === 0 ? 'made today' : `${days(age.days)} old`
}
