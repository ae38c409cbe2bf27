import { Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useSession } from '../session/session.ts'
import { ContainedBanner } from './contained-banner.tsx'
import { NavigationDrawer, Sidebar } from './navigation.tsx'
import { NoWorkspace } from './no-workspace.tsx'
import { PaletteHost } from './palette-host.tsx'
import { StatusStrip } from './status-strip.tsx'
import { ClockProvider } from '../ui/clock.tsx'
import { Toasts } from '../ui/toast.tsx'
import { TopBar } from './top-bar.tsx'

/** The frame of every page: places at the side, the state of the installation above, the page. */
export function Layout() {
  const { person } = useSession()
  const path = useRouterState({ select: (state) => state.location.pathname })
  const [isMenuOpen, setIsMenuOpen] = useState(false)
  const [isPaletteOpen, setIsPaletteOpen] = useState(false)
  // Another page: the drawer has done its work.
  useEffect(() => setIsMenuOpen(false), [path])
  const isSomewhere = person === null || person.workspace !== undefined || path === '/security/account'
  return (
    <ClockProvider>
      <Toasts>
        <div className="flex h-full">
          <a
            href="#main"
            className="absolute -top-10 left-2 z-20 rounded bg-accent px-3 py-1.5 text-accent-ink focus:top-2"
          >
            Skip to the page
          </a>
          <Sidebar />
          <div className="flex min-w-0 flex-1 flex-col">
            <header className="border-b border-line bg-surface">
              <TopBar onMenu={() => setIsMenuOpen(true)} onPalette={() => setIsPaletteOpen(true)} />
              {isSomewhere && <StatusStrip />}
            </header>
            <main id="main" tabIndex={0} className="min-h-0 flex-1 overflow-y-auto -outline-offset-2">
              <ContainedBanner />
              {isSomewhere ? <Outlet /> : <NoWorkspace />}
            </main>
          </div>
          {isMenuOpen && <NavigationDrawer onClose={() => setIsMenuOpen(false)} />}
          <PaletteHost isOpen={isPaletteOpen} onOpen={setIsPaletteOpen} />
        </div>
      </Toasts>
    </ClockProvider>
  )
}
