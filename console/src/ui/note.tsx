import type { ReactNode } from 'react'
import { cx } from './cx.ts'

const TONES = {
  info: 'bg-info-soft text-info',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
} as const

/** A word aside that should not be missed. */
export function Note({
  tone,
  title,
  children,
}: {
  readonly tone: keyof typeof TONES
  readonly title?: string
  readonly children?: ReactNode
}) {
  return (
    <div
      className={cx('rounded-md px-3.5 py-2.5 text-sm', TONES[tone])}
      role={tone === 'bad' ? 'alert' : 'note'}
    >
      {title !== undefined && <p className="font-semibold">{title}</p>}
      <div className="text-ink">{children}</div>
    </div>
  )
}
