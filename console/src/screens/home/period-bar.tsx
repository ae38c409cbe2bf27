import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useSession } from '../../session/session.ts'
import { cx } from '../../ui/cx.ts'
import { Time } from '../../ui/time.tsx'
import { homeQueries, type Whose } from './home-queries.ts'
import { PERIODS, type Period } from './home-search.ts'
import { PERIOD_FACTS } from './period.ts'

/** How far back, and until when what is shown is complete. */
export function PeriodBar({ whose, period }: { readonly whose: Whose; readonly period: Period }) {
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <Through whose={whose} period={period} />
      <nav aria-label="Period" className="flex rounded-md border border-line bg-surface p-0.5">
        {PERIODS.map((one) => (
          <Link
            key={one}
            to="/"
            search={one === '24h' ? {} : { period: one }}
            activeOptions={{ exact: true, includeSearch: true }}
            title={`The last ${PERIOD_FACTS[one].words}`}
            className={cx(
              'tabular rounded px-2.5 py-1 text-sm font-medium',
              one === period ? 'bg-accent-soft text-accent' : 'text-muted hover:text-ink',
            )}
          >
            {PERIOD_FACTS[one].short}
          </Link>
        ))}
      </nav>
    </div>
  )
}

function Through({ whose, period }: { readonly whose: Whose; readonly period: Period }) {
  const { api } = useSession()
  const total = useQuery(homeQueries.total(api, whose, period))
  if (total.data === undefined) return null
  const { throughMoment, isCatchingUp } = total.data
  return (
    <p className="text-xs text-muted" data-testid="through">
      {throughMoment === null ? (
        'Nothing is counted yet'
      ) : (
        <>
          Complete until <Time at={throughMoment} className="tabular" />
        </>
      )}
      {isCatchingUp && throughMoment !== null && ', history is still being counted'}
    </p>
  )
}
