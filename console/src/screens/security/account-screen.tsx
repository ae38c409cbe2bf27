import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import { AuthenticatorApp, PasskeyMaker, RecoveryCodes } from '../../account/enrol.tsx'
import { Problem } from '../../account/password-log-in.tsx'
import { secretOf, textOf, useAct, wordsOf } from '../../account/use-act.ts'
import { queries } from '../../api/queries.ts'
import { formatTimeFull } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { Panel, Row } from '../../ui/panel.tsx'
import { Empty, Failure, LoadingRows } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { SecurityPage } from './security-tabs.tsx'

/** What a person signs in with, and from where. */
export function AccountScreen() {
  const { person } = useSession()
  return (
    <SecurityPage title="Your account">
      {person === null ? (
        <Empty title="You are signed in with an API key">
          A key is no person: sign out and sign in with your account.
        </Empty>
      ) : (
        <>
          <Identity />
          <Factors />
          <Sessions />
        </>
      )}
    </SecurityPage>
  )
}

function Identity() {
  const { api } = useSession()
  const account = useQuery(queries.account(api))
  const [asking, setAsking] = useState<'email' | 'password' | null>(null)
  const client = useQueryClient()
  const close = (): void => {
    setAsking(null)
    void client.invalidateQueries({ queryKey: ['account'] })
  }
  const undo = useMutation({ mutationFn: () => api.account.undoOwnEmail(), onSettled: close })
  if (account.isPending) return <LoadingRows rows={2} label="Loading your account" />
  if (account.isError) return <Failure error={account.error} onRetry={() => void account.refetch()} />
  const { email, name, hasPassword, passwordSetAt, emailChange } = account.data
  return (
    <Panel title="Who you are">
      <ul>
        <Row
          title={email}
          detail={name ?? 'The address that signs you in'}
          action={<Button onClick={() => setAsking('email')}>Change the address</Button>}
        />
        {emailChange !== null && (
          <Row
            title={
              <>
                <Chip tone="warn">changing</Chip> {emailChange.email}
              </>
            }
            detail={
              emailChange.takesEffectAt === null
                ? 'Waits for the link in the letter to the new address.'
                : `Signs in from ${formatTimeFull(new Date(emailChange.takesEffectAt))} on.`
            }
            action={
              <Button look="danger" onClick={() => undo.mutate()} disabled={undo.isPending}>
                Undo
              </Button>
            }
          />
        )}
        <Row
          title="Password"
          detail={
            hasPassword && passwordSetAt !== null ? (
              <>
                Set <Time at={passwordSetAt} />
              </>
            ) : (
              'None: you sign in with a passkey alone.'
            )
          }
          action={
            <Button onClick={() => setAsking('password')}>{hasPassword ? 'Change it' : 'Set one'}</Button>
          }
        />
      </ul>
      {asking === 'email' && <ChangeEmail onClose={close} />}
      {asking === 'password' && <ChangePassword onClose={close} />}
    </Panel>
  )
}

function ChangeEmail({ onClose }: { readonly onClose: () => void }) {
  const { api } = useSession()
  const [sent, setSent] = useState(false)
  const act = useAct()
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const email = textOf(event.currentTarget, 'email')
    void act.run(async () => {
      await api.account.changeEmail({ email })
      setSent(true)
    })
  }
  return (
    <Dialog title="Change the address" onClose={onClose}>
      {sent ? (
        <>
          <p className="mb-4 text-sm">
            Open the link in the letter to the new address. It signs you in 24 hours after that; the old
            address can undo it until then.
          </p>
          <Button look="main" onClick={onClose}>
            Close
          </Button>
        </>
      ) : (
        <form onSubmit={submit}>
          <Field label="New address" name="email" type="email" required autoComplete="email" />
          <Button type="submit" look="main" disabled={act.busy}>
            Send the link
          </Button>
          <Problem text={act.problem} />
        </form>
      )}
    </Dialog>
  )
}

function ChangePassword({ onClose }: { readonly onClose: () => void }) {
  const { api } = useSession()
  const act = useAct()
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const password = secretOf(event.currentTarget, 'password')
    void act.run(async () => {
      await api.account.setPassword({ password })
      onClose()
    })
  }
  return (
    <Dialog title="Set a password" onClose={onClose}>
      <form onSubmit={submit}>
        <Field
          label="New password"
          name="password"
          type="password"
          required
          autoComplete="new-password"
          hint="Your other sessions end with it. Passwords that are known from breaches are refused."
        />
        <Button type="submit" look="main" disabled={act.busy}>
          Set the password
        </Button>
        <Problem text={act.problem} />
      </form>
    </Dialog>
  )
}

