import { formatCount } from '../../format.ts'
import { Chip, type Tone } from '../../ui/chip.tsx'
import { Plot } from '../../ui/plot.tsx'
import { Bar } from './bar.tsx'
import type { Source } from './source-panel.tsx'
import { rampPlot } from './warm-up-plot.ts'

/** 140000 → "140K": axes are narrow. */
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const formatShort = (value: number): string => SHORT.format(value)

type WarmUpView = Source['warmUps'][number]

const STATES: Readonly<Record<WarmUpView['state'], { readonly tone: Tone; readonly words: string }>> = {
  early: { tone: 'neutral', words: 'not yet' },
  warming: { tone: 'info', words: 'warming up' },
  warm: { tone: 'ok', words: 'warm' },
  paused: { tone: 'warn', words: 'rests' },
}

/** How far a source is at one provider: today's number, and the ramp with what was used of it. */
export function WarmUp({ warmUp }: { readonly warmUp: WarmUpView }) {
  const { tone, words } = STATES[warmUp.state]
  const { times, allowed, used } = rampPlot(warmUp, new Date())
  const provider = warmUp.provider === 'other' ? 'sites of no provider, together' : warmUp.provider
  return (
    <div className="grid gap-x-6 gap-y-3 border-t border-line px-4 py-3 md:grid-cols-[minmax(14rem,1fr)_2fr]">
      <div className="min-w-0">
        <div className="flex flex-wrap items-center gap-2 text-sm font-medium">
          {provider} <Chip tone={tone}>{words}</Chip>
        </div>
        <p className="mt-1 text-xs text-muted">
          {warmUp.state === 'early'
            ? `begins on ${warmUp.start}`
            : warmUp.state === 'warm'
              ? 'nothing is counted any more'
              : `day ${formatCount(warmUp.day)} of ${formatCount(warmUp.days)}`}
          {warmUp.setBack > 0 && `, set back by ${warmUp.setBack} ${warmUp.setBack === 1 ? 'day' : 'days'}`}
        </p>
        {warmUp.allowed !== null && warmUp.state !== 'early' && (
          <div className="mt-2">
            <Bar
              label={`Today at ${provider}`}
              used={warmUp.used}
              of={warmUp.allowed}
              words={`${formatCount(warmUp.used)} of ${formatCount(warmUp.allowed)} today`}
            />
          </div>
        )}
        {warmUp.complaints > 0 && (
          <p className="mt-1 text-xs text-bad">
            {formatCount(warmUp.complaints)} {warmUp.complaints === 1 ? 'complaint' : 'complaints'} today
          </p>
        )}
      </div>
      {/* The figures of the plot stand in a hidden table too, which must not widen the page. */}
      <div className="relative min-w-0 overflow-hidden">
        <Plot
          label={`Recipients a day to ${provider}: what the ramp allows and what was used`}
          times={times}
          kind="line"
          height={120}
          series={[
            { label: 'allowed', tone: 'neutral', values: allowed },
            { label: 'used', tone: 'accent', values: used },
          ]}
          format={formatShort}
        />
      </div>
    </div>
  )
}
