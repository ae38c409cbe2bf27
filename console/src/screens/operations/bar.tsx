import { cx } from '../../ui/cx.ts'

/** How much of a number is used. From nine tenths on it warns, at the whole it says so in red. */
export function Bar({
  label,
  used,
  of,
  words,
}: {
  readonly label: string
  readonly used: number
  readonly of: number
  readonly words: string
}) {
  const share = of === 0 ? 1 : Math.min(1, used / of)
  return (
    <div>
      <div
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={of}
        aria-valuenow={Math.min(used, of)}
        aria-valuetext={words}
        className="h-1.5 overflow-hidden rounded bg-raised"
      >
        <div
          className={cx('h-full rounded', share >= 1 ? 'bg-bad' : share >= 0.9 ? 'bg-warn' : 'bg-accent')}
          style={{ width: `${share * 100}%` }}
        />
      </div>
      <p className="tabular mt-1 text-xs text-muted">{words}</p>
    </div>
  )
}
