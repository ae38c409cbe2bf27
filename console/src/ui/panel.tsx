import type { ReactNode } from 'react'

/** A titled part of a screen. */
export function Panel({
  title,
  lead,
  action,
  children,
}: {
  readonly title: string
  readonly lead?: ReactNode
  readonly action?: ReactNode
  readonly children: ReactNode
}) {
  return (
    <section className="min-w-0 rounded-lg border border-line bg-surface" aria-label={title}>
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2 border-b border-line px-4 py-3">
        <div className="min-w-0 flex-1 basis-60">
          <h2 className="text-base font-semibold">{title}</h2>
          {lead !== undefined && <p className="text-sm text-muted">{lead}</p>}
        </div>
        {action}
      </div>
      {children}
    </section>
  )
}

/** One line of a panel: what it is, what is known of it, what can be done with it. */
export function Row({
  title,
  detail,
  action,
}: {
  readonly title: ReactNode
  readonly detail?: ReactNode
  readonly action?: ReactNode
}) {
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1.5 border-b border-line px-4 py-2.5 last:border-b-0">
      <div className="min-w-0 flex-1 basis-56">
        <div className="flex flex-wrap items-center gap-2 font-medium break-words">{title}</div>
        {detail !== undefined && <div className="text-xs text-muted">{detail}</div>}
      </div>
      {action !== undefined && <div className="flex flex-wrap items-center gap-2">{action}</div>}
    </li>
  )
}
