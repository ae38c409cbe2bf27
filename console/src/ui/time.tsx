import { formatTime, formatTimeFull } from '../format.ts'
import { useClock, type Clock } from './clock.tsx'

/** A time in the clock that was chosen, or in the one that is named; both in full where the pointer rests. */
export function Time({
  at,
  clock,
  className,
}: {
  readonly at: string
  readonly clock?: Clock
  readonly className?: string
}) {
  const chosen = useClock().clock
  const date = new Date(at)
  return (
    <time dateTime={at} title={formatTimeFull(date)} className={className}>
      {formatTime(date, new Date(), clock ?? chosen)}
    </time>
  )
}
