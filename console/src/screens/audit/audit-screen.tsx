import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { DataTable } from '../../ui/data-table.tsx'
import { Guard } from '../../ui/guard.tsx'
import { ListIcon } from '../../ui/icons.tsx'
import { Listing } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { ActorName, actionWords } from './audit-words.tsx'
import { AuditEntryPanel } from './audit-entry-panel.tsx'
import { AuditExport } from './audit-export.tsx'
import { AuditFilters } from './audit-filters.tsx'
import { auditQueries } from './audit-queries.ts'
import { LogState } from './log-state.tsx'

/** Who did what, newest first, each act with a proof that a person checks in this browser. */
export function AuditScreen() {
  const { isOperator } = useAccess()
  return (
    <Page
      title="Audit log"
      lead={
        isOperator
          ? 'What was done to the installation: by staff, by the operator’s key, by the keyring. What happened in a workspace is read by its own members.'
          : 'Every act that changed something, and every time a process opened sealed data. Nobody can remove or alter an entry without its proof breaking.'
      }
      actions={isOperator ? undefined : <AuditExport />}
    >
      <Guard scope={['audit:read', 'installation-audit:read']} what="the audit log">
        {!isOperator && <LogState />}
        <Entries isOperator={isOperator} />
      </Guard>
    </Page>
  )
}

function Entries({ isOperator }: { readonly isOperator: boolean }) {
  const { api } = useSession()
  const search = useSearch({ from: '/security/audit' })
  const navigate = useNavigate({ from: '/security/audit' })
  const query = useInfiniteQuery(auditQueries.list(api, search, isOperator))
  const { entry: _entry, ...filters } = search
  const isFiltered = Object.keys(filters).length > 0
  const open = (entry: number | undefined): void =>
    void navigate({ search: { ...filters, ...(entry === undefined ? {} : { entry }) }, resetScroll: false })
  return (
    <section className="rounded-lg border border-line bg-surface" aria-label="Entries">
      <AuditFilters search={search} onChange={(next) => void navigate({ search: next })} />
      <Listing
        query={query}
        label="the audit log"
        empty={
          <Empty
            icon={<ListIcon className="size-6" />}
            title={isFiltered ? 'Nothing fits' : 'Nothing was recorded yet'}
          >
            {isFiltered
              ? 'No act has all of what you asked for. Take a filter away.'
              : 'The first act that changes something is the first entry.'}
          </Empty>
        }
      >
        {(rows) => (
          <DataTable
            label="Acts, newest first"
            rows={rows}
            rowKey={(row) => String(row.index)}
            isChosen={(row) => row.index === search.entry}
            onOpen={(row) => open(row.index === search.entry ? undefined : row.index)}
            columns={[
              {
                id: 'action',
                header: 'What',
                cell: (row) => (
                  <>
                    {actionWords(row.action)}{' '}
                    <code className="font-mono text-xs font-normal text-muted">{row.action}</code>
                  </>
                ),
              },
              { id: 'actor', header: 'Who', hideBelow: 'sm', cell: (row) => <ActorName actor={row.actor} /> },
              {
                id: 'target',
                header: 'On',
                hideBelow: 'md',
                cell: (row) => <code className="font-mono text-xs break-all">{row.target ?? ''}</code>,
              },
              {
                id: 'at',
                header: 'When',
                hideBelow: 'sm',
                align: 'end',
                cell: (row) => <Time at={row.at} className="whitespace-nowrap" />,
              },
            ]}
          />
        )}
      </Listing>
      {search.entry !== undefined && (
        <AuditEntryPanel
          key={search.entry}
          index={search.entry}
          listed={query.data?.pages.flatMap(({ data }) => data).find(({ index }) => index === search.entry)}
          isOperator={isOperator}
          onClose={() => open(undefined)}
        />
      )}
    </section>
  )
}
