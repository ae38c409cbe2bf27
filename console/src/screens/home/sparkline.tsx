const WIDTH = 96
const HEIGHT = 24

/** How it went, too small to be read: the figures stand beside it, so it is not told to those who do not see it. */
export function Sparkline({
  values,
  bad,
}: {
  readonly values: readonly number[]
  readonly bad: readonly number[]
}) {
  const most = Math.max(1, ...values.map((value, place) => value + (bad[place] ?? 0)))
  const step = WIDTH / Math.max(1, values.length)
  const bar = (value: number): number => (value === 0 ? 0 : Math.max(1, (value / most) * HEIGHT))
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      className="h-6 w-24"
      aria-hidden="true"
      focusable="false"
    >
      <line x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} className="stroke-line" strokeWidth="1" />
      {values.map((value, place) => {
        const failed = bar(bad[place] ?? 0)
        const went = bar(value)
        const width = Math.max(0.6, step * 0.8)
        return (
          <g key={place}>
            {went > 0 && (
              <rect x={place * step} y={HEIGHT - went} width={width} height={went} className="fill-ok" />
            )}
            {failed > 0 && (
              <rect
                x={place * step}
                y={HEIGHT - went - failed}
                width={width}
                height={failed}
                className="fill-warn"
              />
            )}
          </g>
        )
      })}
    </svg>
  )
}
