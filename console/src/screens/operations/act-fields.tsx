import { useId, useState, type ReactNode } from 'react'
import { LANES } from '../../api/types.ts'
import type { ActFilter } from './use-preview.ts'

/** What an act is about. All that is given has to hold. */
export function ActFields({
  filter,
  withReply,
  onChange,
}: {
  readonly filter: ActFilter
  readonly withReply: boolean
  readonly onChange: (filter: ActFilter) => void
}) {
  // What is filled in is never out of sight when the form opens.
  const [isNarrow] = useState(() =>
    [filter.toDomain, filter.fromDomain, filter.pool].some((text) => text !== ''),
  )
  const field = (name: Exclude<keyof ActFilter, 'lane'>, label: string, placeholder: string) => (
    <Labelled label={label}>
      {(id) => (
        <input
          id={id}
          value={filter[name]}
          placeholder={placeholder}
          spellCheck={false}
          autoComplete="off"
          maxLength={1_000}
          onChange={(event) => onChange({ ...filter, [name]: event.target.value })}
          className="h-8 w-full min-w-0 rounded-md border border-line-strong bg-surface px-2 text-sm placeholder:text-muted"
        />
      )}
    </Labelled>
  )
  return (
    <fieldset className="mb-4">
      <legend className="mb-1.5 text-sm font-medium">What it is about</legend>
      <div className="grid grid-cols-2 gap-2">
        <Labelled label="Lane">
          {(id) => (
            <select
              id={id}
              value={filter.lane}
              onChange={(event) =>
                onChange({ ...filter, lane: LANES.find((lane) => lane === event.target.value) ?? '' })
              }
              className="h-8 w-full rounded-md border border-line-strong bg-surface px-2 text-sm"
            >
              <option value="">all lanes</option>
              {LANES.map((lane) => (
                <option key={lane} value={lane}>
                  {lane}
                </option>
              ))}
            </select>
          )}
        </Labelled>
        {field('provider', 'Provider', 'all, or such as google')}
        {field('site', 'Site', 'all')}
        {field('tag', 'Tag', 'all')}
      </div>
      <details className="mt-2" open={isNarrow}>
        <summary className="text-xs text-muted">More to go by</summary>
        <div className="mt-1 grid grid-cols-2 gap-2">
          {field('toDomain', 'Domain of recipients', 'all')}
          {field('fromDomain', 'Sending domain', 'all')}
          {field('pool', 'Pool', 'all')}
          {withReply && field('reply', 'Last reply', '421 or 4.7.1')}
        </div>
      </details>
    </fieldset>
  )
}

function Labelled({
  label,
  children,
}: {
  readonly label: string
  readonly children: (id: string) => ReactNode
}) {
  const id = useId()
  return (
    <div className="min-w-0">
      <label htmlFor={id} className="mb-0.5 block text-xs text-muted">
        {label}
      </label>
      {children(id)}
    </div>
  )
}
