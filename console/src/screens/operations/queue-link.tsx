import { Link, useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { cx } from '../../ui/cx.ts'
import type { QueueSearch } from './operations-search.ts'

/** Narrows what is shown of the queue. */
export function QueueLink({
  to,
  label,
  className,
  children,
}: {
  readonly to: QueueSearch
  readonly label?: string
  readonly className?: string
  readonly children: ReactNode
}) {
  const search = useSearch({ from: '/operations/queue' })
  return (
    <Link
      to="/operations/queue"
      search={{ ...search, ...to }}
      aria-label={label}
      className={cx('rounded hover:underline', className)}
    >
      {children}
    </Link>
  )
}
