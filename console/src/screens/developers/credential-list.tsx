import type { UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { formatCount } from '../../format.ts'
import { Button } from '../../ui/button.tsx'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { useMay } from '../../ui/guard.tsx'
import { PlusIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Note } from '../../ui/note.tsx'
import { Page } from '../../ui/page.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import type { CredentialKind } from './credential-kinds.ts'
import { idleHint, stateOf, type Credential } from './credential-state.ts'
import { EndAll } from './end-all.tsx'
import { EndedAll } from './ended-all.tsx'
import { LastUse } from './last-use.tsx'
import { StateChip } from './state-chip.tsx'

/** The list of one kind of credential: those that work, or all that ever were. */
export function CredentialList<Row extends Credential>({
  kind,
  lead,
  query,
  showAll,
  columns,
  empty,
  more,
}: {
  readonly kind: CredentialKind
  readonly lead: ReactNode
  readonly query: UseQueryResult<{ readonly rows: Row[]; readonly isWhole: boolean }>
  readonly showAll: boolean
  /** What only this kind has, between the name and the last use. */
  readonly columns: readonly Column<Row>[]
  readonly empty: ReactNode
  /** Further acts of the page. */
  readonly more?: ReactNode
}) {
  const mayNot = useAllowed(kind.writeScope, 'credential')
  const mayNotKill = useMay('credentials:kill')
  const [isEnding, setIsEnding] = useState(false)
  const nowMs = Date.now()
  const all: readonly Column<Row>[] = [
    { id: 'name', header: 'Name', cell: (row) => row.name },
    ...columns,
    { id: 'bounds', header: 'Bounds', hideBelow: 'lg', cell: (row) => boundsInWords(row) },
    { id: 'used', header: 'Last use', hideBelow: 'md', cell: (row) => <LastUse credential={row} /> },
    {
      id: 'state',
      header: 'State',
      hideBelow: 'sm',
      cell: (row) => <StateChip credential={row} nowMs={nowMs} />,
    },
  ]
  return (
    <Page
      title={kind.many}
      lead={lead}
      actions={
        <>
          {more}
          <Button
            look="danger"
            onClick={() => setIsEnding(true)}
            disabled={!query.isSuccess}
            disabledReason={mayNotKill}
          >
            End all …
          </Button>
          {mayNot === undefined ? (
            <Link
              to={kind.path}
              search={{ view: 'new' }}
              className="inline-flex h-8 items-center gap-1.5 rounded-md bg-accent px-3 text-sm font-medium text-accent-ink hover:opacity-90"
            >
              <PlusIcon className="size-3.5" />
              New {kind.one}
            </Link>
          ) : (
            <Button look="main" disabledReason={mayNot}>
              New {kind.one}
            </Button>
          )}
        </>
      }
    >
      <Loaded query={query} label={kind.many}>
        {({ rows, isWhole }) => {
          const living = rows.filter((row) => stateOf(row, nowMs).isAlive)
          const idle = living.filter((row) => idleHint(row, nowMs) !== undefined)
          const shown = showAll ? rows : living
          if (rows.length === 0)
            return <div className="rounded-lg border border-line bg-surface">{empty}</div>
          return (
            <>
              {showAll && <EndedAll kind={kind} />}
              {idle.length > 0 && (
                <Note
                  tone="warn"
                  title={`${formatCount(idle.length)} seem${idle.length === 1 ? 's' : ''} forgotten`}
                >
                  Nobody has used {idle.length === 1 ? 'it' : 'them'} for a long time. What is revoked cannot
                  leak.
                </Note>
              )}
              <div className="rounded-lg border border-line bg-surface">
                <DataTable
                  label={kind.many}
                  rows={shown}
                  columns={all}
                  rowKey={(row) => row.id}
                  linkTo={(row) => ({ to: kind.path, search: { id: row.id } })}
                  empty={<p className="px-4 py-6 text-sm text-muted">None works any more.</p>}
                />
              </div>
              <p className="text-xs text-muted">
                {formatCount(living.length)} work, {formatCount(rows.length - living.length)} ended.{' '}
                {rows.length > living.length && (
                  <Link to={kind.path} search={showAll ? {} : { show: 'all' }} className={linkLook}>
                    {showAll ? 'Hide those that ended' : 'Show those that ended'}
                  </Link>
                )}
                {!isWhole && ' Older ones are not shown; bulkhead keys list --all has them.'}
              </p>
              {isEnding && (
                <EndAll kind={kind} credentials={rows} isWhole={isWhole} onClose={() => setIsEnding(false)} />
              )}
            </>
          )
        }}
      </Loaded>
    </Page>
  )
}

function boundsInWords({ allowedCidrs, allowedSenders }: Credential): ReactNode {
  const parts = [
    ...(allowedCidrs.length === 0 ? [] : [counted(allowedCidrs, 'networks')]),
    ...(allowedSenders.length === 0 ? [] : [counted(allowedSenders, 'senders')]),
  ]
  if (parts.length === 0) return <span className="text-muted">none</span>
  return <span title={[...allowedCidrs, ...allowedSenders].join('\n')}>{parts.join(' · ')}</span>
}

function counted(items: readonly string[], noun: string): string {
  const [only] = items
  return items.length === 1 && only !== undefined ? only : `${items.length} ${noun}`
}
