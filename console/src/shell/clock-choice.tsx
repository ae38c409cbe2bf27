import { CLOCKS, useClock, type Clock } from '../ui/clock.tsx'
import { cx } from '../ui/cx.ts'

const WORDS: Readonly<Record<Clock, string>> = { local: 'Local', utc: 'UTC' }

/** In which clock all screens show their times. */
export function ClockChoice() {
  const { clock, choose } = useClock()
  return (
    <div role="group" aria-label="Times of all screens" className="flex items-center gap-2 px-2 text-xs">
      <span className="text-muted" aria-hidden="true">
        Times
      </span>
      <div className="ml-auto flex rounded-md border border-line-strong p-px">
        {CLOCKS.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={clock === one}
            onClick={() => choose(one)}
            className={cx(
              'h-6 rounded px-2 font-medium',
              clock === one ? 'bg-accent-soft text-accent' : 'text-muted hover:bg-raised hover:text-ink',
            )}
          >
            {WORDS[one]}
          </button>
        ))}
      </div>
    </div>
  )
}
