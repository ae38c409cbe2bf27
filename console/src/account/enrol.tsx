import { useEffect, useRef, useState, type FormEvent } from 'react'
import { renderSVG } from 'uqr'
import type { Api } from '../api/client.ts'
import { Button, LinkButton } from '../ui/button.tsx'
import { CardPage } from '../ui/card-page.tsx'
import { CodeBlock } from '../ui/code-block.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Field } from '../ui/field.tsx'
import { linkLook } from '../ui/link.ts'
import { saveBlob } from '../ui/save-blob.ts'
import { canUsePasskeys, makePasskey, pageWithPasskeys } from './passkeys.ts'
import { Problem } from './password-log-in.tsx'
import { textOf, useAct } from './use-act.ts'

export type EnrolStep = 'choose' | 'app' | 'codes'

/** The only page of a session without second factor: it adds one, and shows the recovery codes. */
export function Enrol({
  api,
  email,
  hasPassword,
  begin = 'choose',
  problem,
  onDone,
  onLeave,
}: {
  readonly api: Api
  /** Undefined where the page does not know it. */
  readonly email: string | undefined
  /** An authenticator app counts only besides a password. */
  readonly hasPassword: boolean
  readonly begin?: EnrolStep
  /** What went wrong on the way here. */
  readonly problem?: string | undefined
  readonly onDone: () => void
  readonly onLeave: () => void
}) {
  const [step, setStep] = useState<EnrolStep>(begin)
  if (step === 'codes') {
    return (
      <CardPage
        title="Keep your recovery codes"
        lead="Each opens your account once if you lose the device. They are shown this once: put them where you keep what matters, not into your mailbox."
      >
        <RecoveryCodes api={api} isAsked onKept={onDone} />
      </CardPage>
    )
  }
  return (
    <CardPage
      title="Add a second factor"
      lead="A password alone opens nothing here: passwords get guessed, reused and phished. It takes a minute."
      foot={<LinkButton onClick={onLeave}>Sign out</LinkButton>}
    >
      <Problem text={problem} />
      {step === 'app' ? (
        <>
          <AuthenticatorApp api={api} onAdded={() => setStep('codes')} />
          {canUsePasskeys() && (
            <Button look="quiet" className="mt-2 w-full" onClick={() => setStep('choose')}>
              Use a passkey instead
            </Button>
          )}
        </>
      ) : (
        <>
          <PasskeyMaker api={api} onAdded={() => setStep('codes')} />
          {hasPassword ? (
            <Button className="mt-3 w-full" onClick={() => setStep('app')}>
              Use an authenticator app
            </Button>
          ) : (
            email !== undefined && <NoPassword api={api} email={email} />
          )}
        </>
      )}
    </CardPage>
  )
}

/** The other way, for who has neither a password nor, as it turns out, a device that makes passkeys. */
function NoPassword({ api, email }: { readonly api: Api; readonly email: string }) {
  const [isSent, setIsSent] = useState(false)
  const act = useAct()
  return (
    <div className="mt-4 border-t border-line pt-3 text-sm text-muted">
      {isSent ? (
        <p role="status">
          A link that sets a password is on its way to {email}. Sign in with it afterwards, and add an
          authenticator app.
        </p>
      ) : (
        <>
          <p className="mb-2">
            No device that makes passkeys? An authenticator app works too, besides a password.
          </p>
          <Button
            className="w-full"
            disabled={act.busy}
            onClick={() =>
              void act.run(async () => {
                await api.account.requestReset({ email })
                setIsSent(true)
              })
            }
          >
            Mail me a link that sets a password
          </Button>
          <Problem text={act.problem} />
        </>
      )}
    </div>
  )
}

/** Makes a passkey on this device. */
export function PasskeyMaker({ api, onAdded }: { readonly api: Api; readonly onAdded: () => void }) {
  const act = useAct()
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const name = textOf(event.currentTarget, 'name')
    void act.run(async () => {
      const response = await makePasskey(await api.factors.beginPasskey())
      await api.factors.addPasskey({ name, response })
      onAdded()
    })
  }
  if (!canUsePasskeys()) return <NoPasskeysHere />
  return (
    <form onSubmit={submit}>
      <Field
        label="Name of this device"
        name="name"
        required
        maxLength={60}
        defaultValue={deviceName()}
        hint="So that you know it in the list later."
      />
      <Button type="submit" look="main" className="w-full" disabled={act.busy}>
        {act.busy ? 'Waiting for your device…' : 'Add a passkey (best)'}
      </Button>
      <Problem text={act.problem} />
    </form>
  )
}

