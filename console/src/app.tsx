import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { Enrol } from './account/enrol.tsx'
import { Outside, outsidePage } from './account/outside.tsx'
import { LogIn } from './account/password-log-in.tsx'
import { StepUp } from './account/step-up.tsx'
import { createApi, createPersonApi, type Api } from './api/client.ts'
import { isSignedOut } from './api/problem.ts'
import { createConsoleRouter } from './router.tsx'
import { loadKey, saveKey } from './session/key-store.ts'
import { readHash } from './session/read-hash.ts'
import { SessionContext, type Account, type Person } from './session/session.ts'
import { useLive } from './session/use-live.ts'
import { loadWorkspace, saveWorkspace } from './session/workspace-store.ts'
import { SignIn } from './shell/sign-in.tsx'

const KEY_REFUSED =
  'The server no longer takes this key. It may have been revoked, or the data directory is a new one.'
const SESSION_ENDED = 'Your session has ended. Sign in again.'

/** Who is at the page: `asking` until the server has said whose session the browser holds. */
type Who =
  | { readonly kind: 'asking' }
  | { readonly kind: 'nobody'; readonly notice: string | undefined; readonly byKey: boolean }
  | { readonly kind: 'key'; readonly token: string }
  | { readonly kind: 'person'; readonly account: Account }

export function App() {
  const [page, setPage] = useState(() => outsidePage(location.pathname))
  const [who, setWho] = useState<Who>(begin)
  const anybody = useMemo(() => createPersonApi({}), [])
  const ask = useCallback(async () => {
    try {
      setWho({ kind: 'person', account: await anybody.account.get() })
    } catch (error) {
      setWho({
        kind: 'nobody',
        notice: isSignedOut(error) ? undefined : 'The server does not answer.',
        byKey: false,
      })
    }
  }, [anybody])
  useEffect(() => {
    if (who.kind === 'asking' && page === null) void ask()
  }, [who.kind, page, ask])
  useEffect(() => {
    // A console URL that is pasted into an open console changes the fragment only.
    const take = (): void => {
      const token = takeHash()
      if (token !== undefined) setWho({ kind: 'key', token })
    }
    if (page !== null) return
    window.addEventListener('hashchange', take)
    return () => window.removeEventListener('hashchange', take)
  }, [page])
  useEffect(() => {
    if (who.kind !== 'person') return
    // Another tab may have signed somebody else in: what this one shows is no longer whose requests it sends.
    const look = (): void => {
      if (document.visibilityState !== 'visible') return
      anybody.account.get().then(
        (account) => {
          if (account.id !== who.account.id || account.session.level !== who.account.session.level)
            setWho({ kind: 'person', account })
        },
        () => undefined,
      )
    }
    document.addEventListener('visibilitychange', look)
    window.addEventListener('focus', look)
    return () => {
      document.removeEventListener('visibilitychange', look)
      window.removeEventListener('focus', look)
    }
  }, [who, anybody])
  const enter = useCallback(() => {
    saveKey(null)
    if (outsidePage(location.pathname) !== null) history.replaceState(null, '', '/')
    setPage(null)
    setWho({ kind: 'asking' })
  }, [])
  const leave = useCallback((notice?: string) => {
    saveKey(null)
    setWho({ kind: 'nobody', notice, byKey: false })
  }, [])
  const logOut = useCallback(
    (notice?: string) => {
      void anybody.sessions.logOut().catch(() => undefined)
      leave(notice)
    },
    [anybody, leave],
  )
  if (page !== null) return <Outside api={anybody} page={page} onSignedIn={enter} />
  switch (who.kind) {
    case 'asking':
      return (
        <p className="sr-only" role="status">
          Loading
        </p>
      )
    case 'nobody':
      return who.byKey ? (
        <SignIn
          notice={who.notice}
          onSignIn={(token) => {
            saveKey(token)
            setWho({ kind: 'key', token })
          }}
          onUseAccount={() => leave()}
        />
      ) : (
        <LogIn
          api={anybody}
          notice={who.notice}
          onSignedIn={enter}
          onUseKey={() => setWho({ kind: 'nobody', notice: undefined, byKey: true })}
        />
      )
    case 'key':
      return <WithKey key={who.token} token={who.token} onSignOut={leave} />
    case 'person':
      return who.account.session.level === 'enrolment' ? (
        <Enrol api={anybody} onDone={enter} onLeave={logOut} />
      ) : (
        <AsPerson key={who.account.id} account={who.account} onSignOut={logOut} />
      )
  }
}

