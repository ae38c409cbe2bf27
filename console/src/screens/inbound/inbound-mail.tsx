import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { InboundRoute, InboundRouteMail } from '@bulkhead/sdk'
import { formatBytes } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip, type Tone } from '../../ui/chip.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { FilterSelect } from '../../ui/filter-select.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing } from '../../ui/listing.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { inboundQueries } from './inbound-queries.ts'
import { MAIL_STATES, type InboundSearch } from './inbound-search.ts'

const TONES: Readonly<Record<InboundRouteMail['state'], Tone>> = {
  pending: 'info',
  delivered: 'ok',
  failed: 'bad',
  expired: 'warn',
}

/** What came for a route and what became of it. Nobody reads addresses or content here: they are sealed. */
export function InboundMail({
  route,
  state,
}: {
  readonly route: InboundRoute
  readonly state: InboundSearch['state']
}) {
  const { api } = useSession()
  const navigate = useNavigate()
  const query = useInfiniteQuery(inboundQueries.mail(api, route.id, state))
  return (
    <section className="rounded-lg border border-line bg-surface" aria-label="What came">
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2.5">
        <h2 className="mr-auto text-base font-semibold">What came</h2>
        <FilterSelect
          label="State"
          all="Every state"
          choices={MAIL_STATES}
          value={state}
          onChange={(chosen) =>
            void navigate({
              to: '/inbound',
              search: { id: route.id, ...(chosen === undefined ? {} : { state: chosen }) },
              replace: true,
            })
          }
        />
      </div>
      <Listing
        query={query}
        label="what came"
        empty={
          state === undefined ? (
            <Empty title="Nothing came yet">
              Once the MX record of {route.hostname} leads here, each mail stands here for seven days after it
              was settled.
            </Empty>
          ) : (
            <Empty title="No mail is in this state">
              <Link to="/inbound" search={{ id: route.id }} className={linkLook}>
                Show all
              </Link>
            </Empty>
          )
        }
      >
        {(rows) => (
          <DataTable
            label="What came"
            rows={rows}
            rowKey={(row) => row.id}
            columns={[
              { id: 'at', header: 'Came', cell: (row) => <Time at={row.receivedAt} /> },
              { id: 'state', header: 'State', cell: (row) => <MailState mail={row} /> },
              {
                id: 'answer',
                header: 'Answer',
                hideBelow: 'sm',
                cell: (row) => (
                  <span className={row.lastError === null ? '' : 'text-bad'} title={row.lastError ?? ''}>
                    {row.lastStatus ?? (row.lastError === null ? '–' : 'none')}
                  </span>
                ),
              },
              { id: 'tries', header: 'Tries', hideBelow: 'md', align: 'end', cell: (row) => row.attempts },
              {
                id: 'size',
                header: 'Size',
                hideBelow: 'md',
                align: 'end',
                cell: (row) => formatBytes(row.sizeBytes),
              },
              {
                id: 'again',
                header: '',
                align: 'end',
                cell: (row) => (row.state === 'failed' ? <Again route={route} mail={row} /> : null),
              },
            ]}
          />
        )}
      </Listing>
    </section>
  )
}

function MailState({ mail }: { readonly mail: InboundRouteMail }) {
  const waits = mail.state === 'pending' && mail.attempts > 0
  return (
    <span className="inline-flex flex-wrap items-center gap-1.5">
      <Chip tone={waits ? 'warn' : TONES[mail.state]}>{waits ? 'tried again' : mail.state}</Chip>
      {waits && mail.nextAttemptAt !== null && (
        <span className="text-xs text-muted">
          <Time at={mail.nextAttemptAt} />
        </span>
      )}
      {mail.state === 'failed' && (
        <span className="text-xs text-muted">
          kept until <Time at={mail.expiresAt} />
        </span>
      )}
    </span>
  )
}

function Again({ route, mail }: { readonly route: InboundRoute; readonly mail: InboundRouteMail }) {
  const { api } = useSession()
  const mayNot = useAllowed('webhooks:write', 'write')
  const act = useAct(() => api.inboundRoutes.retryMail(route.id, mail.id), {
    done: 'It is posted again.',
    refresh: ['inbound-routes'],
  })
  return (
    <span className="inline-flex flex-col items-end gap-1">
      <Button
        className="h-7 px-2"
        onClick={() => void act.run()}
        disabled={act.isBusy}
        disabledReason={mayNot}
      >
        Post again
      </Button>
      {act.failure !== undefined && (
        <span role="alert" className="text-xs text-bad">
          {act.failure}
        </span>
      )}
    </span>
  )
}
