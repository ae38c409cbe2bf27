import type { ShapingResolved } from '@bulkhead/sdk'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState, type FormEvent } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip, type Tone } from '../../ui/chip.tsx'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Note } from '../../ui/note.tsx'
import { operationsQueries } from './operations-queries.ts'
import type { ShapingSearch } from './operations-search.ts'
import { plainKey } from './queue-words.ts'

type Because = ShapingResolved['because'][number]

/** Every limit of mail to a domain, and which layer and rule set it. */
export function ShapingLimits({ search }: { readonly search: ShapingSearch }) {
  const { api } = useSession()
  const navigate = useNavigate()
  const sources = useQuery(operationsQueries.sources(api))
  const [domain, setDomain] = useState(search.domain ?? '')
  useEffect(() => setDomain(search.domain ?? ''), [search.domain])
  const ask = (some: Pick<ShapingSearch, 'domain'> & { readonly source?: string | undefined }): void => {
    const { source: _source, domain: _domain, ...others } = search
    void navigate({
      to: '/operations/shaping',
      search: {
        ...others,
        ...(some.domain === undefined ? {} : { domain: some.domain }),
        ...(some.source === undefined ? {} : { source: some.source }),
      },
      replace: true,
    })
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (domain.trim() !== '') ask({ domain: domain.trim(), source: search.source })
  }
  return (
    <>
      <form onSubmit={submit} className="flex flex-wrap items-end gap-2 border-b border-line px-4 py-3">
        <label className="min-w-0 flex-1 basis-56 text-xs text-muted">
          Domain of recipients
          <input
            value={domain}
            onChange={(event) => setDomain(event.target.value)}
            placeholder="gmail.com"
            maxLength={253}
            spellCheck={false}
            autoComplete="off"
            data-search=""
            className="mt-0.5 h-8 w-full rounded-md border border-line-strong bg-surface px-2 text-sm text-ink placeholder:text-muted"
          />
        </label>
        <label className="w-36 text-xs text-muted">
          Source
          <select
            value={search.source ?? ''}
            onChange={(event) =>
              ask({
                ...(search.domain === undefined ? {} : { domain: search.domain }),
                source: event.target.value === '' ? undefined : event.target.value,
              })
            }
            className="mt-0.5 h-8 w-full rounded-md border border-line-strong bg-surface px-2 text-sm text-ink"
          >
            <option value="">default route</option>
            {(sources.data?.data ?? []).map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <Button type="submit" look="main">
          Show limits
        </Button>
      </form>
      {search.domain === undefined ? (
        <p className="px-4 py-6 text-center text-sm text-muted">
          Name a domain to see its servers, its limits, and which layer and line decided each of them.
        </p>
      ) : (
        <Resolved domain={search.domain} source={search.source} />
      )}
    </>
  )
}

const LAYER_TONES: Readonly<Record<string, Tone>> = {
  'built-in': 'neutral',
  default: 'neutral',
  overlay: 'warn',
}

const COLUMNS: readonly Column<Because>[] = [
  { id: 'key', header: 'Limit', cell: (row) => plainKey(row.key) },
  {
    id: 'value',
    header: 'Value',
    cell: (row) => <b className="font-semibold break-words">{row.value}</b>,
  },
  {
    id: 'layer',
    header: 'Decided by',
    cell: (row) => <Chip tone={LAYER_TONES[row.layer] ?? 'info'}>{row.layer}</Chip>,
  },
  {
    id: 'rule',
    header: 'Written at',
    hideBelow: 'sm',
    cell: (row) =>
      row.layer === 'built-in' ? (
        <span className="text-muted">–</span>
      ) : (
        <code className="font-mono text-xs break-all text-muted">{row.rule}</code>
      ),
  },
]

function Resolved({ domain, source }: { readonly domain: string; readonly source: string | undefined }) {
  const { api } = useSession()
  const resolved = useQuery(operationsQueries.resolved(api, domain, source))
  return (
    <Loaded query={resolved} label="limits">
      {(data) => (
        <>
          <Facts
            rows={[
              ['Site', <span className="font-mono text-xs break-all">{data.site}</span>],
              ['Provider', data.provider ?? 'none of the rules'],
              ['Servers', <span className="font-mono text-xs break-all">{data.mxHosts.join(', ')}</span>],
            ]}
          />
          {data.ofDomain && (
            <div className="px-4 pt-3">
              <Note tone="info">
                These limits hold for this domain alone; other domains of the site have others.
              </Note>
            </div>
          )}
          {data.overlays.length > 0 && (
            <div className="px-4 pt-3">
              <Note tone="warn" title="Something was learnt here">
                {data.overlays.map(({ reason }) => reason).join(' · ')}
              </Note>
            </div>
          )}
          <div className="mt-2 overflow-x-auto">
            <DataTable
              rows={data.because.toSorted(
                (a, b) => Number(a.layer === 'built-in') - Number(b.layer === 'built-in'),
              )}
              columns={COLUMNS}
              rowKey={(row) => row.key}
              label={`Limits of mail to ${data.domain}`}
            />
          </div>
        </>
      )}
    </Loaded>
  )
}
