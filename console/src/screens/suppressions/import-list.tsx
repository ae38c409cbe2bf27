import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { SuppressionImport } from '@bulkhead/sdk'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Chip } from '../../ui/chip.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { suppressionQueries } from './suppressions-queries.ts'

/** Imports of the last 90 days, the newest first. */
export function ImportList() {
  const { api } = useSession()
  const query = useInfiniteQuery(suppressionQueries.imports(api))
  return (
    <Page
      title="Imports"
      lead="Which files were brought onto the suppression list, and what was refused of them."
      back={
        <Link to="/suppressions" className={linkLook}>
          Suppressions
        </Link>
      }
      actions={
        <Link
          to="/suppressions"
          search={{ view: 'import' }}
          className="inline-flex h-8 items-center rounded-md bg-accent px-3 text-sm font-medium text-accent-ink hover:opacity-90"
        >
          Import a file
        </Link>
      }
    >
      <div className="rounded-lg border border-line bg-surface">
        <Listing
          query={query}
          label="imports"
          empty={
            <Empty title="Nothing was imported">
              Whoever changes the provider takes along who does not want mail:{' '}
              <Link to="/suppressions" search={{ view: 'import' }} className={linkLook}>
                import a file
              </Link>
              .
            </Empty>
          }
        >
          {(rows) => (
            <DataTable
              label="Imports"
              rows={rows}
              rowKey={(row) => row.id}
              linkTo={(row) => ({ to: '/suppressions', search: { view: 'imports', import: row.id } })}
              columns={[
                { id: 'at', header: 'When', cell: (row) => <Time at={row.createdAt} /> },
                { id: 'state', header: 'State', cell: (row) => <ImportState found={row} /> },
                {
                  id: 'lines',
                  header: 'Entries',
                  hideBelow: 'sm',
                  align: 'end',
                  cell: (row) => formatCount(row.entries),
                },
                { id: 'added', header: 'New', align: 'end', cell: (row) => formatCount(row.added) },
                {
                  id: 'unchanged',
                  header: 'Listed before',
                  hideBelow: 'md',
                  align: 'end',
                  cell: (row) => formatCount(row.unchanged),
                },
                {
                  id: 'refused',
                  header: 'Refused',
                  hideBelow: 'sm',
                  align: 'end',
                  cell: (row) => (
                    <span className={row.refused > 0 ? 'text-bad' : ''}>{formatCount(row.refused)}</span>
                  ),
                },
              ]}
            />
          )}
        </Listing>
      </div>
    </Page>
  )
}

export function ImportState({ found }: { readonly found: SuppressionImport }) {
  const tone = { open: 'warn', done: 'ok', cancelled: 'neutral' } as const
  const word = { open: 'broke off', done: 'done', cancelled: 'cancelled' } as const
  return (
    <span className="inline-flex flex-wrap gap-1.5">
      <Chip tone={tone[found.state]}>{word[found.state]}</Chip>
      {found.dryRun && <Chip title="Nothing was suppressed.">tried out</Chip>}
    </span>
  )
}
