import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { queries } from '../../api/queries.ts'
import { LANES, RECIPIENT_STATES, type RecipientState } from '../../api/types.ts'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { cx } from '../../ui/cx.ts'
import { SearchBox } from '../../ui/search-box.tsx'
import { parseMessagesSearch, RANGES, type MessagesSearch, type Range } from './messages-search.ts'

const RANGE_WORDS: Readonly<Record<Range, string>> = {
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
}

/** States that are offered even when nothing is in them. */
const COMMON: ReadonlySet<RecipientState> = new Set(['pending', 'delivered', 'bounced'])

export function MessagesFilters({ search }: { readonly search: MessagesSearch }) {
  const navigate = useNavigate()
  const change = useCallback(
    (some: { readonly [Name in keyof MessagesSearch]?: string }) =>
      void navigate({
        to: '/messages',
        search: (before) => parseMessagesSearch({ ...before, ...some }),
        replace: true,
      }),
    [navigate],
  )
  const findRecipient = useCallback((recipient: string) => change({ recipient }), [change])
  const findTag = useCallback((tag: string) => change({ tag }), [change])
  return (
    <div className="sticky top-0 z-10 flex flex-col gap-2 border-b border-line bg-canvas px-3 py-2 sm:px-4">
      <div className="grid grid-cols-3 gap-2 md:flex">
        <div className="col-span-3 flex md:w-80">
          <SearchBox
            value={search.recipient ?? ''}
            onSearch={findRecipient}
            label="Recipient, the whole address"
            placeholder="ann@example.com ( / )"
            hotkey
          />
        </div>
        <div className="flex md:w-44">
          <SearchBox value={search.tag ?? ''} onSearch={findTag} label="Tag" placeholder="Tag" />
        </div>
        <Select
          label="Lane"
          value={search.lane ?? ''}
          onChange={(lane) => change({ lane })}
          choices={[['', 'All lanes'], ...LANES.map((lane) => [lane, lane] as const)]}
        />
        <Select
          label="Time"
          value={search.range ?? ''}
          onChange={(range) => change({ range })}
          choices={[['', 'All time'], ...RANGES.map((range) => [range, RANGE_WORDS[range]] as const)]}
        />
      </div>
      <StateFilters search={search} />
    </div>
  )
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
      {Object.keys(search).length > 0 && (
        <Link
          to="/messages"
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

function Select({
  label,
  value,
  onChange,
  choices,
}: {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly choices: readonly (readonly [value: string, words: string])[]
}) {
  return (
    <label className="flex">
      <span className="sr-only">{label}</span>
      <select
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="h-8 w-full rounded-md border border-line-strong bg-surface px-2 text-sm"
      >
        {choices.map(([choice, words]) => (
          <option key={choice} value={choice}>
            {words}
          </option>
        ))}
      </select>
    </label>
  )
}
