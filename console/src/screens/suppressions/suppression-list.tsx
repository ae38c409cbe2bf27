import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { FilterSelect } from '../../ui/filter-select.tsx'
import { BanIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { SearchBox } from '../../ui/search-box.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { Explained } from './explained.tsx'
import { ExportSuppressions } from './export-suppressions.tsx'
import { SuppressionForm } from './suppression-form.tsx'
import { REASON_TONES, REASON_WORDS, SCOPE_WORDS } from './suppression-words.ts'
import { suppressionQueries } from './suppressions-queries.ts'
import { RANGES, REASONS, SCOPES, type SuppressionsSearch } from './suppressions-search.ts'

const NARROW = 'min-w-0 max-sm:flex-1'
const RANGE_WORDS = { '24h': 'the last day', '7d': 'seven days', '30d': '30 days' } as const

/** Addresses that are not mailed, the newest first; one address is found by its index, and explained. */
export function SuppressionList({ search }: { readonly search: SuppressionsSearch }) {
  const { api } = useSession()
  const navigate = useNavigate()
  const mayNot = useAllowed('suppressions:write', 'write')
  const { email, reason, scope, range } = search
  // An export is of many; one address has its page.
  const many = {
    ...(reason === undefined ? {} : { reason }),
    ...(scope === undefined ? {} : { scope }),
    ...(range === undefined ? {} : { range }),
  }
  const filter = { ...many, ...(email === undefined ? {} : { email }) }
  const isAddress = email !== undefined && /^\S+@\S+$/.test(email)
  const query = useInfiniteQuery({
    ...suppressionQueries.list(api, filter),
    enabled: email === undefined || isAddress,
  })
  const [open, setOpen] = useState<'add' | 'export'>()
  const change = useCallback(
    (next: SuppressionsSearch) => void navigate({ to: '/suppressions', search: next, replace: true }),
    [navigate],
  )
  const onSearch = useCallback(
    (text: string) => {
      const { email: _, ...others } = search
      change(text.trim() === '' ? others : { ...others, email: text.trim() })
    },
    [search, change],
  )
  const isFiltered = Object.keys(filter).length > 0
  return (
    <Page
      title="Suppressions"
      lead="Addresses that this workspace does not mail. They are looked at when a message is taken in and again when it leaves."
      actions={
        <>
          <Button onClick={() => setOpen('export')}>Export …</Button>
          <Button onClick={() => void navigate({ to: '/suppressions', search: { view: 'imports' } })}>
            Imports
          </Button>
          <Button look="main" onClick={() => setOpen('add')} disabledReason={mayNot}>
            Suppress an address
          </Button>
        </>
      }
    >
      <div className="flex flex-wrap items-center gap-2">
        <div className="flex min-w-0 flex-1 basis-64 max-sm:basis-full">
          <SearchBox
            value={email ?? ''}
            onSearch={onSearch}
            label="Find an address"
            placeholder="Why does this address get no mail? ann@example.com"
            hotkey
          />
        </div>
        <FilterSelect
          label="Reason"
          all="Every reason"
          choices={REASONS}
          words={(name) => REASON_WORDS[name]}
          value={reason}
          onChange={(chosen) => {
            const { reason: _, ...others } = search
            change(chosen === undefined ? others : { ...others, reason: chosen })
          }}
          className={NARROW}
        />
        <FilterSelect
          label="Stops"
          all="All and bulk"
          choices={SCOPES}
          words={(name) => SCOPE_WORDS[name]}
          value={scope}
          onChange={(chosen) => {
            const { scope: _, ...others } = search
            change(chosen === undefined ? others : { ...others, scope: chosen })
          }}
          className={NARROW}
        />
        <FilterSelect
          label="Time"
          all="Since ever"
          choices={RANGES}
          words={(name) => RANGE_WORDS[name]}
          value={range}
          onChange={(chosen) => {
            const { range: _, ...others } = search
            change(chosen === undefined ? others : { ...others, range: chosen })
          }}
          className={NARROW}
        />
      </div>
      {isAddress && <Explained email={email} />}
      {email !== undefined && !isAddress ? (
        <p className="text-sm text-muted">
          Write the whole address. The list is kept sealed, so that parts of addresses cannot be searched.
        </p>
      ) : (
        <div className="rounded-lg border border-line bg-surface">
          <Listing
            query={query}
            label="suppressions"
            empty={
              isFiltered ? (
                <Empty title="No entry matches">
                  <Link to="/suppressions" className={linkLook}>
                    Clear the filters
                  </Link>
                </Empty>
              ) : (
                <Empty icon={<BanIcon className="size-6" />} title="Nobody is suppressed">
                  Hard bounces, complaints and unsubscribes are put here by themselves. Bring the list of your
                  last provider with an{' '}
                  <Link to="/suppressions" search={{ view: 'import' }} className={linkLook}>
                    import
                  </Link>
                  .
                </Empty>
              )
            }
          >
            {(rows) => (
              <DataTable
                label="Suppressions"
                rows={rows}
                rowKey={(row) => row.id}
                linkTo={(row) => ({ to: '/suppressions', search: { id: row.id } })}
                columns={[
                  {
                    id: 'email',
                    header: 'Address',
                    cell: (row) => (
                      <span className="break-all">{row.email ?? <i className="text-muted">erased</i>}</span>
                    ),
                  },
                  {
                    id: 'reason',
                    header: 'Reason',
                    cell: (row) => <Chip tone={REASON_TONES[row.reason]}>{REASON_WORDS[row.reason]}</Chip>,
                  },
                  { id: 'scope', header: 'Stops', hideBelow: 'sm', cell: (row) => SCOPE_WORDS[row.scope] },
                  {
                    id: 'origin',
                    header: 'From',
                    hideBelow: 'md',
                    cell: (row) =>
                      row.importId === null
                        ? row.messageId === null
                          ? (row.note ?? '–')
                          : 'a message'
                        : 'an import',
                  },
                  {
                    id: 'since',
                    header: 'Since',
                    hideBelow: 'sm',
                    cell: (row) => <Time at={row.createdAt} />,
                  },
                  {
                    id: 'ends',
                    header: 'Ends',
                    hideBelow: 'md',
                    cell: (row) =>
                      row.expiresAt === null ? (
                        <span className="text-muted">never</span>
                      ) : (
                        <Time at={row.expiresAt} />
                      ),
                  },
                ]}
              />
            )}
          </Listing>
        </div>
      )}
      {open === 'add' && (
        <SuppressionForm {...(email === undefined ? {} : { email })} onClose={() => setOpen(undefined)} />
      )}
      {open === 'export' && <ExportSuppressions filter={many} onClose={() => setOpen(undefined)} />}
    </Page>
  )
}
