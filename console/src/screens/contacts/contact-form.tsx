import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Contact } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Check } from '../../ui/check.tsx'
import { Field, Select } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { TextArea } from '../../ui/text-area.tsx'
import { useAct } from '../../ui/use-mutation-act.ts'
import { changesOf, readAttributes, writeAttributes } from './attributes.ts'
import { contactQueries } from './contacts-queries.ts'

/** Adds somebody, or changes what is known of somebody. */
export function ContactForm({
  contact,
  onClose,
}: {
  readonly contact?: Contact
  readonly onClose: () => void
}) {
  const { api } = useSession()
  const [email, setEmail] = useState(contact?.email ?? '')
  const [firstName, setFirstName] = useState(contact?.firstName ?? '')
  const [lastName, setLastName] = useState(contact?.lastName ?? '')
  const [text, setText] = useState(() => writeAttributes(contact?.attributes ?? {}))
  const [unsubscribed, setUnsubscribed] = useState(contact?.unsubscribed ?? false)
  const [list, setList] = useState('')
  const read = readAttributes(text)
  const act = useAct(
    async () => {
      if (read.problem !== undefined) throw new Error(read.problem)
      const attributes = read.attributes
      if (contact === undefined)
        return api.contacts.create({
          email: email.trim(),
          ...(firstName.trim() === '' ? {} : { firstName: firstName.trim() }),
          ...(lastName.trim() === '' ? {} : { lastName: lastName.trim() }),
          attributes,
          unsubscribed,
          ...(list === '' ? {} : { lists: [list] }),
        })
      return api.contacts.update(contact.id, {
        ...(email.trim() === contact.email ? {} : { email: email.trim() }),
        firstName: firstName.trim() === '' ? null : firstName.trim(),
        lastName: lastName.trim() === '' ? null : lastName.trim(),
        attributes: changesOf(contact.attributes, attributes),
        ...(unsubscribed === contact.unsubscribed ? {} : { unsubscribed }),
      })
    },
    { done: contact === undefined ? 'The contact is added.' : 'Saved.', refresh: ['contacts'] },
  )
  return (
    <FormDialog
      title={contact === undefined ? 'New contact' : 'Edit the contact'}
      action={contact === undefined ? 'Add the contact' : 'Save'}
      act={act}
      disabledReason={read.problem}
      onClose={onClose}
    >
      <Field
        label="Address"
        name="email"
        required
        maxLength={1016}
        autoFocus={contact === undefined}
        placeholder="ann@example.com"
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <div className="grid gap-x-4 sm:grid-cols-2">
        <Field
          label="First name"
          name="firstName"
          maxLength={200}
          value={firstName}
          onChange={(event) => setFirstName(event.target.value)}
        />
        <Field
          label="Last name"
          name="lastName"
          maxLength={200}
          value={lastName}
          onChange={(event) => setLastName(event.target.value)}
        />
      </div>
      <TextArea
        label="Attributes (optional)"
        name="attributes"
        rows={3}
        placeholder={'plan = gold\nseats = 3'}
        value={text}
        onChange={(event) => setText(event.target.value)}
        hint="For templates: a name, = and a value on each line. Numbers, true and false are taken as such; put text in quotes to keep it text."
        problem={read.problem}
        className="font-mono"
      />
      {contact === undefined && <ListChoice list={list} onChange={setList} />}
      <div className="mb-4">
        <Check
          label="Unsubscribed"
          hint="No broadcast goes there. What the person said is not taken back here."
          checked={unsubscribed}
          onChange={setUnsubscribed}
        />
      </div>
    </FormDialog>
  )
}

function ListChoice({
  list,
  onChange,
}: {
  readonly list: string
  readonly onChange: (list: string) => void
}) {
  const { api } = useSession()
  const query = useInfiniteQuery(contactQueries.lists(api))
  const lists = query.data?.pages.flatMap(({ data }) => data) ?? []
  if (lists.length === 0) return null
  return (
    <div className="mb-4">
      <Select label="Put on the list" value={list} onChange={(event) => onChange(event.target.value)}>
        <option value="">none</option>
        {lists.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </Select>
    </div>
  )
}
