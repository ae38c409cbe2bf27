import type { LogInWithPasswordOutput } from '@bulkhead/sdk'
import { useState, type FormEvent } from 'react'
import type { Api } from '../api/client.ts'
import { Button, LinkButton } from '../ui/button.tsx'
import { CardPage } from '../ui/card-page.tsx'
import { Field } from '../ui/field.tsx'
import { linkLook } from '../ui/link.ts'
import { Note } from '../ui/note.tsx'
import { NobodyYet } from './nobody-yet.tsx'
import { canUsePasskeys, showPasskey } from './passkeys.ts'
import { secretOf, textOf, useAct } from './use-act.ts'

type Answer = LogInWithPasswordOutput

/** Signs a person in: with a passkey alone, or with a password and whatever the server asks for behind it. */
export function LogIn({
  api,
  notice,
  mayBeSignedIn,
  onSignedIn,
  onUseKey,
}: {
  readonly api: Api
  readonly notice: string | undefined
  /** Whoever signed out here may not be: the server did not confirm it. */
  readonly mayBeSignedIn: boolean
  readonly onSignedIn: () => void
  readonly onUseKey: () => void
}) {
  const [answer, setAnswer] = useState<Answer | null>(null)
  const take = (next: Answer): void => {
    if (next.next === 'done' || next.next === 'enrol') onSignedIn()
    else setAnswer(next)
  }
  if (answer !== null) {
    const back = (): void => setAnswer(null)
    return answer.next === 'email_code' ? (
      <EmailCode api={api} answer={answer} onAnswer={take} onSignedIn={onSignedIn} onBack={back} />
    ) : (
      <SecondFactor api={api} answer={answer} onSignedIn={onSignedIn} onBack={back} />
    )
  }
  return (
    <FirstStep
      api={api}
      notice={notice}
      mayBeSignedIn={mayBeSignedIn}
      onAnswer={take}
      onSignedIn={onSignedIn}
      onUseKey={onUseKey}
    />
  )
}

function FirstStep({
  api,
  notice,
  mayBeSignedIn,
  onAnswer,
  onSignedIn,
  onUseKey,
}: {
  readonly api: Api
  readonly notice: string | undefined
  readonly mayBeSignedIn: boolean
  readonly onAnswer: (answer: Answer) => void
  readonly onSignedIn: () => void
  readonly onUseKey: () => void
}) {
  const act = useAct(notice)
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = event.currentTarget
    void act.run(async () => {
      onAnswer(
        await api.logIn.withPassword({ email: textOf(form, 'email'), password: secretOf(form, 'password') }),
      )
    })
  }
  return (
    <CardPage
      title="Sign in"
      foot={
        <ul className="space-y-1.5">
          <li>
            No account yet? <A href="/sign-up">Sign up</A>
          </li>
          <li>
            <A href="/sso">Sign in through your company</A>
          </li>
          <li>
            Lost your second factor? <A href="/recover">Recover the account</A>
          </li>
          <li>
            <LinkButton onClick={onUseKey}>Use an API key instead</LinkButton>
          </li>
        </ul>
      }
    >
      <NobodyYet api={api} />
      {mayBeSignedIn && (
        <div className="mb-4">
          <Note tone="bad">
            You may still be signed in: the server did not answer. Sign in and out again before you leave this
            device.
          </Note>
        </div>
      )}
      <form onSubmit={submit}>
        <Field label="E-mail" name="email" type="email" required autoFocus autoComplete="username webauthn" />
        <Field
          label="Password"
          name="password"
          type="password"
          required
          autoComplete="current-password"
          hint={<A href="/forgot">Forgot it?</A>}
          problem={act.problem}
        />
        <Button type="submit" look="main" className="w-full" disabled={act.busy}>
          {act.busy ? 'Checking…' : 'Sign in'}
        </Button>
      </form>
      {canUsePasskeys() && <PasskeyButton api={api} onSignedIn={onSignedIn} />}
    </CardPage>
  )
}

/** A passkey says who it is: no address is asked for, and with a challenge it is the second factor of that log-in. */
function PasskeyButton({
  api,
  challenge,
  onSignedIn,
}: {
  readonly api: Api
  readonly challenge?: string
  readonly onSignedIn: () => void
}) {
  const act = useAct()
  const show = (): void =>
    void act.run(async () => {
      const options = await api.logIn.passkeyOptions(challenge === undefined ? {} : { challenge })
      const passkey = await showPasskey(options)
      if (challenge === undefined) await api.logIn.withPasskey({ passkey })
      else await api.logIn.showSecondFactor({ challenge, passkey })
      onSignedIn()
    })
  return (
    <div className="mt-3">
      <Button
        onClick={show}
        look={challenge === undefined ? 'plain' : 'main'}
        className="w-full"
        disabled={act.busy}
      >
        {act.busy ? 'Waiting for your device…' : 'Sign in with a passkey'}
      </Button>
      <Problem text={act.problem} />
    </div>
  )
}

