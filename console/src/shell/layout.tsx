import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import type { ComponentType, ReactNode } from 'react'
import { useSession, type Person } from '../session/session.ts'
import { IconButton } from '../ui/button.tsx'
import {
  BulkheadMark,
  HomeIcon,
  InboxIcon,
  MessagesIcon,
  MoonIcon,
  PersonIcon,
  ShieldIcon,
  SignOutIcon,
  SunIcon,
} from '../ui/icons.tsx'
import { LiveMark } from './live-mark.tsx'
import { NoWorkspace } from './no-workspace.tsx'
import { StatusStrip } from './status-strip.tsx'
import { useTheme } from './theme.ts'

/** The frame of every page: navigation, the state of the installation, the page. */
export function Layout() {
  const { signOut, person } = useSession()
  const { theme, toggle } = useTheme()
  const path = useRouterState({ select: (state) => state.location.pathname })
  const isSomewhere = person === null || person.workspace !== undefined || path === '/security/account'
  return (
    <div className="flex h-full flex-col">
      <a
        href="#main"
        className="absolute -top-10 left-2 z-20 rounded bg-accent px-3 py-1.5 text-accent-ink focus:top-2"
      >
        Skip to the page
      </a>
      <header className="border-b border-line bg-surface">
        {/* People have more in it than a phone is wide: the places get a line of their own. */}
        <div
          className={`flex items-center gap-1 px-3 sm:px-4 ${person === null ? 'h-12' : 'min-h-12 flex-wrap lg:flex-nowrap'}`}
        >
          <Link
            to="/"
            className="mr-3 flex items-center gap-2 rounded text-accent"
            aria-label="Bulkhead, home"
          >
            <BulkheadMark className="size-5" />
            <span className="hidden text-base font-semibold text-ink sm:inline">Bulkhead</span>
          </Link>
          <nav
            aria-label="Main"
            className={`flex items-center gap-0.5 ${person === null ? '' : 'order-last mb-1.5 w-full lg:order-none lg:mb-0 lg:w-auto'}`}
          >
            <Place to="/" exact icon={HomeIcon}>
              Home
            </Place>
            <Place to="/inbox" icon={InboxIcon}>
              Inbox
            </Place>
            <Place to="/messages" icon={MessagesIcon}>
              Messages
            </Place>
            {person !== null && (
              <Place to="/security/members" icon={ShieldIcon}>
                Security
              </Place>
            )}
          </nav>
          <div className="ml-auto flex min-w-0 items-center gap-1">
            {person !== null && <WorkspaceChoice person={person} />}
            <LiveMark />
            {person !== null && (
              <Link
                to="/security/account"
                aria-label="Your account"
                title={`Your account: ${person.account.email}`}
                className="inline-flex size-8 shrink-0 items-center justify-center rounded-md text-muted hover:bg-raised hover:text-ink"
              >
                <PersonIcon />
              </Link>
            )}
            <IconButton
              label={theme === 'dark' ? 'Use the light theme' : 'Use the dark theme'}
              onClick={toggle}
            >
              {theme === 'dark' ? <SunIcon /> : <MoonIcon />}
            </IconButton>
            <IconButton label="Sign out" onClick={signOut}>
              <SignOutIcon />
            </IconButton>
          </div>
        </div>
        {isSomewhere && <StatusStrip />}
      </header>
      <main id="main" tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto outline-none">
        {isSomewhere ? <Outlet /> : <NoWorkspace />}
      </main>
    </div>
  )
}

function Place({
  to,
  exact = false,
  icon: Icon,
  children,
}: {
  readonly to: '/' | '/inbox' | '/messages' | '/security/members'
  readonly exact?: boolean
  readonly icon: ComponentType<{ readonly className?: string }>
  readonly children: ReactNode
}) {
  return (
    <Link
      to={to}
      activeOptions={{ exact, includeSearch: false }}
      className="flex h-8 items-center gap-1.5 rounded-md px-2 text-sm font-medium sm:px-2.5"
      activeProps={{ className: 'bg-accent-soft text-accent' }}
      inactiveProps={{ className: 'text-muted hover:bg-raised hover:text-ink' }}
    >
      <Icon className="hidden size-4 min-[400px]:block" />
      {children}
    </Link>
  )
}

/** Where the person works; a name alone where there is one only. */
function WorkspaceChoice({ person }: { readonly person: Person }) {
  const { workspaces } = person.account
  const [only] = workspaces
  if (only === undefined) return null
  if (workspaces.length === 1)
    return <span className="hidden max-w-40 truncate px-1 text-sm text-muted md:inline">{only.name}</span>
  return (
    <select
      aria-label="Workspace"
      value={person.workspace}
      onChange={(event) => person.chooseWorkspace(event.target.value)}
      className="h-8 max-w-28 min-w-0 rounded-md border border-line-strong bg-surface px-1.5 text-sm sm:max-w-44"
    >
      {workspaces.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  )
}