/** Why there is no button for a passkey, and where there would be one. */
export function NoPasskeysHere() {
  const better = pageWithPasskeys()
  return (
    <p className="text-sm text-muted">
      {better === undefined
        ? 'This browser offers no passkeys on this address: they need HTTPS, or this very host.'
        : 'Browsers make passkeys for names, not for numbers. '}
      {better !== undefined && (
        <a href={better} className={linkLook}>
          Open this page as {new URL(better).host}
        </a>
      )}
    </p>
  )
}

/** What this device is called in the list of passkeys, unless somebody says otherwise. */
export function deviceName(): string {
  const { userAgent } = navigator
  const system = /Windows|Android|iPhone|iPad|Mac OS|Linux|CrOS/.exec(userAgent)?.[0] ?? 'This device'
  return system === 'Mac OS' ? 'Mac' : system
}

/** Sets up an authenticator app: a picture to scan, or a text to type, and a first code. */
export function AuthenticatorApp({ api, onAdded }: { readonly api: Api; readonly onAdded: () => void }) {
  const [begun, setBegun] = useState<{ secret: string; uri: string } | null>(null)
  const act = useAct()
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const code = textOf(event.currentTarget, 'code')
    void act.run(async () => {
      await api.factors.confirmTotp({ code })
      onAdded()
    })
  }
  if (begun === null) {
    return (
      <div>
        <Button
          look="main"
          className="w-full"
          disabled={act.busy}
          onClick={() => void act.run(async () => setBegun(await api.factors.beginTotp()))}
        >
          Show the picture to scan
        </Button>
        <Problem text={act.problem} />
      </div>
    )
  }
  return (
    <form onSubmit={submit}>
      <p className="mb-3 text-sm">Scan this with your authenticator app, then type the code that it shows.</p>
      <img
        alt="QR code for an authenticator app; the same as text is below"
        className="mx-auto mb-3 size-44 rounded bg-white p-2"
        src={`data:image/svg+xml;utf8,${encodeURIComponent(renderSVG(begun.uri))}`}
      />
      <CodeBlock
        shown={begun.secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}
        copied={begun.secret}
        label="The same as text"
      />
      <div className="mt-4">
        <Field
          label="Code"
          name="code"
          required
          autoFocus
          inputMode="numeric"
          autoComplete="one-time-code"
          className="font-mono"
          problem={act.problem}
        />
      </div>
      <Button type="submit" look="main" className="w-full" disabled={act.busy}>
        {act.busy ? 'Checking…' : 'Add the authenticator app'}
      </Button>
    </form>
  )
}

/**
 * Makes ten codes when it is asked to, because those from before end with it; with `isAsked` at once. `onKept` leads on, from when they are seen.
 */
export function RecoveryCodes({
  api,
  isAsked = false,
  onKept,
}: {
  readonly api: Api
  readonly isAsked?: boolean
  readonly onKept?: () => void
}) {
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const act = useAct()
  const begun = useRef(false)
  const make = (): void =>
    void act.run(async () => setCodes((await api.factors.makeRecoveryCodes()).recoveryCodes))
  useEffect(() => {
    // Once, also where effects run twice: the second ten would end the first.
    if (!isAsked || begun.current) return
    begun.current = true
    make()
  })
  if (codes === null) {
    return (
      <div>
        <Button className="w-full" disabled={act.busy} onClick={make}>
          {act.busy ? 'Making them…' : 'Make recovery codes'}
        </Button>
        <Problem text={act.problem} />
      </div>
    )
  }
  const text = `${codes.join('\n')}\n`
  return (
    <div>
      <ol
        data-testid="recovery-codes"
        className="grid grid-cols-1 gap-x-4 gap-y-1 rounded-md border border-line bg-canvas p-3 font-mono text-xs min-[420px]:grid-cols-2"
      >
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <div className="mt-2 flex flex-wrap gap-2">
        <CopyButton text={text} what="the recovery codes" />
        <Button
          onClick={() => saveBlob(new Blob([text], { type: 'text/plain' }), 'bulkhead-recovery-codes.txt')}
        >
          Download
        </Button>
      </div>
      {onKept !== undefined && (
        <Button look="main" className="mt-4 w-full" onClick={onKept}>
          I have kept them
        </Button>
      )}
    </div>
  )
}
