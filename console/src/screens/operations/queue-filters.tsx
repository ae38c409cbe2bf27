import { useCallback } from 'react'
import { Link } from '@tanstack/react-router'
import { LANES } from '../../api/types.ts'
import { FilterSelect } from '../../ui/filter-select.tsx'
import { SearchBox } from '../../ui/search-box.tsx'
import { QUEUE_STATES, type QueueSearch } from './operations-search.ts'
import { STATE_WORDS } from './queue-words.ts'

type Change = (some: { readonly [Name in keyof QueueSearch]?: string | undefined }) => void

/** Which lines are shown; all of it stands in the address. */
export function QueueFilters({
  search,
  onChange,
}: {
  readonly search: QueueSearch
  readonly onChange: Change
}) {
  const site = useCallback((text: string) => onChange({ site: text }), [onChange])
  const provider = useCallback((text: string) => onChange({ provider: text }), [onChange])
  const pool = useCallback((text: string) => onChange({ pool: text }), [onChange])
  const { acts: _acts, ...filters } = search
  return (
    <div className="grid grid-cols-2 gap-2 border-b border-line px-4 py-3 md:flex md:items-center">
      <div className="col-span-2 flex md:flex-1">
        <SearchBox
          value={search.site ?? ''}
          onSearch={site}
          label="Site, its whole name"
          placeholder="Site, such as mx.example.com ( / )"
          hotkey
        />
      </div>
      <div className="flex md:w-36">
        <SearchBox
          value={search.provider ?? ''}
          onSearch={provider}
          label="Provider"
          placeholder="Provider"
        />
      </div>
      <div className="flex md:w-32">
        <SearchBox value={search.pool ?? ''} onSearch={pool} label="Pool" placeholder="Pool" />
      </div>
      <FilterSelect
        label="Lane"
        all="All lanes"
        choices={LANES}
        value={search.lane}
        onChange={(lane) => onChange({ lane })}
      />
      <FilterSelect
        label="State"
        all="All states"
        choices={QUEUE_STATES}
        words={(state) => STATE_WORDS[state].name}
        value={search.state}
        onChange={(state) => onChange({ state })}
      />
      {Object.keys(filters).length > 0 && (
        <Link
          to="/operations/queue"
          search={search.acts === undefined ? {} : { acts: search.acts }}
          className="rounded px-1 text-xs font-medium whitespace-nowrap text-accent hover:underline"
        >
          Clear filters
        </Link>
      )}
    </div>
  )
}
