import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { linkLook } from '../../ui/link.ts'
import { Note } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { senderQueries } from './senders-queries.ts'

/** The form for a new sender. */
export function AddSender({ onClose }: { readonly onClose: () => void }) {
  const { api } = useSession()
  const mayNot = useAllowed('senders:write', 'sender-change')
  const domains = useQuery(senderQueries.domains(api))
  const [email, setEmail] = useState('')
  const [name, setName] = useState('')
  const [replyTo, setReplyTo] = useState('')
  const add = useAct(
    () =>
      api.senders.create({
        email: email.trim(),
        ...(name.trim() === '' ? {} : { name: name.trim() }),
        ...(replyTo.trim() === '' ? {} : { replyTo: replyTo.trim() }),
      }),
    { done: 'The sender is added.', refresh: ['senders'] },
  )
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (mayNot === undefined && (await add.run())) onClose()
  }
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase()
  const known = domains.data?.find((one) => one.name === domain)
  return (
    <Panel title="Add a sender" lead="All who are told of such changes hear of it, by mail and by webhook.">
      <form onSubmit={(event) => void submit(event)} className="p-4">
        {domains.data?.length === 0 && (
          <div className="mb-4">
            <Note tone="warn" title="There is no domain yet">
              A sender lies in a domain of the workspace.{' '}
              <Link to="/domains" search={{ view: 'new' }} className={linkLook}>
                Add the domain first
              </Link>
              .
            </Note>
          </div>
        )}
        <div className="grid gap-x-4 sm:grid-cols-2">
          <Field
            label="Address"
            name="email"
            type="email"
            required
            autoFocus
            autoComplete="off"
            placeholder={`news@${domains.data?.[0]?.name ?? 'example.com'}`}
            value={email}
            onChange={(event) => setEmail(event.target.value)}
            problem={add.failure}
            hint={
              known === undefined || known.state === 'verified'
                ? 'What people see as From.'
                : `${known.name} waits for DNS: nothing can be sent from it yet.`
            }
          />
          <Field
            label="Name (optional)"
            name="name"
            maxLength={200}
            autoComplete="off"
            placeholder="Northwind News"
            value={name}
            onChange={(event) => setName(event.target.value)}
            hint="Stands before the address."
          />
          <Field
            label="Replies go to (optional)"
            name="replyTo"
            type="email"
            autoComplete="off"
            placeholder="help@example.com"
            value={replyTo}
            onChange={(event) => setReplyTo(event.target.value)}
            hint="Where people's answers are read."
          />
        </div>
        <div className="flex gap-2">
          <Button type="submit" look="main" disabled={add.isBusy} disabledReason={mayNot}>
            {add.isBusy ? 'Adding…' : 'Add the sender'}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
        </div>
      </form>
    </Panel>
  )
}