function Factors() {
  const { api } = useSession()
  const client = useQueryClient()
  const factors = useQuery(queries.factors(api))
  const [adding, setAdding] = useState<'passkey' | 'app' | 'codes' | null>(null)
  const close = (): void => {
    setAdding(null)
    void client.invalidateQueries({ queryKey: ['factors'] })
  }
  const remove = useMutation({ mutationFn: (id: string) => api.factors.remove(id), onSettled: close })
  let list: ReactNode
  if (factors.isPending) list = <LoadingRows rows={2} label="Loading your factors" />
  else if (factors.isError) list = <Failure error={factors.error} onRetry={() => void factors.refetch()} />
  else {
    const { passkeys, authenticatorApp, recoveryCodesLeft } = factors.data
    const removal = (id: string): ReactNode => (
      <Button look="danger" onClick={() => remove.mutate(id)} disabled={remove.isPending}>
        Remove
      </Button>
    )
    list = (
      <ul>
        {passkeys.map(({ id, name, createdAt, lastUsedAt }) => (
          <Row
            key={id}
            title={
              <>
                {name} <Chip tone="ok">passkey</Chip>
              </>
            }
            detail={<Used createdAt={createdAt} lastUsedAt={lastUsedAt} />}
            action={removal(id)}
          />
        ))}
        {authenticatorApp !== null && (
          <Row
            title="Authenticator app"
            detail={<Used createdAt={authenticatorApp.createdAt} lastUsedAt={authenticatorApp.lastUsedAt} />}
            action={removal(authenticatorApp.id)}
          />
        )}
        <Row
          title={
            <>
              Recovery codes{' '}
              {recoveryCodesLeft < 3 && (
                <Chip tone={recoveryCodesLeft === 0 ? 'bad' : 'warn'}>{recoveryCodesLeft} left</Chip>
              )}
            </>
          }
          detail={
            recoveryCodesLeft === 0
              ? 'None: if you lose your devices, a recovery takes at least 72 hours.'
              : `${recoveryCodesLeft} of ten are left. New ones replace them.`
          }
          action={<Button onClick={() => setAdding('codes')}>Make new ones</Button>}
        />
      </ul>
    )
  }
  return (
    <Panel
      title="Second factors"
      lead="A passkey cannot be phished: it answers to this address only."
      action={
        <div className="flex gap-2">
          <Button onClick={() => setAdding('passkey')}>Add a passkey</Button>
          {factors.data?.authenticatorApp === null && (
            <Button onClick={() => setAdding('app')}>Add an app</Button>
          )}
        </div>
      }
    >
      {list}
      {remove.error !== null && (
        <p role="alert" className="px-4 pb-3 text-sm text-bad">
          {wordsOf(remove.error)}
        </p>
      )}
      {adding === 'passkey' && (
        <Dialog title="Add a passkey" onClose={close}>
          <PasskeyMaker api={api} onAdded={close} />
        </Dialog>
      )}
      {adding === 'app' && (
        <Dialog title="Add an authenticator app" onClose={close}>
          <AuthenticatorApp api={api} onAdded={close} />
        </Dialog>
      )}
      {adding === 'codes' && (
        <Dialog title="Recovery codes" onClose={close}>
          <p className="mb-3 text-sm text-muted">They are shown this once. Those from before work no more.</p>
          <RecoveryCodes api={api} />
        </Dialog>
      )}
    </Panel>
  )
}

function Used({ createdAt, lastUsedAt }: { readonly createdAt: string; readonly lastUsedAt: string | null }) {
  return (
    <>
      Added <Time at={createdAt} />
      {lastUsedAt !== null && (
        <>
          , used <Time at={lastUsedAt} />
        </>
      )}
    </>
  )
}

function Sessions() {
  const { api } = useSession()
  const client = useQueryClient()
  const sessions = useQuery(queries.sessions(api))
  const again = (): void => void client.invalidateQueries({ queryKey: ['sessions'] })
  const end = useMutation({ mutationFn: (id: string) => api.sessions.end(id), onSettled: again })
  const endOthers = useMutation({
    mutationFn: () => api.sessions.endAll({ which: 'others' }),
    onSettled: again,
  })
  return (
    <Panel
      title="Sessions"
      lead="Where you are signed in. Do you not know one? End it, and change your password."
      action={
        <Button look="danger" onClick={() => endOthers.mutate()} disabled={endOthers.isPending}>
          End all others
        </Button>
      }
    >
      {sessions.isPending && <LoadingRows rows={2} label="Loading your sessions" />}
      {sessions.isError && <Failure error={sessions.error} onRetry={() => void sessions.refetch()} />}
      {sessions.isSuccess && (
        <ul>
          {sessions.data.data.map((session) => (
            <Row
              key={session.id}
              title={
                <>
                  {session.device} {session.current && <Chip tone="accent">this one</Chip>}
                </>
              }
              detail={
                <>
                  {session.network} · signed in <Time at={session.createdAt} />, seen{' '}
                  <Time at={session.lastSeenAt} /> · {session.factor}
                </>
              }
              action={
                session.current ? undefined : (
                  <Button onClick={() => end.mutate(session.id)} disabled={end.isPending}>
                    End
                  </Button>
                )
              }
            />
          ))}
        </ul>
      )}
    </Panel>
  )
}
