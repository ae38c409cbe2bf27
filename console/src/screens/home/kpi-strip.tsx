import { useQuery } from '@tanstack/react-query'
import { Link, type LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { formatCount, formatDuration, formatShare } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Loaded } from '../../ui/listing.tsx'
import { homeQueries, type Whose } from './home-queries.ts'
import type { Period } from './home-search.ts'
import { changeOf, PERIOD_FACTS } from './period.ts'
import { queueOf } from './queue-states.ts'

/** Four numbers that say how it goes, and how it went before. */
export function KpiStrip({ whose, period }: { readonly whose: Whose; readonly period: Period }) {
  const { api } = useSession()
  const total = useQuery(homeQueries.total(api, whose, period))
  const before = useQuery(homeQueries.before(api, whose, period))
  return (
    <Loaded query={total} label="the numbers" rows={1}>
      {({ totals, rates }) => {
        const earlier = before.data?.totals
        const compare = (name: 'delivered' | 'bounced' | 'complained') =>
          earlier === undefined ? null : (
            <Change now={totals[name]} before={earlier[name]} words={PERIOD_FACTS[period].words} />
          )
        return (
          <ul
            className="grid grid-cols-2 gap-3 lg:grid-cols-4"
            aria-label={`The last ${PERIOD_FACTS[period].words}`}
          >
            <Tile
              name="Delivered"
              value={formatCount(totals.delivered)}
              detail={
                rates.delivered === null
                  ? 'nothing ended yet'
                  : `${formatShare(rates.delivered)} of what ended`
              }
              change={compare('delivered')}
              {...linkOf(whose, { to: '/messages', search: { state: 'delivered', range: period } })}
            />
            <Tile
              name="Bounced"
              value={formatCount(totals.bounced)}
              detail={`${formatShare(rates.bounced)}${totals.returned > 0 ? `, and ${formatCount(totals.returned)} came back later` : ''}`}
              change={compare('bounced')}
              {...linkOf(whose, { to: '/messages', search: { state: 'bounced', range: period } })}
            />
            <Tile
              name="Complained"
              value={formatCount(totals.complained)}
              detail={
                rates.complained === null
                  ? 'of what was delivered'
                  : `${formatShare(rates.complained)} of delivered`
              }
              change={compare('complained')}
              {...linkOf(whose, { to: '/bounces' })}
            />
            <Queued whose={whose} />
          </ul>
        )
      }}
    </Loaded>
  )
}

type Place = Pick<LinkProps, 'to' | 'search'>

function linkOf(whose: Whose, place: Place): { readonly place?: Place } {
  return whose === 'workspace' ? { place } : {}
}

function Queued({ whose }: { readonly whose: Whose }) {
  const { api } = useSession()
  const queue = useQuery(homeQueries.queue(api, whose))
  if (queue.data === undefined)
    return <Tile name="Queued now" value="–" detail={queue.isError ? 'could not be counted' : 'counting'} />
  const { waiting, lateMs, held } = queueOf(queue.data.data, Date.now())
  return (
    <Tile
      name="Queued now"
      value={`${queue.data.complete ? '' : '≥ '}${formatCount(waiting)}`}
      detail={
        lateMs > 0
          ? `the oldest is due for ${formatDuration(lateMs)}`
          : held > 0
            ? `${formatCount(held)} held`
            : 'nothing is late'
      }
      place={{ to: '/operations/queue' }}
    />
  )
}

function Tile({
  name,
  value,
  detail,
  change,
  place,
}: {
  readonly name: string
  readonly value: string
  readonly detail: string
  readonly change?: ReactNode
  readonly place?: Place
}) {
  return (
    <li className="min-w-0 rounded-lg border border-line bg-surface px-4 py-3">
      <div className="text-xs text-muted">
        {place === undefined ? (
          name
        ) : (
          <Link {...place} className="rounded hover:underline">
            {name}
          </Link>
        )}
      </div>
      <div className="tabular text-2xl leading-8 font-semibold">{value}</div>
      <div className="text-xs text-muted">{detail}</div>
      {change !== undefined && change !== null && <div className="text-xs text-muted">{change}</div>}
    </li>
  )
}

/** More or fewer than before. No colour: whether more is better is not for a number to say. */
function Change({
  now,
  before,
  words,
}: {
  readonly now: number
  readonly before: number
  readonly words: string
}) {
  const change = changeOf(now, before)
  if (change === null) return now === 0 ? null : `none in the ${words} before`
  if (change === 0) return `as in the ${words} before`
  const size = Math.abs(change) > 999 ? '10 times' : `${Math.abs(change)} %`
  return (
    <span title={`${formatCount(before)} in the ${words} before`}>
      <span aria-hidden="true">{change > 0 ? '▲ ' : '▼ '}</span>
      {size} {change > 0 ? 'more' : 'fewer'} than before
    </span>
  )
}
