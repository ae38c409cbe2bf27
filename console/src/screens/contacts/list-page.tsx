import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { ContactList } from '@bulkhead/sdk'
import { formatCount } from '../../format.ts'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing, Loaded } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { TextArea } from '../../ui/text-area.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { wordsIn } from '../../words-in.ts'
import { contactQueries } from './contacts-queries.ts'
import { ContactsTable } from './contacts-table.tsx'
import { ListForm } from './list-form.tsx'

const ADDED_MAX = 1_000

/** One list: who is on it; putting on and taking off. */
export function ListPage({ id }: { readonly id: string }) {
  const { api } = useSession()
  const query = useQuery(contactQueries.list(api, id))
  return (
    <Page
      title={query.data?.name ?? 'List'}
      lead={
        query.data !== undefined && (
          <>
            {formatCount(query.data.contacts)} {query.data.contacts === 1 ? 'contact' : 'contacts'}
            {query.data.description !== null && ` · ${query.data.description}`} ·{' '}
            <code className="text-xs">{query.data.id}</code>
          </>
        )
      }
      back={
        <Link to="/contacts" search={{ view: 'lists' }} className={linkLook}>
          Lists
        </Link>
      }
      actions={query.data !== undefined && <Acts list={query.data} />}
    >
      <Loaded query={query} label="the list">
        {(list) => <Members list={list} />}
      </Loaded>
    </Page>
  )
}

function Members({ list }: { readonly list: ContactList }) {
  const { api } = useSession()
  const query = useInfiniteQuery(contactQueries.contacts(api, { listId: list.id }))
  const mayNot = useAllowed('contacts:write', 'write')
  const remove = useAct((contact: string) => api.lists.removeContacts(list.id, { contacts: [contact] }), {
    done: 'It is off the list; the contact stays.',
    refresh: ['contacts'],
  })
  return (
    <div className="rounded-lg border border-line bg-surface">
      {remove.failure !== undefined && (
        <p role="alert" className="px-4 pt-3 text-sm text-bad">
          {remove.failure}
        </p>
      )}
      <Listing
        query={query}
        label="contacts of the list"
        empty={<Empty title="Nobody is on it">Put contacts on it by their addresses.</Empty>}
      >
        {(rows) => (
          <ContactsTable
            rows={rows}
            act={(row) => (
              <Button
                look="quiet"
                className="h-7 px-2"
                disabled={remove.isBusy}
                disabledReason={mayNot}
                onClick={() => void remove.run(row.id)}
              >
                Take off
              </Button>
            )}
          />
        )}
      </Listing>
    </div>
  )
}

function Acts({ list }: { readonly list: ContactList }) {
  const { api } = useSession()
  const navigate = useNavigate()
  const mayNot = useAllowed('contacts:write', 'write')
  const [open, setOpen] = useState<'add' | 'edit' | 'delete'>()
  const close = (): void => setOpen(undefined)
  const remove = useAct(
    async () => {
      await api.lists.delete(list.id)
      await navigate({ to: '/contacts', search: { view: 'lists' } })
    },
    { done: 'The list is deleted; its contacts stay.', refresh: ['contacts'] },
  )
  return (
    <>
      <Button look="main" onClick={() => setOpen('add')} disabledReason={mayNot}>
        Put contacts on it
      </Button>
      <Button onClick={() => setOpen('edit')} disabledReason={mayNot}>
        Edit
      </Button>
      <Button look="danger" onClick={() => setOpen('delete')} disabledReason={mayNot}>
        Delete
      </Button>
      {open === 'add' && <AddContacts list={list} onClose={close} />}
      {open === 'edit' && <ListForm list={list} onClose={close} />}
      {open === 'delete' && (
        <Confirm
          title={`Delete ${list.name}?`}
          action="Delete it"
          danger
          onConfirm={() => remove.orThrow()}
          onClose={close}
        >
          The list is gone at once. Its {formatCount(list.contacts)} contacts stay; broadcasts that wait for
          it fail.
        </Confirm>
      )}
    </>
  )
}

function AddContacts({ list, onClose }: { readonly list: ContactList; readonly onClose: () => void }) {
  const { api } = useSession()
  const [text, setText] = useState('')
  const contacts = wordsIn(text)
  const act = useAct(() => api.lists.addContacts(list.id, { contacts }), {
    done: 'They are on the list.',
    refresh: ['contacts'],
  })
  return (
    <FormDialog
      title={`Put contacts on ${list.name}`}
      action={contacts.length > 1 ? `Put ${formatCount(contacts.length)} on it` : 'Put on it'}
      act={act}
      disabledReason={
        contacts.length === 0
          ? 'Write an address.'
          : contacts.length > ADDED_MAX
            ? 'At most 1,000 at a time.'
            : undefined
      }
      onClose={onClose}
    >
      <TextArea
        label="Addresses or ids of contacts"
        name="contacts"
        rows={5}
        autoFocus
        placeholder="ann@example.com"
        value={text}
        onChange={(event) => setText(event.target.value)}
        hint="One on each line, at most 1,000, all or none. Each is a contact already: where one is not, the answer says which."
      />
    </FormDialog>
  )
}