function SecondFactor({
  api,
  answer,
  onSignedIn,
  onBack,
}: {
  readonly api: Api
  readonly answer: Answer
  readonly onSignedIn: () => void
  readonly onBack: () => void
}) {
  const hasApp = answer.factors.includes('totp')
  const [kind, setKind] = useState<'totp' | 'recoveryCode'>(hasApp ? 'totp' : 'recoveryCode')
  const act = useAct()
  const challenge = answer.challenge ?? ''
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const given = textOf(event.currentTarget, 'code')
    void act.run(async () => {
      await api.logIn.showSecondFactor({ challenge, [kind]: given })
      onSignedIn()
    })
  }
  const hasPasskey = answer.factors.includes('passkey') && canUsePasskeys()
  const hasCodes = answer.factors.includes('recovery_code')
  return (
    <CardPage
      title="Show your second factor"
      lead="Your password was right. Now something that you have."
      foot={<Back onBack={onBack} />}
    >
      {hasPasskey && <PasskeyButton api={api} challenge={challenge} onSignedIn={onSignedIn} />}
      {(hasApp || hasCodes) && (
        <form onSubmit={submit} className={hasPasskey ? 'mt-5 border-t border-line pt-5' : ''}>
          <Field
            key={kind}
            label={kind === 'totp' ? 'Code of your authenticator app' : 'Recovery code'}
            name="code"
            required
            autoFocus={!hasPasskey}
            inputMode={kind === 'totp' ? 'numeric' : 'text'}
            autoComplete="one-time-code"
            className="font-mono"
            hint={kind === 'totp' ? 'Six digits.' : 'Each of them works once.'}
            problem={act.problem}
          />
          <Button type="submit" look={hasPasskey ? 'plain' : 'main'} className="w-full" disabled={act.busy}>
            {act.busy ? 'Checking…' : 'Sign in'}
          </Button>
          {hasApp && hasCodes && (
            <Button
              look="quiet"
              className="mt-2 w-full"
              onClick={() => setKind(kind === 'totp' ? 'recoveryCode' : 'totp')}
            >
              {kind === 'totp' ? 'Use a recovery code' : 'Use the authenticator app'}
            </Button>
          )}
        </form>
      )}
    </CardPage>
  )
}

function EmailCode({
  api,
  answer,
  onAnswer,
  onSignedIn,
  onBack,
}: {
  readonly api: Api
  readonly answer: Answer
  readonly onAnswer: (answer: Answer) => void
  readonly onSignedIn: () => void
  readonly onBack: () => void
}) {
  const act = useAct()
  const challenge = answer.challenge ?? ''
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const code = textOf(event.currentTarget, 'code')
    void act.run(async () => onAnswer(await api.logIn.confirmEmailCode({ challenge, code })))
  }
  return (
    <CardPage
      title="Check your mail"
      lead="This device is new, and somebody has been trying addresses lately. We sent a code of eight digits to yours."
      foot={<Back onBack={onBack} />}
    >
      <form onSubmit={submit}>
        <Field
          label="Code from the mail"
          name="code"
          required
          autoFocus
          inputMode="numeric"
          autoComplete="one-time-code"
          className="font-mono"
          problem={act.problem}
        />
        <Button type="submit" look="main" className="w-full" disabled={act.busy}>
          {act.busy ? 'Checking…' : 'Go on'}
        </Button>
      </form>
      {answer.factors.includes('passkey') && canUsePasskeys() && (
        <PasskeyButton api={api} challenge={challenge} onSignedIn={onSignedIn} />
      )}
    </CardPage>
  )
}

function Back({ onBack }: { readonly onBack: () => void }) {
  return <LinkButton onClick={onBack}>Start again</LinkButton>
}

export function Problem({ text }: { readonly text: string | undefined }) {
  return (
    <p role="alert" className="mt-2 text-sm text-bad empty:hidden">
      {text}
    </p>
  )
}

export function A({ href, children }: { readonly href: string; readonly children: string }) {
  return (
    <a href={href} className={linkLook}>
      {children}
    </a>
  )
}
