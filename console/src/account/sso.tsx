import { useEffect, useState, type FormEvent } from 'react'
import type { Api } from '../api/client.ts'
import { saveWorkspace } from '../session/workspace-store.ts'
import { Button } from '../ui/button.tsx'
import { CardPage } from '../ui/card-page.tsx'
import { Field } from '../ui/field.tsx'
import { departFor, TEST_VERIFIER, VERIFIER } from './depart.ts'
import { Said } from './mail-pages.tsx'
import { A } from './password-log-in.tsx'
import { textOf, useAct, wordsOf } from './use-act.ts'

/** Asks for the address whose domain tells the provider. The server says the same for every domain. */
export function AskSso({ api }: { readonly api: Api }) {
  const act = useAct()
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const email = textOf(event.currentTarget, 'email')
    void act.run(() => departFor(api, { email }))
  }
  return (
    <CardPage
      title="Sign in through your company"
      lead="Your work address tells us where to send you."
      foot={<A href="/">Back to sign in</A>}
    >
      <form onSubmit={submit}>
        <Field
          label="E-mail"
          name="email"
          type="email"
          required
          autoFocus
          autoComplete="username"
          problem={act.problem}
        />
        <Button type="submit" look="main" className="w-full" disabled={act.busy}>
          {act.busy ? 'One moment…' : 'Go on'}
        </Button>
      </form>
    </CardPage>
  )
}

/** Where `bulkhead sso test` leads; `begun` is what stood behind the #. The terminal asks the server how it ended. */
export function TestSso({ begun }: { readonly begun: string }) {
  const shown = new URLSearchParams(begun)
  const [state, verifier] = [shown.get('state'), shown.get('verifier')]
  if (state === null || verifier === null)
    return <Said title="This link leads nowhere" lead="It may be mistyped. Begin again in the terminal." />
  const go = (): void => {
    sessionStorage.removeItem(VERIFIER)
    sessionStorage.setItem(TEST_VERIFIER, verifier)
    location.assign(`/v1/sso/go?${new URLSearchParams({ state }).toString()}`)
  }
  return (
    <CardPage
      title="Try the provider"
      lead="You sign in there once. Nobody is signed in here by it; the connection counts as tested."
      foot={<A href="/">Back to sign in</A>}
    >
      <Button type="button" look="main" className="w-full" onClick={go}>
        Go to the provider
      </Button>
    </CardPage>
  )
}

type End =
  | { readonly state: 'ending' }
  | { readonly state: 'tested'; readonly email: string }
  | { readonly state: 'failed'; readonly why: string }

/** Where the provider sends the browser back to; `shown` is what stood behind the #. */
export function FinishSso({
  api,
  shown,
  onSignedIn,
}: {
  readonly api: Api
  readonly shown: string
  readonly onSignedIn: () => void
}) {
  const [end, setEnd] = useState<End>({ state: 'ending' })
  useEffect(() => {
    const test = sessionStorage.getItem(TEST_VERIFIER)
    const kept = test ?? sessionStorage.getItem(VERIFIER)
    // Once: a strict second run of this effect finds nothing any more.
    if (kept === null && new URLSearchParams(shown).has('code')) return
    sessionStorage.removeItem(VERIFIER)
    sessionStorage.removeItem(TEST_VERIFIER)
    finish(api, new URLSearchParams(shown), kept, test !== null).then(
      (email) => (email === null ? onSignedIn() : setEnd({ state: 'tested', email })),
      (error: unknown) => setEnd({ state: 'failed', why: wordsOf(error) }),
    )
  }, [api, shown, onSignedIn])
  switch (end.state) {
    case 'ending':
      return (
        <CardPage
          title="Signing in…"
          lead="Your provider has sent you back."
          foot={<A href="/sso">Start again</A>}
        >
          <p role="status" className="text-sm text-muted">
            One moment. Nothing happens where another tab has begun: start again in this one.
          </p>
        </CardPage>
      )
    case 'tested':
      return <Said title="The connection works" lead={`The provider vouches for ${end.email}.`} />
    case 'failed':
      return (
        <CardPage title="That did not work" lead={end.why} foot={<A href="/sso">Start again</A>}>
          <p className="text-sm text-muted">Your own sign-in, with password or passkey, works as before.</p>
        </CardPage>
      )
  }
}

/** Answers the address of a test; null where somebody is signed in. */
async function finish(
  api: Api,
  shown: URLSearchParams,
  verifier: string | null,
  isTest: boolean,
): Promise<string | null> {
  const [code, state, issuer] = [shown.get('code'), shown.get('state'), shown.get('iss')]
  if (code === null || state === null || verifier === null)
    throw new Error('No provider is connected for this address, or it has refused.')
  const { workspaceId, testedWith } = await api.sso.finish({
    code,
    state,
    verifier,
    // In a test no cookie may come back, whatever the link that began it was really of.
    transport: isTest ? 'token' : 'cookie',
    ...(issuer === null ? {} : { issuer }),
  })
  if (isTest && testedWith === null)
    throw new Error('That was no test of a provider, and nobody was signed in. Begin again in the terminal.')
  if (workspaceId !== null) saveWorkspace(workspaceId)
  return testedWith
}
