import { lazy, Suspense, useId } from 'react'
import type { Tone } from './chip.tsx'

export interface PlotSeries {
  readonly label: string
  readonly tone: Tone
  /** One for each of `times`; null where nothing was measured. */
  readonly values: readonly (number | null)[]
}

export interface PlotProperties {
  /** What the plot shows, for its caption and for those who do not see it. */
  readonly label: string
  /** Seconds since 1970, rising. */
  readonly times: readonly number[]
  readonly series: readonly PlotSeries[]
  /** `stack` piles the series up. */
  readonly kind?: 'line' | 'bars' | 'stack'
  /** Pixels. */
  readonly height?: number
  readonly format?: (value: number) => string
}

const Canvas = lazy(() => import('./plot-canvas.tsx').then(({ PlotCanvas }) => ({ default: PlotCanvas })))

/** A plot over time, with the same figures as a table for those who cannot see it. Its library is loaded when the first plot is shown. */
export function Plot({ label, times, series, kind = 'line', height = 160, format = plain }: PlotProperties) {
  const id = useId()
  return (
    <figure aria-labelledby={id} className="relative min-w-0">
      <figcaption id={id} className="sr-only">
        {label}
      </figcaption>
      <Suspense fallback={<div className="rounded bg-raised" style={{ height }} />}>
        <Canvas label={label} times={times} series={series} kind={kind} height={height} format={format} />
      </Suspense>
      {/* A table does not clip itself: what is around it does. */}
      <div className="sr-only">
        <table>
          <caption>{label}</caption>
          <thead>
            <tr>
              <th scope="col">Time (UTC)</th>
              {series.map((item) => (
                <th key={item.label} scope="col">
                  {item.label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {times.map((time, place) => (
              <tr key={time}>
                <th scope="row">{new Date(time * 1000).toISOString().slice(0, 16).replace('T', ' ')}</th>
                {series.map((item) => {
                  const value = item.values[place] ?? null
                  return <td key={item.label}>{value === null ? 'none' : format(value)}</td>
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  )
}

function plain(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 2 })
}
