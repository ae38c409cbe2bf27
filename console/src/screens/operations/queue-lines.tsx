import type { QueueGetOutput, QueueLine } from '@bulkhead/sdk'
import type { UseQueryResult } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { formatCount, formatDuration } from '../../format.ts'
import { useAccess } from '../../session/access.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { CheckIcon } from '../../ui/icons.tsx'
import { linkLook } from '../../ui/link.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import type { QueueSearch } from './operations-search.ts'
import { QueueLink } from './queue-link.tsx'
import { lineKey, plainKey, STATE_WORDS } from './queue-words.ts'
import type { ActFilter } from './use-preview.ts'
import { useTrend } from './use-trend.ts'

/** What waits, place by place, with why. */
export function QueueLines({
  queue,
  search,
  onAct,
  mayNot,
}: {
  readonly queue: UseQueryResult<QueueGetOutput>
  readonly search: QueueSearch
  readonly onAct: (filter: ActFilter) => void
  readonly mayNot: string | undefined
}) {
  const { acts: _acts, ...look } = search
  const trend = useTrend(queue.data?.lines, queue.dataUpdatedAt, JSON.stringify(look))
  const columns = useMemo(
    (): Column<QueueLine>[] => [
      { id: 'where', header: 'To', cell: (line) => <Where line={line} /> },
      {
        id: 'state',
        header: 'State',
        hideBelow: 'sm',
        cell: (line) => (
          <Chip tone={STATE_WORDS[line.state].tone} title={STATE_WORDS[line.state].means}>
            {STATE_WORDS[line.state].name}
          </Chip>
        ),
      },
      {
        id: 'waiting',
        header: 'Waiting',
        align: 'end',
        cell: (line) => <b className="font-semibold">{formatCount(line.recipients)}</b>,
      },
      {
        id: 'change',
        header: <span title="What came less what went, since you look">A minute</span>,
        align: 'end',
        hideBelow: 'md',
        cell: (line) => <Change perMinute={trend.get(lineKey(line))} />,
      },
      {
        id: 'oldest',
        header: 'Oldest',
        align: 'end',
        hideBelow: 'sm',
        cell: (line) => (
          <span title={line.oldestAcceptedAt}>
            {formatDuration(Math.max(0, Date.now() - Date.parse(line.oldestAcceptedAt)))}
          </span>
        ),
      },
      { id: 'why', header: 'Why', width: 'w-2/5', hideBelow: 'lg', cell: (line) => <Why line={line} /> },
      {
        id: 'act',
        header: <span className="sr-only">Act</span>,
        align: 'end',
        cell: (line) => (
          <Button
            className="h-7 px-2"
            disabledReason={mayNot}
            aria-label={`Act on ${line.lane} mail to ${line.provider ?? line.site ?? 'places not known yet'}`}
            onClick={() => onAct(filterOfLine(line))}
          >
            Act
          </Button>
        ),
      },
    ],
    [trend, mayNot, onAct],
  )
  return (
    <Loaded query={queue} label="what waits" rows={6}>
      {(data) => (
        <>
          <div className="overflow-x-auto">
            <DataTable
              rows={data.lines}
              columns={columns}
              rowKey={lineKey}
              label="What waits, by place and state"
              empty={<NothingWaits isFiltered={Object.keys(look).length > 0} />}
            />
          </div>
          {data.rest.lines > 0 && (
            <p className="border-t border-line px-4 py-2.5 text-xs text-muted">
              and {formatCount(data.rest.recipients)} more in {formatCount(data.rest.lines)} smaller lines.
              Filter by lane, site or provider to see them.
            </p>
          )}
        </>
      )}
    </Loaded>
  )
}

function NothingWaits({ isFiltered }: { readonly isFiltered: boolean }) {
  return (
    <Empty
      icon={<CheckIcon className="size-6" />}
      title={isFiltered ? 'Nothing waits that matches' : 'Nothing waits'}
    >
      {isFiltered
        ? 'Sites are matched by their whole name.'
        : 'Everything that was accepted has left. What is sent next shows up here for as long as it waits.'}
    </Empty>
  )
}

function Where({ line }: { readonly line: QueueLine }) {
  return (
    <div className="min-w-0">
      <div className="flex flex-wrap items-center gap-x-1.5">
        <span className="font-medium">
          {line.provider === null ? (
            <SiteLink site={line.site} />
          ) : (
            <QueueLink to={{ provider: line.provider }}>{line.provider}</QueueLink>
          )}
        </span>
        <span className="text-xs text-muted">{line.lane}</span>
      </div>
      <div className="text-xs break-all text-muted">
        {line.provider !== null && <SiteLink site={line.site} />}
        {line.pool !== 'default' && <span> from the pool {line.pool}</span>}
      </div>
    </div>
  )
}

function SiteLink({ site }: { readonly site: string | null }) {
  if (site === null) return <span className="text-muted">not known yet</span>
  return (
    <QueueLink to={{ site }} className="break-all">
      {site}
    </QueueLink>
  )
}

function Change({ perMinute }: { readonly perMinute: number | undefined }) {
  if (perMinute === undefined) return <span className="text-muted">…</span>
  if (perMinute === 0) return <span className="text-muted">0</span>
  return (
    <span className={perMinute < 0 ? 'text-ok' : 'text-warn'}>
      {perMinute < 0 ? '−' : '+'}
      {formatCount(Math.abs(perMinute))}
    </span>
  )
}

function Why({ line }: { readonly line: QueueLine }) {
  const { can } = useAccess()
  return (
    <div className="flex min-w-0 flex-col gap-0.5 text-xs">
      {line.why === null ? <span className="text-muted">–</span> : <span>{line.why}</span>}
      {line.heldBy?.until != null && (
        <span className="text-muted">
          until <Time at={line.heldBy.until} />
        </span>
      )}
      {line.overlays.map((overlay) => (
        <div key={overlay.id} className="text-muted">
          {overlay.kind === 'suspend'
            ? 'Suspended'
            : Object.entries(overlay.settings)
                .map(([key, value]) => `${plainKey(key)} ${String(value)}`)
                .join(', ')}{' '}
          by the rule {overlay.rule} until <Time at={overlay.until} />
          {overlay.reply !== null && <q className="block font-mono break-words text-ink">{overlay.reply}</q>}
        </div>
      ))}
      {line.limits.length > 0 && can('shaping:read') && (
        <Link to="/operations/shaping" search={{ view: 'limits' }} className={linkLook}>
          Limits
        </Link>
      )}
    </div>
  )
}

function filterOfLine(line: QueueLine): ActFilter {
  return {
    lane: line.lane,
    site: line.site ?? '',
    provider: '',
    pool: line.pool === 'default' ? '' : line.pool,
    tag: '',
    toDomain: '',
    fromDomain: '',
    reply: '',
  }
}
