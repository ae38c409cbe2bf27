import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

const PLACES = [
  ['/security/members', 'Members'],
  ['/security/alerts', 'Alerts'],
  ['/security/account', 'Your account'],
] as const

/** The frame of the security screens. */
export function SecurityPage({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className="mx-auto flex max-w-4xl flex-col gap-4 p-4 sm:p-6">
      <div className="flex flex-wrap items-center gap-x-6 gap-y-2">
        <h1 className="text-lg font-semibold">{title}</h1>
        <nav aria-label="Security" className="flex flex-wrap gap-0.5">
          {PLACES.map(([to, label]) => (
            <Link
              key={to}
              to={to}
              className="rounded-md px-2.5 py-1 text-sm font-medium"
              activeProps={{ className: 'bg-accent-soft text-accent' }}
              inactiveProps={{ className: 'text-muted hover:bg-raised hover:text-ink' }}
            >
              {label}
            </Link>
          ))}
        </nav>
      </div>
      {children}
    </div>
  )
}
