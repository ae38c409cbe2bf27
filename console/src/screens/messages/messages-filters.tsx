import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { queries } from '../../api/queries.ts'
import { LANES, RECIPIENT_STATES, type RecipientState } from '../../api/types.ts'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { cx } from '../../ui/cx.ts'
import { IconButton, LinkButton } from '../../ui/button.tsx'
import { useClock } from '../../ui/clock.tsx'
import { FilterSelect } from '../../ui/filter-select.tsx'
import { PauseIcon, PlayIcon } from '../../ui/icons.tsx'
import type { Words } from './message-words.ts'
import {
  filtersOf,
  parseMessagesSearch,
  RANGES,
  unfiltered,
  type MessagesSearch,
  type Range,
} from './messages-search.ts'
import { SearchWords } from './search-words.tsx'
import { TimeRange } from './time-range.tsx'

const RANGE_WORDS: Readonly<Record<Range, string>> = {
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
}

const TIMES = [...RANGES, 'own'] as const
const ZONES = ['utc'] as const
/** They share a line of their own where it is narrow. */
const NARROW = 'max-md:min-w-0 max-md:flex-1'

/** States that are offered even when nothing is in them. */
const COMMON: ReadonlySet<RecipientState> = new Set(['pending', 'delivered', 'bounced'])

/** What is searched for: words, lane, time, state; and how the list is shown. Everything stands in the address. */
export function MessagesFilters({ search }: { readonly search: MessagesSearch }) {
  const navigate = useNavigate()
  const { clock, choose } = useClock()
  const [isTiming, setIsTiming] = useState(false)
  const change = useCallback(
    (some: { readonly [Name in keyof MessagesSearch]?: string | undefined }) =>
      void navigate({
        to: '/messages',
        search: (before) => parseMessagesSearch({ ...before, ...some }),
        replace: true,
      }),
    [navigate],
  )
  const find = useCallback(
    ({ recipient, tag, state, lane }: Words) => change({ recipient, tag, state, lane }),
    [change],
  )
  const time = search.range ?? (search.since === undefined && search.until === undefined ? undefined : 'own')
  return (
    <div className="flex flex-col gap-2 border-b border-line bg-canvas px-3 py-2 sm:px-4">
      <div className="flex flex-wrap items-start gap-2">
        <SearchWords words={search} onSearch={find} />
        <FilterSelect
          label="Lane"
          all="All lanes"
          choices={LANES}
          value={search.lane}
          onChange={(lane) => change({ lane })}
          className={NARROW}
        />
        <FilterSelect
          label="Time"
          all="All time"
          choices={TIMES}
          words={(choice) =>
            choice !== 'own' ? RANGE_WORDS[choice] : time === 'own' ? ownWords(search) : 'Between…'
          }
          value={time}
          onChange={(range) =>
            range === 'own' ? setIsTiming(true) : change({ range, since: undefined, until: undefined })
          }
          className={NARROW}
        />
        {time === 'own' && (
          <LinkButton onClick={() => setIsTiming(true)} className="h-8 px-1 text-xs font-medium">
            Change
          </LinkButton>
        )}
        <FilterSelect
          label="Clock"
          all="Local time"
          choices={ZONES}
          words={(zone) => zone.toUpperCase()}
          value={clock === 'utc' ? clock : undefined}
          onChange={(zone) => choose(zone ?? 'local')}
          className={NARROW}
        />
        <IconButton
          label={search.tail === 'off' ? 'Let new messages slide in' : 'Stop new messages from sliding in'}
          aria-pressed={search.tail !== 'off'}
          onClick={() => change({ tail: search.tail === 'off' ? undefined : 'off' })}
        >
          {search.tail === 'off' ? <PlayIcon /> : <PauseIcon />}
        </IconButton>
      </div>
      <StateFilters search={search} />
      {isTiming && (
        <TimeRange
          since={search.since}
          until={search.until}
          clock={clock}
          onChoose={(since, until) => change({ range: undefined, since, until })}
          onClose={() => setIsTiming(false)}
        />
      )}
    </div>
  )
}

function ownWords({ since, until }: MessagesSearch): string {
  if (since === undefined) return `Before ${day(until ?? '')}`
  return until === undefined ? `Since ${day(since)}` : `${day(since)} – ${day(until)}`
}

/** The day of an instant, in UTC. */
function day(instant: string): string {
  return instant.slice(0, 10)
}

/** The states as chips with their counts over everything; a chip chosen again is released. */
function StateFilters({ search }: { readonly search: MessagesSearch }) {
  const { api } = useSession()
  const ledger = useQuery(queries.ledger(api))
  const states = RECIPIENT_STATES.filter(
    (state) => COMMON.has(state) || state === search.state || (ledger.data?.[state] ?? 0) > 0,
  )
  const { state: _state, ...others } = search
  return (
    <div role="group" aria-label="State of a recipient" className="flex flex-wrap gap-1.5">
      <StateFilter
        label="all"
        count={ledger.data?.accepted}
        chosen={search.state === undefined}
        search={others}
      />
      {states.map((state) => (
        <StateFilter
          key={state}
          label={state}
          count={ledger.data?.[state]}
          chosen={search.state === state}
          search={search.state === state ? others : { ...others, state }}
        />
      ))}
      {Object.keys(filtersOf(search)).length > 0 && (
        <Link
          to="/messages"
          search={unfiltered(search)}
          className="self-center rounded px-1.5 text-xs font-medium text-accent hover:underline"
        >
          Clear all filters
        </Link>
      )}
    </div>
  )
}

function StateFilter({
  label,
  count,
  chosen,
  search,
}: {
  readonly label: string
  readonly count: number | undefined
  readonly chosen: boolean
  readonly search: MessagesSearch
}) {
  return (
    <Link
      to="/messages"
      search={search}
      replace
      activeOptions={{ includeSearch: true, exact: true }}
      aria-current={chosen ? 'true' : undefined}
      className={cx(
        'inline-flex h-6 items-center gap-1.5 rounded-full border px-2.5 text-xs font-medium',
        chosen
          ? 'border-accent bg-accent-soft text-accent'
          : 'border-line-strong bg-surface text-muted hover:bg-raised hover:text-ink',
      )}
    >
      {label}
      {count !== undefined && <span className="tabular font-normal">{formatCount(count)}</span>}
    </Link>
  )
}
