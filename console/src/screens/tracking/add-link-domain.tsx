import { useState, type FormEvent } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'

/** The form for a new link domain. */
export function AddLinkDomain({ onClose }: { readonly onClose: () => void }) {
  const { api } = useSession()
  const mayNot = useAllowed('domains:write', 'sender-change')
  const [name, setName] = useState('')
  const add = useAct(() => api.linkDomains.add({ name }), {
    done: 'Added. Publish its record.',
    refresh: ['link-domains'],
  })
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (mayNot === undefined && (await add.run())) onClose()
  }
  return (
    <form
      onSubmit={(event) => void submit(event)}
      aria-label="Add a link domain"
      className="border-b border-line p-4"
    >
      <Field
        label="Host"
        name="link-domain"
        required
        maxLength={253}
        autoFocus
        autoComplete="off"
        autoCapitalize="none"
        placeholder="links.example.com"
        value={name}
        onChange={(event) => setName(event.target.value)}
        problem={add.failure}
        hint="Below a verified domain of the workspace, and used for nothing else. Your reverse proxy needs a certificate for it."
      />
      <div className="flex gap-2">
        <Button type="submit" look="main" disabled={add.isBusy} disabledReason={mayNot}>
          {add.isBusy ? 'Adding…' : 'Add it'}
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </form>
  )
}
