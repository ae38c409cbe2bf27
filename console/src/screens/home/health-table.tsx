import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatCount, formatDuration, formatShare } from '../../format.ts'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Chip } from '../../ui/chip.tsx'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Panel } from '../../ui/panel.tsx'
import { HEALTH_TONES, healthRows, routeName, type HealthRow } from './health.ts'
import { homeQueries, type Whose } from './home-queries.ts'
import type { Period } from './home-search.ts'
import { Sparkline } from './sparkline.tsx'

/** Whether mail arrives, lane by lane and by where it goes. */
export function HealthTable({ whose, period }: { readonly whose: Whose; readonly period: Period }) {
  const { api } = useSession()
  const { containments } = useAccess()
  const routes = useQuery(homeQueries.routes(api, whose, period))
  const acts = useQuery(homeQueries.pauses(api, whose))
  return (
    <Panel
      title="Sending health"
      lead="Lane by lane, and where its mail goes. The state is that of the latest quarter of the time."
    >
      <Loaded query={routes} label="the health of sending">
        {({ series }) => (
          <DataTable
            label="Sending health by lane and route"
            rows={healthRows(series, { containments, acts: acts.data?.data ?? [] })}
            rowKey={(row) => `${row.lane} ${row.provider ?? ''}`}
            columns={columnsOf(whose)}
          />
        )}
      </Loaded>
    </Panel>
  )
}

function columnsOf(whose: Whose): readonly Column<HealthRow>[] {
  return [
    {
      id: 'route',
      header: 'Lane and route',
      width: 'w-1/2 sm:w-auto',
      cell: ({ lane, provider }) => (
        <>
          {whose === 'workspace' ? (
            <Link to="/messages" search={{ lane }} className="rounded hover:underline">
              {lane}
            </Link>
          ) : (
            lane
          )}
          <span className="font-normal text-muted"> → {routeName(provider)}</span>
        </>
      ),
    },
    {
      id: 'state',
      header: 'State',
      cell: ({ word, because }) => (
        <>
          <Chip tone={HEALTH_TONES[word]}>{word}</Chip>
          {word !== 'healthy' && word !== 'nothing sent' && (
            <span className="mt-0.5 block max-w-72 text-xs break-words text-muted">{because}</span>
          )}
        </>
      ),
    },
    {
      id: 'delivered',
      header: 'Delivered',
      align: 'end',
      cell: ({ series }) =>
        series === null ? (
          <None />
        ) : (
          <>
            {formatShare(series.rates.delivered)}
            <span className="block text-xs text-muted">{formatCount(series.totals.delivered)}</span>
          </>
        ),
    },
    {
      id: 'deferred',
      header: 'Deferred',
      align: 'end',
      hideBelow: 'sm',
      cell: ({ series }) =>
        series === null ? (
          <None />
        ) : (
          <>
            {formatShare(series.rates.deferred)}
            <span className="text-xs text-muted max-sm:ml-1 sm:block">
              of {formatCount(series.totals.attempts)}
            </span>
          </>
        ),
    },
    {
      id: 'p95',
      header: '95 % within',
      align: 'end',
      hideBelow: 'sm',
      cell: ({ series }) =>
        series === null || series.delivery.p95Ms === null ? <None /> : formatDuration(series.delivery.p95Ms),
    },
    {
      id: 'trend',
      header: 'Trend',
      hideBelow: 'md',
      cell: ({ series }) =>
        series === null ? (
          <None />
        ) : (
          <Sparkline
            values={series.points.delivered}
            bad={series.points.delivered.map(
              (_, place) => (series.points.bounced[place] ?? 0) + (series.points.deferred[place] ?? 0),
            )}
          />
        ),
    },
  ]
}

function None() {
  return <span className="text-muted">–</span>
}
