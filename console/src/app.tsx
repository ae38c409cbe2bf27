import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react'
import { createApi, type Api } from './api/client.ts'
import { isSignedOut } from './api/problem.ts'
import { createConsoleRouter } from './router.tsx'
import { loadKey, saveKey } from './session/key-store.ts'
import { readHash } from './session/read-hash.ts'
import { SessionContext } from './session/session.ts'
import { useLive } from './session/use-live.ts'
import { SignIn } from './shell/sign-in.tsx'

const REFUSED =
  'The server no longer takes this key. It may have been revoked, or the data directory is a new one.'

interface Key {
  readonly token: string | null
  /** Why a key that was there is not any more. */
  readonly notice: string | undefined
}

export function App() {
  const [key, setKey] = useState<Key>(() => ({ token: takeHash() ?? loadKey(), notice: undefined }))
  useEffect(() => {
    // A console URL that is pasted into an open console changes the fragment only.
    const take = (): void => {
      const token = takeHash()
      if (token !== undefined) setKey({ token, notice: undefined })
    }
    window.addEventListener('hashchange', take)
    return () => window.removeEventListener('hashchange', take)
  }, [])
  const signOut = useCallback((notice?: string) => {
    saveKey(null)
    setKey({ token: null, notice })
  }, [])
  const signIn = (token: string): void => {
    saveKey(token)
    setKey({ token, notice: undefined })
  }
  if (key.token === null) return <SignIn notice={key.notice} onSignIn={signIn} />
  return <SignedIn key={key.token} token={key.token} onSignOut={signOut} />
}

/** Moves a key out of the address bar into the tab's storage, and a page named in the fragment into the path. */
function takeHash(): string | undefined {
  const { token, path } = readHash(location.hash)
  if (token !== undefined) saveKey(token)
  if (token !== undefined || path !== undefined)
    history.replaceState(null, '', path ?? `${location.pathname}${location.search}`)
  return token
}

function SignedIn({
  token,
  onSignOut,
}: {
  readonly token: string
  readonly onSignOut: (notice?: string) => void
}) {
  const api = useMemo(() => createApi(token), [token])
  const [router] = useState(createConsoleRouter)
  const [client] = useState(() => createClient(onSignOut))
  return (
    <QueryClientProvider client={client}>
      <LiveSession api={api} token={token} onSignOut={onSignOut}>
        <RouterProvider router={router} />
      </LiveSession>
    </QueryClientProvider>
  )
}

function LiveSession({
  api,
  token,
  onSignOut,
  children,
}: {
  readonly api: Api
  readonly token: string
  readonly onSignOut: (notice?: string) => void
  readonly children: ReactNode
}) {
  const refused = useCallback(() => onSignOut(REFUSED), [onSignOut])
  const live = useLive(api, refused)
  const session = useMemo(
    () => ({ api, token, live, signOut: () => onSignOut() }),
    [api, token, live, onSignOut],
  )
  return <SessionContext value={session}>{children}</SessionContext>
}

function createClient(onSignOut: (notice: string) => void): QueryClient {
  const onError = (error: Error): void => {
    if (isSignedOut(error)) onSignOut(REFUSED)
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      mutations: { networkMode: 'always' },
      queries: {
        staleTime: 2_000,
        // The client tries again by itself.
        retry: false,
        // A laptop without a network still reaches the installation on itself.
        networkMode: 'always',
      },
    },
  })
}
