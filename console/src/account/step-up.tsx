import { useState, type FormEvent } from 'react'
import type { Api } from '../api/client.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { departFor } from './depart.ts'
import { canUsePasskeys, showPasskey } from './passkeys.ts'
import { Problem } from './password-log-in.tsx'
import { textOf, useAct } from './use-act.ts'

/** Asks for the second factor once more, because what is about to happen could hurt. */
export function StepUp({
  api,
  ssoWorkspace,
  onDone,
}: {
  readonly api: Api
  /** Of a session that a workspace's own provider vouches for: only that provider can vouch again. */
  readonly ssoWorkspace: string | undefined
  readonly onDone: (shown: boolean) => void
}) {
  const [kind, setKind] = useState<'totp' | 'recoveryCode'>('totp')
  const act = useAct()
  const byPasskey = (): void =>
    void act.run(async () => {
      const passkey = await showPasskey(await api.sessions.stepUpOptions())
      await api.sessions.stepUp({ passkey })
      onDone(true)
    })
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const given = textOf(event.currentTarget, 'code')
    void act.run(async () => {
      await api.sessions.stepUp({ [kind]: given })
      onDone(true)
    })
  }
  if (ssoWorkspace !== undefined) {
    return (
      <Dialog title="Is it still you?" isAlone onClose={() => onDone(false)}>
        <p className="mb-4 text-sm text-muted">
          What you are about to do needs your provider to ask you again. You come back to this page's start.
        </p>
        <Button
          look="main"
          disabled={act.busy}
          onClick={() => void act.run(() => departFor(api, { workspaceId: ssoWorkspace, fresh: true }))}
        >
          Go to the provider
        </Button>
        <Problem text={act.problem} />
      </Dialog>
    )
  }
  return (
    <Dialog title="Is it still you?" isAlone onClose={() => onDone(false)}>
      <p className="mb-4 text-sm text-muted">
        What you are about to do needs a second factor that was shown within the last minutes.
      </p>
      {canUsePasskeys() && (
        <Button look="main" className="mb-4 w-full" onClick={byPasskey} disabled={act.busy}>
          Show a passkey
        </Button>
      )}
      <form onSubmit={submit}>
        <Field
          key={kind}
          label={kind === 'totp' ? 'Code of your authenticator app' : 'Recovery code'}
          name="code"
          required
          inputMode={kind === 'totp' ? 'numeric' : 'text'}
          autoComplete="one-time-code"
          className="font-mono"
        />
        <div className="flex flex-wrap gap-2">
          <Button type="submit" disabled={act.busy}>
            Confirm
          </Button>
          <Button look="quiet" onClick={() => setKind(kind === 'totp' ? 'recoveryCode' : 'totp')}>
            {kind === 'totp' ? 'Use a recovery code' : 'Use the app'}
          </Button>
          <Button look="quiet" className="ml-auto" onClick={() => onDone(false)}>
            Cancel
          </Button>
        </div>
        <Problem text={act.problem} />
      </form>
    </Dialog>
  )
}
