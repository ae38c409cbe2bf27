import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatBytes } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Chip } from '../../ui/chip.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { BounceIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { KIND_HINTS, KIND_TONES, KIND_WORDS } from './bounce-words.ts'
import { bounceQueries } from './bounces-queries.ts'
import type { BouncesSearch } from './bounces-search.ts'
import { KindChoice } from './kind-choice.tsx'
import { ReportSource } from './report-source.tsx'

/** Mail from outside that belongs to no workspace: to postmaster and abuse, and reports that match no message. */
export function Quarantine({ search }: { readonly search: BouncesSearch }) {
  const { api } = useSession()
  const query = useInfiniteQuery(bounceQueries.quarantine(api, search.kind))
  const { id } = search
  if (id !== undefined)
    return (
      <Page
        title="Mail in quarantine"
        width="reading"
        back={
          <Link to="/bounces" className={linkLook}>
            Quarantine
          </Link>
        }
      >
        <ReportSource name={`${id}.eml`} load={(signal) => api.quarantine.source(id, { signal })} />
      </Page>
    )
  return (
    <Page
      title="Quarantine"
      lead="Mail from outside that belongs to no workspace: to postmaster and abuse, and reports that match no message. Somebody should read it."
      actions={<KindChoice search={search} />}
    >
      <div className="rounded-lg border border-line bg-surface">
        <Listing
          query={query}
          label="the quarantine"
          empty={
            <Empty icon={<BounceIcon className="size-6" />} title="Nothing is in quarantine">
              What workspaces get back stands in their own lists.
            </Empty>
          }
        >
          {(rows) => (
            <DataTable
              label="Quarantine"
              rows={rows}
              rowKey={(row) => row.id}
              linkTo={(row) => ({ to: '/bounces', search: { ...search, id: row.id } })}
              columns={[
                { id: 'at', header: 'When', cell: (row) => <Time at={row.receivedAt} /> },
                {
                  id: 'kind',
                  header: 'Kind',
                  cell: (row) => (
                    <Chip tone={KIND_TONES[row.kind]} title={KIND_HINTS[row.kind]}>
                      {KIND_WORDS[row.kind]}
                    </Chip>
                  ),
                },
                { id: 'why', header: 'Why it is here', hideBelow: 'sm', cell: (row) => row.why ?? '–' },
                {
                  id: 'size',
                  header: 'Size',
                  hideBelow: 'md',
                  align: 'end',
                  cell: (row) => formatBytes(row.sizeBytes),
                },
              ]}
            />
          )}
        </Listing>
      </div>
    </Page>
  )
}
