import { useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
// oxlint-disable-next-line import/no-unassigned-import -- a style sheet has nothing to assign
import 'uplot/dist/uPlot.min.css'
import { useClock } from './clock.tsx'
import { formatMoment, formatTimeFull } from '../format.ts'
import type { PlotProperties } from './plot.tsx'

const FONT = '11px system-ui, sans-serif'
const COLOURS = {
  neutral: '--muted',
  ok: '--ok',
  warn: '--warn',
  bad: '--bad',
  info: '--info',
  accent: '--accent',
} as const

const DAY = '{D} {MMM}'
/** Times below the axis, as everywhere in the console: 24 hours, and the day where it begins. From a step of so many seconds on. */
const TIMES: uPlot.Axis.Values = [
  [31_536_000, '{YYYY}', null, null, null, null, null, null, 1],
  [2_419_200, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [86_400, DAY, '\n{YYYY}', null, null, null, null, null, 1],
  [3_600, '{HH}:{mm}', `\n${DAY}`, null, `\n${DAY}`, null, null, null, 1],
  [60, '{HH}:{mm}', `\n${DAY}`, null, `\n${DAY}`, null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', `\n${DAY}`, null, `\n${DAY}`, null, null, null, 1],
]

/** The drawing of a plot: follows the width of its place and the theme; the pointer or the arrow keys read a moment. */
export function PlotCanvas({ label, times, series, kind, height, format }: Required<PlotProperties>) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const theme = useThemeMark()
  const { clock } = useClock()
  const [at, setAt] = useState<number | null>(null)
  const shape = `${kind} ${height} ${series.map((item) => `${item.label}:${item.tone}`).join()} ${theme} ${clock}`
  const latest = useRef({ series, format })
  latest.current = { series, format }
  const data = dataOf(times, series, kind)
  const first = useRef(data)
  first.current = data
  useEffect(() => {
    const element = place.current
    if (element === null) return
    const made = new uPlot(
      {
        ...optionsOf(element, latest.current.series, kind, (value) => latest.current.format(value)),
        ...(clock === 'utc' && {
          tzDate: (second: number) => uPlot.tzDate(new Date(second * 1000), 'Etc/UTC'),
        }),
        width: Math.max(120, element.clientWidth),
        height,
        hooks: { setCursor: [(self) => setAt(self.cursor.idx ?? null)] },
      },
      first.current,
      element,
    )
    plot.current = made
    const observer = new ResizeObserver(() =>
      made.setSize({ width: Math.max(120, element.clientWidth), height }),
    )
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [shape, kind, height, clock])
  useEffect(() => plot.current?.setData(first.current), [times, series])
  const step = (by: number): void =>
    setAt((before) => {
      const next = Math.max(0, Math.min(times.length - 1, (before ?? times.length) + by))
      const self = plot.current
      const time = times[next]
      if (self !== null && time !== undefined)
        self.setCursor({ left: self.valToPos(time, 'x'), top: 10 }, false)
      return next
    })
  const time = at === null ? undefined : times[at]
  return (
    <div className="min-w-0">
      <div
        ref={place}
        role="group"
        tabIndex={0}
        aria-label={`${label}; the arrow keys read it`}
        className="min-w-0 rounded"
        style={{ height }}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return
          event.preventDefault()
          step(event.key === 'ArrowLeft' ? -1 : 1)
        }}
      />
      <div
        className="tabular mt-1 flex min-h-5 flex-wrap gap-x-3 gap-y-0.5 text-xs text-muted"
        aria-live="polite"
      >
        {series.map((item) => {
          const value = at === null ? undefined : item.values[at]
          return (
            <span key={item.label} className="inline-flex items-center gap-1.5">
              <span
                aria-hidden="true"
                className="size-2 rounded-sm"
                style={{ background: `var(${COLOURS[item.tone]})` }}
              />
              {item.label}
              {value !== undefined && value !== null && (
                <b className="font-semibold text-ink">{format(value)}</b>
              )}
            </span>
          )
        })}
        {time !== undefined && (
          <time
            className="ml-auto"
            dateTime={new Date(time * 1000).toISOString()}
            title={formatTimeFull(new Date(time * 1000))}
          >
            {formatMoment(new Date(time * 1000), clock)}
          </time>
        )}
      </div>
    </div>
  )
}

/** Piles are drawn from the top one down, each over what is below it. */
function dataOf(
  times: PlotProperties['times'],
  series: PlotProperties['series'],
  kind: Required<PlotProperties>['kind'],
): uPlot.AlignedData {
  if (kind !== 'stack') return [[...times], ...series.map(({ values }) => [...values])]
  const piles: (number | null)[][] = []
  series.forEach(({ values }, place) => {
    const below = piles[place - 1]
    piles.push(times.map((_, at) => (values[at] ?? 0) + (below?.[at] ?? 0)))
  })
  return [[...times], ...piles.toReversed()]
}

function optionsOf(
  element: HTMLElement,
  series: PlotProperties['series'],
  kind: Required<PlotProperties>['kind'],
  format: (value: number) => string,
): Omit<uPlot.Options, 'width' | 'height'> {
  const styles = getComputedStyle(element)
  const colour = (name: string): string => styles.getPropertyValue(name).trim() || 'currentColor'
  // A canvas does not know light-dark(): an element of the page works the colour out.
  const probe = document.createElement('span')
  element.append(probe)
  const resolved = (name: string): string => {
    probe.style.color = `var(${name})`
    return getComputedStyle(probe).color || colour(name)
  }
  const drawn = kind === 'stack' ? series.toReversed() : series
  const axis = {
    stroke: resolved('--muted'),
    font: FONT,
    grid: { stroke: resolved('--line'), width: 1 },
    ticks: { show: false },
  }
  const bars = uPlot.paths.bars?.({ size: [0.8, 40] })
  const options: Omit<uPlot.Options, 'width' | 'height'> = {
    legend: { show: false },
    cursor: { y: false, points: { show: kind === 'line' }, drag: { x: false, y: false } },
    padding: [8, 8, 0, 0],
    scales: {
      x: { time: true },
      y: { range: (_, min, max) => [Math.min(0, min ?? 0), Math.max(max ?? 0, 1) * 1.08] },
    },
    axes: [
      { ...axis, grid: { show: false }, space: 70, values: TIMES },
      {
        ...axis,
        size: 48,
        space: 28,
        values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : format(tick))),
      },
    ],
    series: [
      {},
      ...drawn.map((item): uPlot.Series => {
        const stroke = resolved(COLOURS[item.tone])
        return kind === 'line'
          ? {
              label: item.label,
              stroke,
              width: 1.75,
              spanGaps: false,
              points: { show: true, size: 5, fill: stroke, filter: (self, at) => alone(self.data[at] ?? []) },
            }
          : {
              label: item.label,
              stroke,
              fill: stroke,
              width: 0,
              points: { show: false },
              ...(bars === undefined ? {} : { paths: bars }),
            }
      }),
    ],
  }
  probe.remove()
  return options
}

/** A moment without neighbours makes no line: it is drawn as a point. */
function alone(values: ArrayLike<number | null | undefined>): number[] {
  return Array.from({ length: values.length }, (_, at) => at).filter(
    (at) => isNumber(values[at]) && !isNumber(values[at - 1]) && !isNumber(values[at + 1]),
  )
}

function isNumber(value: number | null | undefined): boolean {
  return typeof value === 'number'
}

/** Changes when the theme does. */
function useThemeMark(): string {
  const [mark, setMark] = useState(themeMark)
  useEffect(() => {
    const look = (): void => setMark(themeMark())
    const observer = new MutationObserver(look)
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
    const media = matchMedia('(prefers-color-scheme: dark)')
    media.addEventListener('change', look)
    return () => {
      observer.disconnect()
      media.removeEventListener('change', look)
    }
  }, [])
  return mark
}

function themeMark(): string {
  return (
    document.documentElement.dataset['theme'] ?? String(matchMedia('(prefers-color-scheme: dark)').matches)
  )
}
