import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { Panel } from '../../ui/panel.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { securityQueries } from './security-queries.ts'
import { StandingChoice, type Wished } from './standing-choice.tsx'

/** Mails somebody a link that makes them a member. It stands in the page, so that the question for the second factor has the screen to itself. */
export function Invite({
  onClose,
  onInvited,
}: {
  readonly onClose: () => void
  readonly onInvited: () => void
}) {
  const { api } = useSession()
  const { role: ownRole } = useAccess()
  const sets = useQuery(securityQueries.permissionSets(api))
  const [email, setEmail] = useState('')
  const [wished, setWished] = useState<Wished>({ role: 'developer' })
  const invite = useAct(() => api.invitations.create({ email: email.trim(), ...wished }), {
    done: `A letter goes to ${email.trim()}.`,
    refresh: ['invitations'],
  })
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (await invite.run()) onInvited()
  }
  return (
    <Panel
      title="Invite somebody"
      lead="A letter with a link goes to the address. It works once, within seven days, for whoever has that address."
    >
      <form onSubmit={(event) => void submit(event)} className="p-4">
        <div className="max-w-md">
          <Field
            label="E-mail"
            name="email"
            type="email"
            required
            autoFocus
            autoComplete="off"
            value={email}
            onChange={(event) => setEmail(event.target.value)}
            problem={invite.failure}
          />
        </div>
        <StandingChoice
          label="What they may do"
          sets={sets.data ?? []}
          chosen={wished}
          refusalOf={(wish) =>
            'role' in wish && wish.role === 'owner' && ownRole !== 'owner'
              ? 'Only an owner makes owners.'
              : undefined
          }
          onChoose={setWished}
        />
        <div className="flex gap-2">
          <Button type="submit" look="main" disabled={invite.isBusy}>
            {invite.isBusy ? 'Sending…' : 'Send the invitation'}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Panel>
  )
}
