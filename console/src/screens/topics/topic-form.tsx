import { useState } from 'react'
import type { Topic } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Check } from '../../ui/check.tsx'
import { Field } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { TextArea } from '../../ui/text-area.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'

/** Makes a topic, or changes one. Recipients read its name and description where they leave it. */
export function TopicForm({ topic, onClose }: { readonly topic?: Topic; readonly onClose: () => void }) {
  const { api } = useSession()
  const [name, setName] = useState(topic?.name ?? '')
  const [description, setDescription] = useState(topic?.description ?? '')
  const [isDefault, setIsDefault] = useState(topic?.isDefault ?? false)
  const values = { name: name.trim(), description: description.trim(), isDefault }
  const act = useAct(
    () => (topic === undefined ? api.topics.create(values) : api.topics.update(topic.id, values)),
    { done: topic === undefined ? 'The topic is there.' : 'Saved.', refresh: ['topics'] },
  )
  return (
    <FormDialog
      title={topic === undefined ? 'New topic' : 'Edit the topic'}
      action={topic === undefined ? 'Make the topic' : 'Save'}
      act={act}
      onClose={onClose}
    >
      <Field
        label="Name"
        name="name"
        required
        maxLength={100}
        autoFocus
        placeholder="Product news"
        value={name}
        onChange={(event) => setName(event.target.value)}
        hint="Recipients see it where they unsubscribe."
      />
      <TextArea
        label="Description (optional)"
        name="description"
        rows={2}
        maxLength={500}
        value={description}
        onChange={(event) => setDescription(event.target.value)}
        hint="Shown to recipients too."
      />
      <div className="mb-4">
        <Check
          label="The default topic"
          hint="What “topic”: “default” of a message means; it takes the place of the one before."
          checked={isDefault}
          onChange={setIsDefault}
        />
      </div>
    </FormDialog>
  )
}
