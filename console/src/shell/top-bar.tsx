import { Link } from '@tanstack/react-router'
import { useAccess } from '../session/access.ts'
import { useSession, type Person } from '../session/session.ts'
import { IconButton } from '../ui/button.tsx'
import { Chip } from '../ui/chip.tsx'
import {
  BulkheadMark,
  MenuIcon,
  MoonIcon,
  PersonIcon,
  SearchIcon,
  SignOutIcon,
  SunIcon,
} from '../ui/icons.tsx'
import { LiveMark } from './live-mark.tsx'
import { useTheme } from './theme.ts'
import { WorkspaceChoice } from './workspace-choice.tsx'

/** Where one is, the way to everything else, and oneself. */
export function TopBar({
  onMenu,
  onPalette,
}: {
  readonly onMenu: () => void
  readonly onPalette: () => void
}) {
  const { signOut, person } = useSession()
  const { theme, toggle } = useTheme()
  return (
    <div className="flex h-12 items-center gap-1 px-2 sm:px-4">
      <IconButton label="Open the menu" onClick={onMenu} className="lg:hidden">
        <MenuIcon />
      </IconButton>
      <Link to="/" aria-label="Bulkhead, home" className="mr-1 rounded p-1 text-accent lg:hidden">
        <BulkheadMark className="size-5" />
      </Link>
      <Whereabouts person={person} />
      <button
        type="button"
        onClick={onPalette}
        aria-keyshortcuts="Control+K Meta+K"
        className="ml-auto inline-flex h-8 items-center gap-2 rounded-md border border-line-strong bg-surface px-2 text-sm text-muted hover:bg-raised hover:text-ink sm:w-56"
      >
        <SearchIcon className="size-3.5 shrink-0" />
        <span className="sr-only sm:not-sr-only">Go to or search</span>
        <kbd className="ml-auto hidden rounded border border-line px-1 font-sans text-xs sm:inline">
          Ctrl K
        </kbd>
      </button>
      <span className="ml-1 flex items-center">
        <LiveMark />
      </span>
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
      <IconButton label={theme === 'dark' ? 'Use the light theme' : 'Use the dark theme'} onClick={toggle}>
        {theme === 'dark' ? <SunIcon /> : <MoonIcon />}
      </IconButton>
      <IconButton label="Sign out" onClick={signOut}>
        <SignOutIcon />
      </IconButton>
    </div>
  )
}

/** The workspace: a choice where there are several. The operator's key is in none. */
function Whereabouts({ person }: { readonly person: Person | null }) {
  const { isOperator, workspace, installation } = useAccess()
  return (
    <div className="flex min-w-0 items-center gap-2">
      {person !== null && person.account.workspaces.length > 1 ? (
        <WorkspaceChoice person={person} />
      ) : (
        <span className="max-w-28 min-w-0 truncate px-1 text-sm font-medium sm:max-w-60">
          {isOperator ? 'The installation' : (workspace?.name ?? '')}
        </span>
      )}
      {installation.outbound === 'capture' && (
        <span className="hidden md:inline">
          <Chip
            tone="info"
            title="All mail lands in the local inbox. BULKHEAD_OUTBOUND=direct sends for real."
          >
            nothing leaves
          </Chip>
        </span>
      )}
    </div>
  )
}
