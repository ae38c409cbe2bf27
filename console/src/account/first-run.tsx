import { useEffect, useState, type FormEvent } from 'react'
import type { Api } from '../api/client.ts'
import { Button } from '../ui/button.tsx'
import { CardPage } from '../ui/card-page.tsx'
import { Field } from '../ui/field.tsx'
import { Enrol, type EnrolStep } from './enrol.tsx'
import { bestWay, continueWords, firstFactor, WayToSignIn, type Way } from './first-factor.tsx'
import { A, Problem } from './password-log-in.tsx'
import { secretOf, textOf, useAct } from './use-act.ts'

/** What comes after the account is made: its second factor, or, with a passkey, the recovery codes. */
interface Begun {
  readonly email: string
  readonly way: Way
  readonly step: EnrolStep
  readonly problem: string | undefined
}

/**
 * Where the link leads that a development start prints: whoever opens it makes an account, owns the workspace, and goes on to the first mail.
 * Says so at once where the link is of no use any more.
 */
export function FirstRun({
  api,
  token,
  onSignedIn,
}: {
  readonly api: Api
  readonly token: string
  readonly onSignedIn: () => void
}) {
  const [isOpen, setIsOpen] = useState<boolean | null>(null)
  const [begun, setBegun] = useState<Begun | null>(null)
  useEffect(() => {
    let isHere = true
    api.firstRun.get().then(
      ({ state }) => isHere && setIsOpen(state === 'open'),
      // The server says at the end what is wrong.
      () => isHere && setIsOpen(true),
    )
    return () => {
      isHere = false
    }
  }, [api])
  if (begun !== null) {
    return (
      <Enrol
        api={api}
        email={begun.email}
        hasPassword={begun.way === 'password'}
        begin={begun.step}
        problem={begun.problem}
        onDone={onSignedIn}
        onLeave={() => void api.sessions.logOut().finally(onSignedIn)}
      />
    )
  }
  if (isOpen === false || token === '') return <Closed isOpen={isOpen === true} />
  return <Form api={api} token={token} onBegun={setBegun} />
}

function Form({
  api,
  token,
  onBegun,
}: {
  readonly api: Api
  readonly token: string
  readonly onBegun: (begun: Begun) => void
}) {
  const [way, setWay] = useState<Way>(bestWay)
  const act = useAct()
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = event.currentTarget
    const email = textOf(form, 'email')
    const name = textOf(form, 'name')
    void act.run(async () => {
      await api.firstRun.complete({
        token,
        email,
        workspaceName: textOf(form, 'workspaceName'),
        ...(name === '' ? {} : { name }),
        ...(way === 'password' ? { password: secretOf(form, 'password') } : {}),
      })
      onBegun({ email, way, ...(await firstFactor(api, way)) })
    })
  }
  return (
    <CardPage
      title="Make it yours"
      lead="You become the owner of this installation’s workspace. Then you send the first mail."
      foot={
        <>
          Only here to look around? <A href="/">Use the key</A> that the start printed.
        </>
      }
    >
      <form onSubmit={submit}>
        <Field
          label="Name of the workspace"
          name="workspaceName"
          required
          maxLength={200}
          autoFocus
          autoComplete="organization"
          placeholder="Northwind"
          hint="What it sends for: a product, a team, a company."
        />
        <Field label="Your name" name="name" maxLength={100} autoComplete="name" />
        <Field
          label="Your e-mail"
          name="email"
          type="email"
          required
          autoComplete="username"
          hint="You sign in with it. No letter leaves this host until you say so."
        />
        <WayToSignIn way={way} onChoose={setWay} />
        <Button type="submit" look="main" className="h-9 w-full" disabled={act.busy}>
          {continueWords(way, act.busy)}
        </Button>
        <Problem text={act.problem} />
      </form>
    </CardPage>
  )
}

function Closed({ isOpen }: { readonly isOpen: boolean }) {
  return (
    <CardPage
      title={isOpen ? 'The link is not whole' : 'This link has done its work'}
      lead={
        isOpen
          ? 'Copy the console address whole from the terminal that ran npm start: what stands behind the # belongs to it.'
          : 'The workspace has an owner, or the link is more than a day old. Owners sign in; everybody else is invited by one. The next npm start prints a new link where there is still no owner.'
      }
    >
      <a
        href="/"
        className="inline-flex h-9 w-full items-center justify-center rounded-md bg-accent px-3 text-sm font-medium text-accent-ink"
      >
        Sign in
      </a>
    </CardPage>
  )
}
