import { useState, type FormEvent, type ReactNode } from 'react'
import type { Api } from '../api/client.ts'
import { Button } from '../ui/button.tsx'
import { CardPage } from '../ui/card-page.tsx'
import { Field } from '../ui/field.tsx'
import { A } from './password-log-in.tsx'
import { secretOf, textOf, useAct } from './use-act.ts'

/** What a new password should be like. */
export const PASSWORD_HINT =
  'A few words that you can remember do well. Passwords that are known from breaches are refused.'

/** Asks for an address; what comes of it comes by mail, so that the page tells nobody who has an account. */
export function AskByMail({
  title,
  lead,
  action,
  ask,
}: {
  readonly title: string
  readonly lead: string
  readonly action: string
  readonly ask: (email: string) => Promise<unknown>
}) {
  const [asked, setAsked] = useState<string | null>(null)
  const act = useAct()
  if (asked !== null) {
    return (
      <CardPage
        title="Check your mail"
        lead={`If there is something to send, a letter is on its way to ${asked}.`}
        foot={<A href="/">Back to sign in</A>}
      >
        <p className="text-sm text-muted">
          This page says the same for every address. The link works once; nothing arrives for an address that
          is mistyped.
        </p>
      </CardPage>
    )
  }
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const email = textOf(event.currentTarget, 'email')
    void act.run(async () => {
      await ask(email)
      setAsked(email)
    })
  }
  return (
    <CardPage title={title} lead={lead} foot={<A href="/">Back to sign in</A>}>
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
          {act.busy ? 'Sending…' : action}
        </Button>
      </form>
    </CardPage>
  )
}

/** Makes the account whose address the link proves. */
export function CompleteSignUp({
  api,
  token,
  onSignedIn,
}: {
  readonly api: Api
  readonly token: string
  readonly onSignedIn: () => void
}) {
  const act = useAct()
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = event.currentTarget
    const given = {
      name: textOf(form, 'name'),
      password: secretOf(form, 'password'),
      workspaceName: textOf(form, 'workspaceName'),
    }
    void act.run(async () => {
      await api.account.completeSignUp({
        token,
        ...(given.name === '' ? {} : { name: given.name }),
        ...(given.password === '' ? {} : { password: given.password }),
        ...(given.workspaceName === '' ? {} : { workspaceName: given.workspaceName }),
      })
      onSignedIn()
    })
  }
  return (
    <CardPage title="Welcome to Bulkhead" lead="Your address is proved. The next page adds a second factor.">
      <form onSubmit={submit}>
        <Field label="What should we call you?" name="name" maxLength={100} autoComplete="name" autoFocus />
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="new-password"
          hint={`${PASSWORD_HINT} Leave it empty to sign in with a passkey alone.`}
        />
        <Field
          label="Name of a new workspace"
          name="workspaceName"
          maxLength={200}
          hint="Leave it empty if somebody invited you to theirs."
          problem={act.problem}
        />
        <Button type="submit" look="main" className="w-full" disabled={act.busy}>
          {act.busy ? 'Making your account…' : 'Make my account'}
        </Button>
      </form>
    </CardPage>
  )
}

/** Sets a new password; it signs nobody in and drops no second factor. */
export function CompleteReset({ api, token }: { readonly api: Api; readonly token: string }) {
  const [done, setDone] = useState(false)
  const act = useAct()
  if (done) {
    return (
      <Said
        title="The password is set"
        lead="All sessions of the account have ended. Your second factors are as they were."
      />
    )
  }
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const password = secretOf(event.currentTarget, 'password')
    void act.run(async () => {
      await api.account.completeReset({ token, password })
      setDone(true)
    })
  }
  return (
    <CardPage
      title="Set a new password"
      lead="It ends every session of the account. You sign in with it afterwards."
    >
      <form onSubmit={submit}>
        <Field
          label="New password"
          name="password"
          type="password"
          required
          autoFocus
          autoComplete="new-password"
          hint={PASSWORD_HINT}
          problem={act.problem}
        />
        <Button type="submit" look="main" className="w-full" disabled={act.busy}>
          {act.busy ? 'Setting…' : 'Set the password'}
        </Button>
      </form>
    </CardPage>
  )
}

/** A link that does one thing: nothing happens before somebody presses the button, because mail scanners follow links. */
export function ConfirmLink({
  title,
  lead,
  action,
  run,
  done,
}: {
  readonly title: string
  readonly lead: ReactNode
  readonly action: string
  readonly run: () => Promise<ReactNode>
  readonly done: string
}) {
  const [said, setSaid] = useState<ReactNode>(null)
  const act = useAct()
  if (said !== null) return <Said title={done} lead={said} />
  return (
    <CardPage title={title} lead={lead}>
      <Button
        look="main"
        className="w-full"
        disabled={act.busy}
        onClick={() => void act.run(async () => setSaid(await run()))}
      >
        {act.busy ? 'One moment…' : action}
      </Button>
      <p role="alert" className="mt-3 text-sm text-bad empty:hidden">
        {act.problem}
      </p>
    </CardPage>
  )
}

/** Ends a recovery: the password is asked for where there is one. */
export function CompleteRecovery({
  api,
  token,
  onSignedIn,
}: {
  readonly api: Api
  readonly token: string
  readonly onSignedIn: () => void
}) {
  const act = useAct()
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const password = secretOf(event.currentTarget, 'password')
    void act.run(async () => {
      await api.account.completeRecovery({ token, ...(password === '' ? {} : { password }) })
      onSignedIn()
    })
  }
  return (
    <CardPage
      title="Finish the recovery"
      lead="The second factors that you lost are dropped now, and you add a new one on the next page."
    >
      <form onSubmit={submit}>
        <Field
          label="Password"
          name="password"
          type="password"
          autoFocus
          autoComplete="current-password"
          hint="Leave it empty if your account has none."
          problem={act.problem}
        />
        <Button type="submit" look="main" className="w-full" disabled={act.busy}>
          {act.busy ? 'One moment…' : 'Finish'}
        </Button>
      </form>
    </CardPage>
  )
}

export function Said({ title, lead }: { readonly title: string; readonly lead: ReactNode }) {
  return (
    <CardPage title={title} lead={lead}>
      <a
        href="/"
        className="inline-flex h-8 w-full items-center justify-center rounded-md bg-accent px-3 text-sm font-medium text-accent-ink"
      >
        Sign in
      </a>
    </CardPage>
  )
}
