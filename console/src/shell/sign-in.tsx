import { BulkheadError } from '@bulkhead/sdk'
import { useState, type FormEvent } from 'react'
import { createApi } from '../api/client.ts'
import { describeFailure, isSignedOut } from '../api/problem.ts'
import { Button, LinkButton } from '../ui/button.tsx'
import { BulkheadMark } from '../ui/icons.tsx'

/** Asks for an API key: for developers, who have one before they have an account. */
export function SignIn({
  notice,
  onSignIn,
  onUseAccount,
}: {
  readonly notice: string | undefined
  readonly onSignIn: (token: string) => void
  readonly onUseAccount: () => void
}) {
  const [problem, setProblem] = useState(notice)
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    const given = new FormData(event.currentTarget).get('key')
    const token = typeof given === 'string' ? given.trim() : ''
    setBusy(true)
    const refusal = await check(token)
    setBusy(false)
    if (refusal === undefined) onSignIn(token)
    else setProblem(refusal)
  }
  return (
    <main className="flex min-h-full items-center justify-center p-4">
      <form
        onSubmit={(event) => void submit(event)}
        className="w-full max-w-md rounded-lg border border-line bg-surface p-6 shadow-sm sm:p-8"
      >
        <div className="mb-6 flex items-center gap-2 text-accent">
          <BulkheadMark className="size-5" />
          <span className="text-base font-semibold text-ink">Bulkhead</span>
        </div>
        <h1 className="text-lg font-semibold">Sign in with an API key</h1>
        <p className="mt-1 mb-4 text-sm text-muted">
          The key stays in this browser tab and is gone when you close it.
        </p>
        <label htmlFor="key" className="mb-1 block text-sm font-medium">
          API key
        </label>
        <input
          id="key"
          name="key"
          type="password"
          required
          autoFocus
          autoComplete="off"
          spellCheck={false}
          placeholder="bhk_…"
          aria-invalid={problem !== undefined}
          aria-describedby="key-problem"
          className="h-9 w-full rounded-md border border-line-strong bg-surface px-3 font-mono text-sm placeholder:text-muted"
        />
        <p id="key-problem" role="alert" className="mt-2 text-sm text-bad empty:hidden">
          {problem}
        </p>
        <Button type="submit" look="main" className="mt-4 w-full" disabled={busy}>
          {busy ? 'Checking…' : 'Sign in'}
        </Button>
        <div className="mt-6 border-t border-line pt-4 text-sm text-muted">
          <p className="mb-2 font-medium text-ink">Where is my key?</p>
          <ul className="list-disc space-y-1.5 pl-4">
            <li>
              The terminal that ran <Code>npm start</Code> prints a console address that holds it: open that
              one.
            </li>
            <li>
              In development it is also in <Code>.bulkhead/development.json</Code>, as <Code>apiKey</Code>.
            </li>
          </ul>
          <LinkButton onClick={onUseAccount} className="mt-3">
            Sign in with your account instead
          </LinkButton>
        </div>
      </form>
    </main>
  )
}

function Code({ children }: { readonly children: string }) {
  return <code className="rounded bg-raised px-1 py-px font-mono text-xs text-ink">{children}</code>
}

/** Why a key does not open the console; undefined where it does. A key that lacks a scope is still a key. */
async function check(token: string): Promise<string | undefined> {
  if (!/^[\x21-\x7e]{8,200}$/.test(token))
    return 'This is not an API key: they begin with bhk_ and hold no blanks.'
  try {
    await createApi(token).queue.get()
    return undefined
  } catch (error) {
    if (error instanceof BulkheadError && error.status === 403) return undefined
    if (isSignedOut(error))
      return 'The server does not know this key. Was it copied whole? It may also be revoked or expired.'
    const { title, detail } = describeFailure(error)
    return `${title}. ${detail}`
  }
}
