import { useState, type FormEvent } from 'react'
import { renderSVG } from 'uqr'
import type { Api } from '../api/client.ts'
import { Button } from '../ui/button.tsx'
import { CardPage } from '../ui/card-page.tsx'
import { CodeBlock } from '../ui/code-block.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Field } from '../ui/field.tsx'
import { canUsePasskeys, makePasskey } from './passkeys.ts'
import { Problem } from './password-log-in.tsx'
import { textOf, useAct } from './use-act.ts'

/** The only page of a session without second factor: it adds one, and shows the recovery codes. */
export function Enrol({
  api,
  onDone,
  onLeave,
}: {
  readonly api: Api
  readonly onDone: () => void
  readonly onLeave: () => void
}) {
  const [step, setStep] = useState<'choose' | 'app' | 'codes'>('choose')
  if (step === 'codes') {
    return (
      <CardPage
        title="Keep your recovery codes"
        lead="Each opens your account once if you lose the device. They are shown this once: put them where you keep what matters, not into your mailbox."
      >
        <RecoveryCodes api={api} />
        <Button look="main" className="mt-4 w-full" onClick={onDone}>
          I have kept them
        </Button>
      </CardPage>
    )
  }
  return (
    <CardPage
      title="Add a second factor"
      lead="A password alone opens nothing here: passwords get guessed, reused and phished. It takes a minute."
      foot={
        <button type="button" onClick={onLeave} className="rounded text-accent hover:underline">
          Sign out
        </button>
      }
    >
      {step === 'app' ? (
        <AuthenticatorApp api={api} onAdded={() => setStep('codes')} />
      ) : (
        <>
          <PasskeyMaker api={api} onAdded={() => setStep('codes')} />
          <Button className="mt-3 w-full" onClick={() => setStep('app')}>
            Use an authenticator app
          </Button>
        </>
      )}
    </CardPage>
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
  if (!canUsePasskeys())
    return (
      <p className="text-sm text-muted">
        This browser offers no passkeys on this address: they need HTTPS, or this very host.
      </p>
    )
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

function deviceName(): string {
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

/** Makes ten codes when it is asked to, because those from before end with it. */
export function RecoveryCodes({ api }: { readonly api: Api }) {
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const act = useAct()
  if (codes === null) {
    return (
      <div>
        <Button
          className="w-full"
          disabled={act.busy}
          onClick={() =>
            void act.run(async () => setCodes((await api.factors.makeRecoveryCodes()).recoveryCodes))
          }
        >
          Make recovery codes
        </Button>
        <Problem text={act.problem} />
      </div>
    )
  }
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
      <div className="mt-2">
        <CopyButton text={codes.join('\n')} />
      </div>
    </div>
  )
}
