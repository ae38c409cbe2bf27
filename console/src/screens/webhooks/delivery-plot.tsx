import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { formatCount, formatDuration, formatShare } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Loaded } from '../../ui/listing.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Plot } from '../../ui/plot.tsx'
import { webhookQueries } from './webhooks-queries.ts'

const PERIODS = { '24h': '24 hours', '7d': '7 days' } as const

/** How deliveries to an endpoint went over time: how many arrived, and how fast it answered. */
export function DeliveryPlot({ webhookId }: { readonly webhookId: string }) {
  const { api } = useSession()
  const [period, setPeriod] = useState<'24h' | '7d'>('24h')
  const query = useQuery(webhookQueries.statistics(api, webhookId, period))
  return (
    <Panel
      title="How it goes"
      action={
        <div className="flex gap-1" role="group" aria-label="Period">
          {(['24h', '7d'] as const).map((name) => (
            <Button
              key={name}
              look={name === period ? 'plain' : 'quiet'}
              aria-pressed={name === period}
              onClick={() => setPeriod(name)}
              className="h-7 px-2"
            >
              {PERIODS[name]}
            </Button>
          ))}
        </div>
      }
    >
      <Loaded query={query} label="statistics">
        {({ data, delivered, failed, pending, isWhole }) => {
          const settled = delivered + failed
          const times = data.map(({ at }) => Date.parse(at) / 1000)
          const medians = data
            .flatMap(({ medianMs }) => (medianMs === null ? [] : [medianMs]))
            .sort((a, b) => a - b)
          const median = medians[Math.floor(medians.length / 2)]
          return (
            <div className="flex flex-col gap-3 p-4">
              <dl className="grid grid-cols-2 gap-3 sm:grid-cols-5">
                <Figure name="Delivered" value={formatCount(delivered)} />
                <Figure name="Waiting" value={formatCount(pending)} />
                <Figure name="Failed" value={formatCount(failed)} isBad={failed > 0} />
                <Figure
                  name="Arrived of those settled"
                  value={formatShare(settled === 0 ? null : delivered / settled)}
                />
                <Figure name="Typical answer" value={median === undefined ? '–' : formatDuration(median)} />
              </dl>
              <Plot
                label={`Deliveries over ${PERIODS[period]}`}
                times={times}
                kind="stack"
                height={140}
                series={[
                  { label: 'Delivered', tone: 'ok', values: data.map((bin) => bin.delivered) },
                  { label: 'Failed', tone: 'bad', values: data.map((bin) => bin.failed) },
                  { label: 'Waiting', tone: 'info', values: data.map((bin) => bin.pending) },
                ]}
              />
              <p className="text-xs text-muted">
                By the time of the event.{isWhole ? '' : ' Only the newest 100,000 deliveries are counted.'}
              </p>
            </div>
          )
        }}
      </Loaded>
    </Panel>
  )
}

function Figure({
  name,
  value,
  isBad = false,
}: {
  readonly name: string
  readonly value: string
  readonly isBad?: boolean
}) {
  return (
    <div>
      <dt className="text-xs text-muted">{name}</dt>
      <dd className={`tabular text-lg font-semibold ${isBad ? 'text-bad' : ''}`}>{value}</dd>
    </div>
  )
}
