import { formatTime, formatTimeFull } from '../format.ts'

/** A time in the reader's own clock; both clocks in full where the pointer rests. */
export function Time({ at, className }: { readonly at: string; readonly className?: string }) {
  const date = new Date(at)
  return (
    <time dateTime={at} title={formatTimeFull(date)} className={className}>
      {formatTime(date, new Date())}
    </time>
  )
}
