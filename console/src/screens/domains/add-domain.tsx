import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { useAccess } from '../../session/access.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { Panel } from '../../ui/panel.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { domainQueries } from './domains-queries.ts'

/** The form for a new domain; it leads to the records to publish. */
export function AddDomain({ onClose }: { readonly onClose?: () => void }) {
  const { api } = useSession()
  const { installation } = useAccess()
  const client = useQueryClient()
  const navigate = useNavigate()
  const mayNot = useAllowed('domains:write', 'sender-change')
  const [name, setName] = useState('')
  const add = useAct(
    async () => {
      const made = await api.domains.add({ name })
      client.setQueryData(domainQueries.one(api, made.id).queryKey, made)
      await navigate({ to: '/domains/$domainId', params: { domainId: made.id }, search: {} })
    },
    { refresh: ['domains'] },
  )
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (mayNot === undefined) void add.run()
  }
  return (
    <Panel
      title="Add a domain"
      lead="You get the DNS records to publish. Mail can be sent once they are found."
    >
      <form onSubmit={submit} className="p-4">
        <Field
          label="Domain"
          name="domain"
          required
          maxLength={253}
          autoFocus
          autoCapitalize="none"
          autoComplete="off"
          placeholder="mail.example.com"
          value={name}
          onChange={(event) => setName(event.target.value)}
          problem={add.failure}
          hint={
            installation.mode === 'development'
              ? 'What stands behind the @ of From. In development a name under .test needs no records.'
              : 'What stands behind the @ of From. A subdomain, such as mail.example.com, keeps its reputation apart from the mail of your people.'
          }
        />
        <div className="flex gap-2">
          <Button type="submit" look="main" disabled={add.isBusy} disabledReason={mayNot}>
            {add.isBusy ? 'Making keys…' : 'Add the domain'}
          </Button>
          {onClose !== undefined && <Button onClick={onClose}>Cancel</Button>}
        </div>
      </form>
    </Panel>
  )
}
