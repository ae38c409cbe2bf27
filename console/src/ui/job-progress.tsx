import type { ReactNode } from 'react'
import { formatCount, formatDuration } from '../format.ts'
import { Button } from './button.tsx'
import { Chip, type Tone } from './chip.tsx'

export type JobState = 'running' | 'done' | 'failed' | 'cancelled'

const TONES: Readonly<Record<JobState, Tone>> = {
  running: 'info',
  done: 'ok',
  failed: 'bad',
  cancelled: 'neutral',
}

/**
 * Long work: how much of it is done, how fast it goes, when it will be over, and how to stop it. Without `ratePerSecond` the rate is what came
 * since `startedAt`. `total` null: not known yet.
 */
export function JobProgress({
  label,
  state,
  done,
  total,
  unit = 'done',
  ratePerSecond,
  startedAt,
  onCancel,
  result,
}: {
  readonly label: string
  readonly state: JobState
  readonly done: number
  readonly total: number | null
  /** What is counted: "lines", "recipients". */
  readonly unit?: string
  readonly ratePerSecond?: number
  readonly startedAt: string
  readonly onCancel?: (() => void) | undefined
  readonly result?: ReactNode
}) {
  const seconds = Math.max(0.001, (Date.now() - Date.parse(startedAt)) / 1000)
  const rate = ratePerSecond ?? done / seconds
  const share = total === null || total === 0 ? null : Math.min(1, done / total)
  const leftMs = total === null || rate <= 0 ? null : ((total - done) / rate) * 1000
  const figures = [
    `${formatCount(done)}${total === null ? '' : ` of ${formatCount(total)}`} ${unit}`,
    ...(state === 'running' && done > 0
      ? [`${rate < 10 ? rate.toFixed(1) : formatCount(Math.round(rate))} a second`]
      : []),
    ...(state === 'running' && leftMs !== null && done > 0 ? [`about ${formatDuration(leftMs)} left`] : []),
  ]
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex flex-wrap items-center gap-2 text-sm">
        <Chip tone={TONES[state]}>{state}</Chip>
        <span className="font-medium">{label}</span>
        {state === 'running' && onCancel !== undefined && (
          <Button onClick={onCancel} className="ml-auto h-7 px-2">
            Cancel
          </Button>
        )}
      </div>
      {state === 'running' && (
        <div
          role="progressbar"
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={100}
          {...(share === null ? {} : { 'aria-valuenow': Math.round(share * 100) })}
          className="h-1.5 overflow-hidden rounded bg-raised"
        >
          <div
            className="h-full rounded bg-accent transition-[width] motion-reduce:transition-none"
            style={{ width: `${share === null ? 5 : share * 100}%` }}
          />
        </div>
      )}
      <p className="tabular text-xs text-muted">{figures.join(' · ')}</p>
      {result !== undefined && <div className="text-sm">{result}</div>}
    </div>
  )
}
