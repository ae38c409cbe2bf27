import { useState } from 'react'
import type { ContactList } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Field } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { TextArea } from '../../ui/text-area.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'

/** Makes a list, or renames one. */
export function ListForm({ list, onClose }: { readonly list?: ContactList; readonly onClose: () => void }) {
  const { api } = useSession()
  const [name, setName] = useState(list?.name ?? '')
  const [description, setDescription] = useState(list?.description ?? '')
  const act = useAct(
    () =>
      list === undefined
        ? api.lists.create({
            name: name.trim(),
            ...(description.trim() === '' ? {} : { description: description.trim() }),
          })
        : api.lists.update(list.id, {
            name: name.trim(),
            description: description.trim() === '' ? null : description.trim(),
          }),
    { done: list === undefined ? 'The list is there.' : 'Saved.', refresh: ['contacts'] },
  )
  return (
    <FormDialog
      title={list === undefined ? 'New list' : 'Edit the list'}
      action={list === undefined ? 'Make the list' : 'Save'}
      act={act}
      onClose={onClose}
    >
      <Field
        label="Name"
        name="name"
        required
        maxLength={200}
        autoFocus
        placeholder="Newsletter"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <TextArea
        label="Description (optional)"
        name="description"
        rows={2}
        maxLength={1000}
        value={description}
        onChange={(event) => setDescription(event.target.value)}
        hint="For people of the workspace."
      />
    </FormDialog>
  )
}
