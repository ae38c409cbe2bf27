import { useQuery } from '@tanstack/react-query'
import type { AccountGetOutput } from '@bulkhead/sdk'
import { useState, type FormEvent } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Chip } from '../../ui/chip.tsx'
import { Field } from '../../ui/field.tsx'
import { Panel, Row } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { useAct, type MutationAct } from '../../ui/use-mutation-act.ts'
import { securityQueries } from './security-queries.ts'

const ASKED_MS = 2_000

type Part = 'name' | 'email' | 'password'

/** Name, address and password. Forms stand in the page: the question for the second factor needs the screen. */
export function AccountIdentity({ account }: { readonly account: AccountGetOutput }) {
  const { api } = useSession()
  const [editing, setEditing] = useState<Part | null>(null)
  const close = (): void => setEditing(null)
  const [hasAsked, setHasAsked] = useState(false)
  // The letter goes out, and the change begins, a moment after the answer.
  useQuery({
    ...securityQueries.account(api),
    refetchInterval: hasAsked && account.emailChange === null ? ASKED_MS : false,
  })
  const undo = useAct(() => api.account.undoOwnEmail(), {
    done: 'Your address stays.',
    refresh: ['account', 'sessions'],
  })
  const { email, name, hasPassword, passwordSetAt, emailChange } = account
  const change = (part: Part, words: string) =>
    editing === part ? undefined : <Button onClick={() => setEditing(part)}>{words}</Button>
  return (
    <Panel title="Who you are">
      <ul>
        <Row title={name ?? 'No name'} detail="What others see" action={change('name', 'Change')} />
        {editing === 'name' && <ChangeName name={name} onClose={close} />}
        <Row
          title={<span className="break-all">{email}</span>}
          detail="The address that signs you in"
          action={change('email', 'Change the address')}
        />
        {editing === 'email' && <ChangeEmail onClose={close} onAsked={() => setHasAsked(true)} />}
        {emailChange !== null && (
          <Row
            title={
              <>
                <Chip tone="warn">changing</Chip>{' '}
                <span className="break-all">
                  from {email} to {emailChange.email}
                </span>
              </>
            }
            detail={
              emailChange.takesEffectAt === null ? (
                'Waits for the link in the letter to the new address.'
              ) : (
                <>
                  The new address signs in from <Time at={emailChange.takesEffectAt} /> on. Until then you can
                  undo it here, or by the link in the letter to the old one.
                </>
              )
            }
            action={
              <Button
                look="danger"
                onClick={() => {
                  setHasAsked(false)
                  void undo.run()
                }}
                disabled={undo.isBusy}
              >
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
          action={change('password', hasPassword ? 'Change it' : 'Set one')}
        />
        {editing === 'password' && <ChangePassword onClose={close} />}
      </ul>
      <p role="alert" className="px-4 pb-3 text-sm text-bad empty:hidden">
        {undo.failure ?? ''}
      </p>
    </Panel>
  )
}

function ChangeName({ name, onClose }: { readonly name: string | null; readonly onClose: () => void }) {
  const { api } = useSession()
  const [text, setText] = useState(name ?? '')
  const wanted = text.trim()
  const save = useAct(() => api.account.update({ name: wanted === '' ? null : wanted }), {
    done: 'Your name is changed.',
    refresh: ['account', 'members'],
  })
  return (
    <Inline act={save} action="Save the name" onClose={onClose}>
      <Field
        label="What others see"
        name="name"
        autoFocus
        maxLength={100}
        autoComplete="name"
        value={text}
        onChange={(event) => setText(event.target.value)}
        problem={save.failure}
      />
    </Inline>
  )
}

function ChangeEmail({ onClose, onAsked }: { readonly onClose: () => void; readonly onAsked: () => void }) {
  const { api } = useSession()
  const [email, setEmail] = useState('')
  const ask = useAct(() => api.account.changeEmail({ email: email.trim() }), {
    done: 'A link goes to the new address.',
    refresh: ['account'],
  })
  return (
    <Inline act={ask} action="Send the link" onDone={onAsked} onClose={onClose}>
      <Field
        label="New address"
        name="email"
        type="email"
        required
        autoFocus
        autoComplete="email"
        value={email}
        onChange={(event) => setEmail(event.target.value)}
        problem={ask.failure}
        hint="Open the link in the letter to it. 24 hours after that it signs you in; until then the old address can undo it."
      />
    </Inline>
  )
}

function ChangePassword({ onClose }: { readonly onClose: () => void }) {
  const { api } = useSession()
  const [password, setPassword] = useState('')
  const save = useAct(() => api.account.setPassword({ password }), {
    done: 'The password is set, and your other sessions have ended.',
    refresh: ['account', 'sessions'],
  })
  return (
    <Inline act={save} action="Set the password" onClose={onClose}>
      <Field
        label="New password"
        name="password"
        type="password"
        required
        autoFocus
        autoComplete="new-password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        problem={save.failure}
        hint="Your other sessions end with it. Passwords that are known from breaches are refused."
      />
    </Inline>
  )
}

/** The form of one change, under the row that it is of; it closes when that went well. */
function Inline({
  act,
  action,
  onDone,
  onClose,
  children,
}: {
  readonly act: MutationAct<void>
  readonly action: string
  readonly onDone?: () => void
  readonly onClose: () => void
  readonly children: React.ReactNode
}) {
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (!(await act.run())) return
    onDone?.()
    onClose()
  }
  return (
    <li className="border-b border-line bg-canvas px-4 pt-3 pb-4 last:border-b-0">
      <form onSubmit={(event) => void submit(event)} className="max-w-md">
        {children}
        <div className="flex gap-2">
          <Button type="submit" look="main" disabled={act.isBusy}>
            {act.isBusy ? 'One moment…' : action}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </li>
  )
}