function begin(): Who {
  const token = outsidePage(location.pathname) === null ? (takeHash() ?? loadKey()) : null
  return token === null ? { kind: 'asking' } : { kind: 'key', token }
}

/** Moves a key out of the address bar into the tab's storage, and a page named in the fragment into the path. */
function takeHash(): string | undefined {
  const { token, path } = readHash(location.hash, location.hostname)
  if (token !== undefined) saveKey(token)
  if (token !== undefined || path !== undefined || location.hash.startsWith('#token='))
    history.replaceState(null, '', path ?? `${location.pathname}${location.search}`)
  return token
}

function WithKey({
  token,
  onSignOut,
}: {
  readonly token: string
  readonly onSignOut: (notice?: string) => void
}) {
  const api = useMemo(() => createApi(token), [token])
  return <Inside api={api} token={token} person={null} refusal={KEY_REFUSED} onSignOut={onSignOut} />
}

/** Everything below is made anew for another workspace: nothing of one is shown in the other. */
function AsPerson({
  account,
  onSignOut,
}: {
  readonly account: Account
  readonly onSignOut: (notice?: string) => void
}) {
  const [chosen, setChosen] = useState(loadWorkspace)
  const workspace = (account.workspaces.find(({ id }) => id === chosen) ?? account.workspaces[0])?.id
  const [asked, setAsked] = useState(false)
  const waiting = useRef<((shown: boolean) => void)[]>([])
  const stepUp = useCallback(
    () =>
      new Promise<boolean>((resolve) => {
        waiting.current.push(resolve)
        setAsked(true)
      }),
    [],
  )
  const answer = useCallback((shown: boolean) => {
    setAsked(false)
    for (const resolve of waiting.current.splice(0)) resolve(shown)
  }, [])
  const api = useMemo(() => createPersonApi({ workspace, stepUp }), [workspace, stepUp])
  const plain = useMemo(() => createPersonApi({}), [])
  const chooseWorkspace = useCallback((id: string) => {
    saveWorkspace(id)
    setChosen(id)
  }, [])
  const person = useMemo(
    () => ({ account, workspace, chooseWorkspace }),
    [account, workspace, chooseWorkspace],
  )
  return (
    <>
      <Inside
        key={workspace}
        api={api}
        token={null}
        person={person}
        refusal={SESSION_ENDED}
        onSignOut={onSignOut}
      />
      {asked && (
        <StepUp
          api={plain}
          ssoWorkspace={account.session.factor === 'sso' ? workspace : undefined}
          onDone={answer}
        />
      )}
    </>
  )
}

function Inside({
  api,
  token,
  person,
  refusal,
  onSignOut,
}: {
  readonly api: Api
  readonly token: string | null
  readonly person: Person | null
  readonly refusal: string
  readonly onSignOut: (notice?: string) => void
}) {
  const [router] = useState(createConsoleRouter)
  const refused = useCallback(() => onSignOut(refusal), [onSignOut, refusal])
  const [client] = useState(() => createClient(refused))
  return (
    <QueryClientProvider client={client}>
      <LiveSession api={api} token={token} person={person} onRefused={refused} onSignOut={onSignOut}>
        <RouterProvider router={router} />
      </LiveSession>
    </QueryClientProvider>
  )
}

function LiveSession({
  api,
  token,
  person,
  onRefused,
  onSignOut,
  children,
}: {
  readonly api: Api
  readonly token: string | null
  readonly person: Person | null
  readonly onRefused: () => void
  readonly onSignOut: (notice?: string) => void
  readonly children: ReactNode
}) {
  const live = useLive(api, onRefused)
  const session = useMemo(
    () => ({ api, token, person, live, signOut: () => onSignOut() }),
    [api, token, person, live, onSignOut],
  )
  return <SessionContext value={session}>{children}</SessionContext>
}

function createClient(onRefused: () => void): QueryClient {
  const onError = (error: Error): void => {
    if (isSignedOut(error)) onRefused()
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
