import { useState, type FormEvent } from 'react'
import type { Api } from '../api/client.ts'
import { isSignedOut } from '../api/problem.ts'
import { saveWorkspace } from '../session/workspace-store.ts'
import { Button } from '../ui/button.tsx'
import { CardPage } from '../ui/card-page.tsx'
import { Field } from '../ui/field.tsx'
import { Enrol, type EnrolStep } from './enrol.tsx'
import { bestWay, continueWords, firstFactor, WayToSignIn, type Way } from './first-factor.tsx'
import { Said } from './mail-pages.tsx'
import { A, Problem } from './password-log-in.tsx'
import { secretOf, textOf, useAct } from './use-act.ts'

type Step =
  | { readonly kind: 'ask' }
  | { readonly kind: 'account' }
  | {
      readonly kind: 'factor'
      readonly way: Way
      readonly begin: EnrolStep
      readonly problem: string | undefined
    }
  | { readonly kind: 'done' }

/**
 * Takes an invitation, as the person who is signed in, or as somebody who makes an account here and now: the link proves the address. A new
 * person is a member once there is a second factor.
 */
export function Invitation({
  api,
  token,
  onSignedIn,
}: {
  readonly api: Api
  readonly token: string
  readonly onSignedIn: () => void
}) {
  const [step, setStep] = useState<Step>({ kind: 'ask' })
  const act = useAct()
  const accept = async (): Promise<void> =>
    saveWorkspace((await api.invitations.accept({ token })).workspaceId)
  switch (step.kind) {
    case 'ask':
      return (
        <CardPage title="You are invited to a workspace" lead="Nothing happens before you say so.">
          <Button
            look="main"
            className="w-full"
            disabled={act.busy}
            onClick={() =>
              void act.run(async () => {
                try {
                  await accept()
                  setStep({ kind: 'done' })
                } catch (error) {
                  if (!isSignedOut(error)) throw error
                  setStep({ kind: 'account' })
                }
              })
            }
          >
            {act.busy ? 'One moment…' : 'Accept the invitation'}
          </Button>
          <Problem text={act.problem} />
        </CardPage>
      )
    case 'account':
      return (
        <NewAccount
          api={api}
          token={token}
          onMade={(way, begin, problem) => setStep({ kind: 'factor', way, begin, problem })}
        />
      )
    case 'factor':
      return (
        <>
          <Enrol
            api={api}
            email={undefined}
            hasPassword={step.way === 'password'}
            begin={step.begin}
            problem={step.problem}
            onDone={() =>
              void act.run(async () => {
                await accept()
                onSignedIn()
              })
            }
            onLeave={() => void api.sessions.logOut().finally(onSignedIn)}
          />
          <div className="mx-auto max-w-md px-4">
            <Problem text={act.problem} />
          </div>
        </>
      )
    case 'done':
      return <Said title="You are a member now" lead="Sign in, or go on where you are signed in." />
  }
}

function NewAccount({
  api,
  token,
  onMade,
}: {
  readonly api: Api
  readonly token: string
  readonly onMade: (way: Way, begin: EnrolStep, problem: string | undefined) => void
}) {
  const [way, setWay] = useState<Way>(bestWay)
  const act = useAct()
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = event.currentTarget
    const name = textOf(form, 'name')
    void act.run(async () => {
      await api.account.completeSignUp({
        token,
        ...(name === '' ? {} : { name }),
        ...(way === 'password' ? { password: secretOf(form, 'password') } : {}),
      })
      const { step, problem } = await firstFactor(api, way)
      onMade(way, step, problem)
    })
  }
  return (
    <CardPage
      title="Make your account"
      lead="You are not signed in here. The link has proved your address; this is all that is left."
      foot={
        <>
          You have an account? <A href="/">Sign in</A>, then open the link of the letter again.
        </>
      }
    >
      <form onSubmit={submit}>
        <Field label="Your name" name="name" maxLength={100} autoFocus autoComplete="name" />
        <WayToSignIn way={way} onChoose={setWay} />
        <Button type="submit" look="main" className="h-9 w-full" disabled={act.busy}>
          {continueWords(way, act.busy)}
        </Button>
        <Problem text={act.problem} />
      </form>
    </CardPage>
  )
}
