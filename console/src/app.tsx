import { MutationCache, QueryCache, QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { outsidePage } from './account/outside-page.ts'
import { LogIn } from './account/password-log-in.tsx'
import { StepUp } from './account/step-up.tsx'
import { createApi, createPersonApi, type Api } from './api/client.ts'
import { queries } from './api/queries.ts'
import { isSignedOut } from './api/problem.ts'
import { createConsoleRouter } from './router.tsx'
import { loadKey, saveKey } from './session/key-store.ts'
import { readHash } from './session/read-hash.ts'
import { AccessContext, accessOf } from './session/access.ts'
import { SessionContext, useSession, type Account, type Person } from './session/session.ts'
import { useLive } from './session/use-live.ts'
import { loadWorkspace, saveWorkspace } from './session/workspace-store.ts'
import { SignIn } from './shell/sign-in.tsx'
import { WorkspaceChoice } from './shell/workspace-choice.tsx'
import { Button } from './ui/button.tsx'
import { Failure } from './ui/states.tsx'

const KEY_REFUSED =
  'The server no longer takes this key. It may have been revoked, or the data directory is a new one.'
const SESSION_ENDED = 'Your session has ended. Sign in again.'
const RETRY_MS = 5_000

/** Pages that few people see, and those once. Signing in and step-up come with the first load: they must work when the server is away. */
const Outside = lazy(() =>
  import('./account/outside.tsx').then(({ Outside: component }) => ({ default: component }), unloaded),
)
const Enrol = lazy(() =>
  import('./account/enrol.tsx').then(({ Enrol: component }) => ({ default: component }), unloaded),
)

function unloaded(error: unknown) {
  return { default: () => <Failure error={error} onRetry={() => location.reload()} /> }
}

/** Who is at the page: `asking` until the server has said whose session the browser holds. */
type Who =
  | { readonly kind: 'asking' }
  /** The server did not say whose session it is: that is no reason to ask for a password. */
  | { readonly kind: 'unknown'; readonly error: unknown }
  | {
      readonly kind: 'nobody'
      readonly notice: string | undefined
      readonly byKey: boolean
      /** The server did not confirm that the session is over. */
      readonly mayBeSignedIn: boolean
    }
  | { readonly kind: 'key'; readonly token: string }
  | { readonly kind: 'person'; readonly account: Account }

export function App() {
  const [page, setPage] = useState(() => outsidePage(location.pathname))
  const [who, setWho] = useState<Who>(begin)
  const anybody = useMemo(() => createPersonApi({}), [])
  const ask = useCallback(async () => {
    const next = await whoIs(anybody)
    // Somebody may have come with a key meanwhile.
    setWho((now) => (now.kind === 'asking' || now.kind === 'unknown' ? next : now))
  }, [anybody])
  useEffect(() => {
    if (who.kind === 'asking' && page === null) void ask()
  }, [who.kind, page, ask])
  useEffect(() => {
    if (who.kind !== 'unknown') return
    const timer = setTimeout(() => void ask(), RETRY_MS)
    return () => clearTimeout(timer)
  }, [who, ask])
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
    setWho({ ...NOBODY, notice })
  }, [])
  const logOut = useCallback(
    (notice?: string) => {
      leave(notice)
      anybody.sessions.logOut().catch((error: unknown) => {
        if (isSignedOut(error)) return
        setWho((now) => (now.kind === 'nobody' ? { ...now, mayBeSignedIn: true } : now))
      })
    },
    [anybody, leave],
  )
  if (page !== null) {
    return (
      <Suspense fallback={<Waiting />}>
        <Outside api={anybody} page={page} onSignedIn={enter} />
      </Suspense>
    )
  }
  switch (who.kind) {
    case 'asking':
      return <Waiting />
    case 'unknown':
      return (
        <main className="flex min-h-full items-center justify-center p-4">
          <Failure error={who.error} onRetry={() => void ask()} />
        </main>
      )
    case 'nobody':
      return who.byKey ? (
        <SignIn
          notice={who.notice}
          onSignIn={(token) => {
            saveKey(token)
            setWho({ kind: 'key', token })
          }}
          onUseAccount={() => setWho({ ...who, notice: undefined, byKey: false })}
        />
      ) : (
        <LogIn
          api={anybody}
          notice={who.notice}
          mayBeSignedIn={who.mayBeSignedIn}
          onSignedIn={enter}
          onUseKey={() => setWho({ ...who, notice: undefined, byKey: true })}
        />
      )
    case 'key':
      return <WithKey key={who.token} token={who.token} onSignOut={leave} />
    case 'person':
      return who.account.session.level === 'enrolment' ? (
        <Suspense fallback={<Waiting />}>
          <Enrol
            api={anybody}
            email={who.account.email}
            hasPassword={who.account.hasPassword}
            onDone={enter}
            onLeave={logOut}
          />
        </Suspense>
      ) : (
        <AsPerson key={who.account.id} account={who.account} onSignOut={logOut} />
      )
  }
}

const NOBODY = { kind: 'nobody', notice: undefined, byKey: false, mayBeSignedIn: false } as const

async function whoIs(api: Api): Promise<Who> {
  try {
    return { kind: 'person', account: await api.account.get() }
  } catch (error) {
    return isSignedOut(error) ? NOBODY : { kind: 'unknown', error }
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
        <WithAccess api={api}>
          <RouterProvider router={router} />
        </WithAccess>
      </LiveSession>
    </QueryClientProvider>
  )
}

/** Nothing is shown before it is known what may be shown. A containment is noticed within half a minute, or when something is refused. */
function WithAccess({ api, children }: { readonly api: Api; readonly children: ReactNode }) {
  const { person, signOut } = useSession()
  const answer = useQuery(queries.access(api))
  const access = useMemo(() => (answer.data === undefined ? null : accessOf(answer.data)), [answer.data])
  if (access !== null) return <AccessContext value={access}>{children}</AccessContext>
  if (answer.isError) {
    return (
      <main className="flex min-h-full items-center justify-center p-4">
        <Failure
          error={answer.error}
          onRetry={() => void answer.refetch()}
          ways={
            <>
              {person !== null && person.account.workspaces.length > 1 && <WorkspaceChoice person={person} />}
              <Button onClick={signOut}>Sign out</Button>
            </>
          }
        />
      </main>
    )
  }
  return <Waiting />
}

function Waiting() {
  return (
    <p className="sr-only" role="status">
      Loading
    </p>
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
