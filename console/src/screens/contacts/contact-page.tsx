import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { Contact } from '@bulkhead/sdk'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { EditAndDelete } from '../../ui/edit-and-delete.tsx'
import { Facts } from '../../ui/facts.tsx'
import { linkLook } from '../../ui/link.ts'
import { Listing, Loaded } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel, Row } from '../../ui/panel.tsx'
import { Time } from '../../ui/time.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { useAct } from '../../ui/use-mutation-act.ts'
import { ContactForm } from './contact-form.tsx'
import { contactQueries } from './contacts-queries.ts'
import { nameOfContact, OptedOut } from './contacts-table.tsx'

/** One person: what is known, whether broadcasts go there, the lists. */
export function ContactPage({ id }: { readonly id: string }) {
  const { api } = useSession()
  const query = useQuery(contactQueries.contact(api, id))
  return (
    <Page
      title={query.data?.email ?? 'Contact'}
      lead={query.data === undefined ? undefined : nameOfContact(query.data)}
      width="reading"
      back={
        <Link to="/contacts" className={linkLook}>
          Contacts
        </Link>
      }
      actions={query.data !== undefined && <Acts contact={query.data} />}
    >
      <Loaded query={query} label="the contact">
        {(contact) => (
          <>
            <Panel title="What is known">
              <Facts
                rows={[
                  ['Broadcasts', <OptedOut key="out" contact={contact} />],
                  ...(contact.unsubscribedAt === null
                    ? []
                    : ([['Unsubscribed', <Time key="since" at={contact.unsubscribedAt} />]] as const)),
                  ...Object.entries(contact.attributes).map(
                    ([name, value]) => [name, String(value)] as const,
                  ),
                  ['Added', <Time key="added" at={contact.createdAt} />],
                  ['Changed', <Time key="changed" at={contact.updatedAt} />],
                  ['Id', <code key="id">{contact.id}</code>],
                ]}
              />
            </Panel>
            <ListsOf contact={contact} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

function ListsOf({ contact }: { readonly contact: Contact }) {
  const { api } = useSession()
  const query = useInfiniteQuery(contactQueries.listsOf(api, contact.id))
  const mayNot = useAllowed('contacts:write', 'write')
  const remove = useAct((list: string) => api.lists.removeContacts(list, { contacts: [contact.id] }), {
    done: 'It is not on the list any more.',
    refresh: ['contacts'],
  })
  return (
    <Panel title="On these lists">
      {remove.failure !== undefined && (
        <p role="alert" className="px-4 pt-3 text-sm text-bad">
          {remove.failure}
        </p>
      )}
      <Listing
        query={query}
        label="lists"
        empty={<p className="p-4 text-sm text-muted">On none. The page of a list puts people on it.</p>}
      >
        {(rows) => (
          <ul>
            {rows.map((list) => (
              <Row
                key={list.id}
                title={
                  <Link to="/contacts" search={{ list: list.id }} className={linkLook}>
                    {list.name}
                  </Link>
                }
                detail={list.description ?? undefined}
                action={
                  <Button
                    look="quiet"
                    className="h-7 px-2"
                    disabled={remove.isBusy}
                    disabledReason={mayNot}
                    onClick={() => void remove.run(list.id)}
                  >
                    Take off
                  </Button>
                }
              />
            ))}
          </ul>
        )}
      </Listing>
    </Panel>
  )
}

function Acts({ contact }: { readonly contact: Contact }) {
  const { api } = useSession()
  const navigate = useNavigate()
  const mayNot = useAllowed('contacts:write', 'write')
  const remove = useAct(
    async () => {
      await api.contacts.delete(contact.id)
      await navigate({ to: '/contacts' })
    },
    { done: 'The contact is deleted.', refresh: ['contacts'] },
  )
  return (
    <EditAndDelete
      mayNot={mayNot}
      form={(close) => <ContactForm contact={contact} onClose={close} />}
      title="Delete this contact?"
      action="Delete it"
      onDelete={() => remove.orThrow()}
    >
      <span className="break-all">{contact.email}</span> is on no list any more, and what was known is gone.
      {contact.unsubscribed &&
        ' Because it is unsubscribed, its address goes on the suppression list, so that it stays so.'}
    </EditAndDelete>
  )
}
