import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import type { TemplateDetail } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { useMay } from '../../ui/guard.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'

/** What is done with a template as a whole. */
export function TemplateActions({ template }: { readonly template: TemplateDetail }) {
  const { api } = useSession()
  const navigate = useNavigate()
  const mayNot = useMay('templates:write')
  const [asked, setAsked] = useState<'rename' | 'delete'>()
  const close = (): void => setAsked(undefined)
  const duplicate = useAct(
    async () => {
      const copy = await api.templates.duplicate(template.id, {})
      await navigate({ to: '/templates/$templateId', params: { templateId: copy.id } })
    },
    { done: 'This is the copy, as a draft.', refresh: ['templates'] },
  )
  const remove = useAct(
    async () => {
      await api.templates.delete(template.id)
      await navigate({ to: '/templates' })
    },
    { done: 'Deleted. It can be restored for 30 days.', refresh: ['templates'] },
  )
  return (
    <>
      <Button onClick={() => setAsked('rename')} disabledReason={mayNot}>
        Rename
      </Button>
      <Button onClick={() => void duplicate.run()} disabled={duplicate.isBusy} disabledReason={mayNot}>
        Duplicate
      </Button>
      <Button look="danger" onClick={() => setAsked('delete')} disabledReason={mayNot}>
        Delete
      </Button>
      {duplicate.failure !== undefined && (
        <p role="alert" className="w-full text-sm text-bad">
          {duplicate.failure}
        </p>
      )}
      {asked === 'rename' && <Rename template={template} onClose={close} />}
      {asked === 'delete' && (
        <Confirm
          title={`Delete ${template.name}`}
          action="Delete"
          danger
          typed={template.alias ?? template.name}
          onConfirm={() => remove.orThrow()}
          onClose={close}
        >
          Messages that name it are refused from now on. It can be restored for 30 days, with all its
          versions. What was sent stays as it is.
        </Confirm>
      )}
    </>
  )
}

function Rename({ template, onClose }: { readonly template: TemplateDetail; readonly onClose: () => void }) {
  const { api } = useSession()
  const [name, setName] = useState(template.name)
  const [alias, setAlias] = useState(template.alias ?? '')
  const act = useAct(
    () =>
      api.templates.update(template.id, {
        name: name.trim(),
        alias: alias.trim() === '' ? null : alias.trim(),
      }),
    { done: 'Renamed.', refresh: ['templates'] },
  )
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void act.run().then((isDone) => isDone && onClose())
  }
  return (
    <Dialog title="Rename the template" onClose={onClose}>
      <form onSubmit={submit}>
        <Field
          label="Name"
          name="name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          required
          maxLength={200}
          autoFocus
        />
        <Field
          label="Alias"
          name="alias"
          value={alias}
          onChange={(event) => setAlias(event.target.value)}
          maxLength={64}
          hint="Programs that call it by the old alias are refused from then on."
          problem={act.failure}
        />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="main" disabled={act.isBusy}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
