import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useSession } from '../../session/session.ts'
import { Chip } from '../../ui/chip.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { BounceIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { KIND_HINTS, KIND_TONES, KIND_WORDS, outcomeOf, reasonOf } from './bounce-words.ts'
import { bounceQueries } from './bounces-queries.ts'
import type { BouncesSearch } from './bounces-search.ts'
import { KindChoice } from './kind-choice.tsx'

/** Reports that came back after servers had taken the mail, the newest first. */
export function BounceList({ search }: { readonly search: BouncesSearch }) {
  const { api } = useSession()
  const query = useInfiniteQuery(bounceQueries.list(api, search.kind, search.message))
  const isFiltered = search.kind !== undefined || search.message !== undefined
  return (
    <Page
      title="Bounces"
      lead="What came back after a server had taken the mail: failures, complaints, replies of machines. Refusals in the dialogue itself stand in the story of their message."
      actions={<KindChoice search={search} />}
    >
      {search.message !== undefined && (
        <p className="text-sm">
          For the message <code>{search.message}</code>.{' '}
          <Link to="/bounces" className={linkLook}>
            Show all
          </Link>
        </p>
      )}
      <div className="rounded-lg border border-line bg-surface">
        <Listing
          query={query}
          label="bounces"
          empty={
            <Empty
              icon={<BounceIcon className="size-6" />}
              title={isFiltered ? 'Nothing matches' : 'Nothing came back'}
            >
              {isFiltered ? (
                <Link to="/bounces" className={linkLook}>
                  Clear the filters
                </Link>
              ) : (
                'Reports are taken in on the return-path domain. Each is tied to its message, judged, and kept as evidence.'
              )}
            </Empty>
          }
        >
          {(rows) => (
            <DataTable
              label="Bounces"
              rows={rows}
              rowKey={(row) => row.id}
              linkTo={(row) => ({ to: '/bounces', search: { ...search, id: row.id } })}
              columns={[
                { id: 'at', header: 'When', width: 'w-36', cell: (row) => <Time at={row.receivedAt} /> },
                {
                  id: 'kind',
                  header: 'Kind',
                  cell: (row) => (
                    <Chip tone={KIND_TONES[row.kind]} title={KIND_HINTS[row.kind]}>
                      {KIND_WORDS[row.kind]}
                    </Chip>
                  ),
                },
                { id: 'why', header: 'Why', hideBelow: 'sm', cell: (row) => reasonOf(row) },
                {
                  id: 'rule',
                  header: 'Rule',
                  hideBelow: 'lg',
                  cell: (row) => {
                    const rule = row.recipients.find(({ rule: one }) => one !== null)?.rule
                    return rule === undefined || rule === null ? '–' : <code className="text-xs">{rule}</code>
                  },
                },
                {
                  id: 'effect',
                  header: 'What came of it',
                  hideBelow: 'md',
                  cell: (row) => {
                    const { words, isSuppressed } = outcomeOf(row)
                    return isSuppressed ? <Chip tone="warn">{words}</Chip> : words
                  },
                },
              ]}
            />
          )}
        </Listing>
      </div>
    </Page>
  )
}
