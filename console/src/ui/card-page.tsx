import type { ReactNode } from 'react'
import { BulkheadMark } from './icons.tsx'

/** A page that asks one thing, for people who are not signed in yet. */
export function CardPage({
  title,
  lead,
  children,
  foot,
}: {
  readonly title: string
  readonly lead?: ReactNode
  readonly children: ReactNode
  readonly foot?: ReactNode
}) {
  return (
    <main className="flex min-h-full items-center justify-center p-4">
      <div className="w-full max-w-md rounded-lg border border-line bg-surface p-6 shadow-sm sm:p-8">
        <a href="/" className="mb-6 inline-flex items-center gap-2 rounded text-accent">
          <BulkheadMark className="size-5" />
          <span className="text-base font-semibold text-ink">Bulkhead</span>
        </a>
        <h1 className="text-lg font-semibold">{title}</h1>
        {lead !== undefined && <p className="mt-1 text-sm text-balance text-muted">{lead}</p>}
        <div className="mt-5">{children}</div>
        {foot !== undefined && (
          <div className="mt-6 border-t border-line pt-4 text-sm text-muted">{foot}</div>
        )}
      </div>
    </main>
  )
}
