import { Link } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { useAccess } from '../session/access.ts'
import { useSession } from '../session/session.ts'
import { IconButton } from '../ui/button.tsx'
import { BulkheadMark, CrossIcon } from '../ui/icons.tsx'
import { ClockChoice } from './clock-choice.tsx'
import { ACCOUNT_PLACE, placesFor, type Place } from './places.ts'

/** The places at the side of wide screens. */
export function Sidebar() {
  return (
    <aside className="hidden w-52 shrink-0 flex-col border-r border-line bg-surface lg:flex">
      <Brand />
      <Places />
    </aside>
  )
}

/** The same over the page where the screen is narrow; the browser's dialog keeps the focus inside and closes on Esc. */
export function NavigationDrawer({ onClose }: { readonly onClose: () => void }) {
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    element.current?.showModal()
  }, [])
  return (
    <dialog
      ref={element}
      aria-label="Menu"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === element.current) onClose()
      }}
      className="m-0 h-full max-h-none w-64 max-w-[80vw] border-r border-line bg-surface p-0 text-ink"
    >
      <div className="flex h-full flex-col">
        <div className="flex items-center pr-2">
          <Brand />
          <IconButton label="Close the menu" onClick={onClose} className="ml-auto">
            <CrossIcon />
          </IconButton>
        </div>
        <Places />
      </div>
    </dialog>
  )
}

function Brand() {
  return (
    <Link
      to="/"
      className="flex h-12 shrink-0 items-center gap-2 rounded px-4 text-accent"
      aria-label="Bulkhead, home"
    >
      <BulkheadMark className="size-5" />
      <span className="text-base font-semibold text-ink">Bulkhead</span>
    </Link>
  )
}

function Places() {
  const access = useAccess()
  const { person } = useSession()
  return (
    <nav aria-label="Main" className="flex min-h-0 flex-1 flex-col">
      <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-3">
        {placesFor(access).map(({ title, places }) => (
          <div key={title ?? ''} className="mt-3 first:mt-1">
            {title !== null && (
              <h2 className="px-2 pb-1 text-xs font-semibold tracking-wide text-muted">{title}</h2>
            )}
            <ul className="flex flex-col gap-px">
              {places.map((item) => (
                <PlaceLink key={item.label} place={item} />
              ))}
            </ul>
          </div>
        ))}
      </div>
      <div className="flex shrink-0 flex-col gap-1.5 border-t border-line px-2 py-2">
        {person !== null && (
          <ul>
            <PlaceLink place={ACCOUNT_PLACE} />
          </ul>
        )}
        <ClockChoice />
      </div>
    </nav>
  )
}

function PlaceLink({ place: { to, label, icon: Icon } }: { readonly place: Place }) {
  return (
    <li>
      <Link
        to={to}
        activeOptions={{ exact: to === '/', includeSearch: false }}
        className="flex h-8 items-center gap-2.5 rounded-md px-2 text-sm font-medium"
        activeProps={{ className: 'bg-accent-soft text-accent' }}
        inactiveProps={{ className: 'text-muted hover:bg-raised hover:text-ink' }}
      >
        <Icon className="size-4 shrink-0" />
        {label}
      </Link>
    </li>
  )
}
