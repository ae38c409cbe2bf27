import type { Statistics } from '@bulkhead/sdk'
import { useQuery } from '@tanstack/react-query'
import { formatCount, formatDuration } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Loaded } from '../../ui/listing.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Plot } from '../../ui/plot.tsx'
import { homeQueries, type Whose } from './home-queries.ts'
import type { Period } from './home-search.ts'
import { PERIOD_FACTS } from './period.ts'

/** What became of mail and how long it took, over the period. */
export function DeliveryPlots({ whose, period }: { readonly whose: Whose; readonly period: Period }) {
  const { api } = useSession()
  const total = useQuery(homeQueries.total(api, whose, period))
  const { words } = PERIOD_FACTS[period]
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Panel title="What became of mail" lead={`Recipients, in the last ${words}.`}>
        <Loaded query={total} label="outcomes" rows={3}>
          {(statistics) => <Outcomes statistics={statistics} words={words} />}
        </Loaded>
      </Panel>
      <Panel
        title="Time to delivery"
        lead="From acceptance, or the planned time, until the other side took it."
      >
        <Loaded query={total} label="times to delivery" rows={3}>
          {(statistics) => <Latency statistics={statistics} words={words} />}
        </Loaded>
      </Panel>
    </div>
  )
}

interface Properties {
  readonly statistics: Statistics
  readonly words: string
}

function Outcomes({ statistics, words }: Properties) {
  const points = statistics.series[0]?.points
  if (points === undefined) return <Nothing words={words} />
  const failed = points.bounced.map((count, place) => count + (points.expired[place] ?? 0))
  return (
    <div className="px-3 pt-2 pb-3">
      <Plot
        label={`What became of mail in the last ${words}`}
        kind="stack"
        times={secondsOf(statistics)}
        format={formatCount}
        series={[
          { label: 'delivered', tone: 'ok', values: points.delivered },
          { label: 'attempts deferred', tone: 'warn', values: points.deferred },
          { label: 'bounced or expired', tone: 'bad', values: failed },
          { label: 'suppressed', tone: 'neutral', values: points.suppressed },
        ]}
      />
    </div>
  )
}

function Latency({ statistics, words }: Properties) {
  const points = statistics.series[0]?.points
  if (points === undefined || statistics.delivery.count === 0) return <Nothing words={words} />
  return (
    <div className="px-3 pt-2 pb-3">
      <Plot
        label={`Time to delivery in the last ${words}`}
        kind="line"
        times={secondsOf(statistics)}
        format={formatDuration}
        series={[
          { label: 'half within', tone: 'info', values: points.deliveryP50Ms },
          { label: '95 % within', tone: 'accent', values: points.deliveryP95Ms },
        ]}
      />
    </div>
  )
}

function Nothing({ words }: { readonly words: string }) {
  return <p className="px-4 py-14 text-center text-sm text-muted">Nothing in the last {words}.</p>
}

function secondsOf({ times }: Statistics): readonly number[] {
  return times.map((time) => Date.parse(time) / 1_000)
}
