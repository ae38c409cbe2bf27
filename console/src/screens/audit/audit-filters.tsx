import { SearchBox } from '../../ui/search-box.tsx'
import { Button } from '../../ui/button.tsx'
import { FilterSelect } from '../../ui/filter-select.tsx'
import { PERIODS, type AuditSearch, type Period } from './audit-search.ts'

const WORDS: Readonly<Record<Period, string>> = {
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
}

/** Whole words only: the log is looked up, not searched through. */
export function AuditFilters({
  search,
  onChange,
}: {
  readonly search: AuditSearch
  readonly onChange: (search: AuditSearch) => void
}) {
  const { entry: _entry, ...filters } = search
  const set = (name: 'action' | 'actor' | 'target') => (text: string) => {
    const { [name]: _before, ...others } = filters
    onChange(text.trim() === '' ? others : { ...others, [name]: text.trim() })
  }
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-3">
      <div className="flex min-w-40 flex-1">
        <SearchBox
          value={filters.action ?? ''}
          onSearch={set('action')}
          label="Action"
          placeholder="api_key.created ( / )"
          hotkey
        />
      </div>
      <div className="flex min-w-40 flex-1">
        <SearchBox
          value={filters.actor ?? ''}
          onSearch={set('actor')}
          label="Who"
          placeholder="Who: api_key:…, member:…"
        />
      </div>
      <div className="flex min-w-40 flex-1">
        <SearchBox
          value={filters.target ?? ''}
          onSearch={set('target')}
          label="On"
          placeholder="On: key_…, dom_…"
        />
      </div>
      <FilterSelect
        label="When"
        all="All time"
        choices={PERIODS}
        words={(period) => WORDS[period]}
        value={filters.period}
        onChange={(period) => {
          const { period: _before, ...others } = filters
          onChange(period === undefined ? others : { ...others, period })
        }}
      />
      {Object.keys(filters).length > 0 && (
        <Button look="quiet" onClick={() => onChange({})}>
          Clear
        </Button>
      )}
    </div>
  )
}
