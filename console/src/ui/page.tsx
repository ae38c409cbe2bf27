import type { ReactNode } from 'react'
import { cx } from './cx.ts'

/** A screen: its name, one sentence about it, what can be done, what there is. `reading` is for text and forms, `wide` for tables. */
export function Page({
  title,
  lead,
  actions,
  back,
  width = 'wide',
  children,
}: {
  readonly title: string
  readonly lead?: ReactNode
  readonly actions?: ReactNode
  /** A link to the list that this page is of. */
  readonly back?: ReactNode
  readonly width?: 'wide' | 'reading'
  readonly children: ReactNode
}) {
  return (
    <div
      className={cx(
        'mx-auto flex flex-col gap-4 px-3 py-4 sm:px-6 sm:py-6',
        width === 'wide' ? 'max-w-6xl' : 'max-w-3xl',
      )}
    >
      <title>{`${title} · Bulkhead`}</title>
      <div className="flex flex-wrap items-start gap-x-4 gap-y-3">
        <div className="min-w-0 flex-1 basis-72">
          {back !== undefined && <div className="mb-1 text-sm text-muted">{back}</div>}
          <h1 className="text-xl font-semibold break-words">{title}</h1>
          {lead !== undefined && <div className="mt-1 max-w-prose text-sm text-muted">{lead}</div>}
        </div>
        {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </div>
      {children}
    </div>
  )
}
