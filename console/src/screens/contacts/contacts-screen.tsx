import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Guard } from '../../ui/guard.tsx'
import { PlusIcon } from '../../ui/icons.tsx'
import { Page } from '../../ui/page.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { useAllowed } from '../../ui/use-allowed.ts'
import { ContactForm } from './contact-form.tsx'
import { ContactPage } from './contact-page.tsx'
import { ContactsPart } from './contacts-part.tsx'
import type { ContactsSearch } from './contacts-search.ts'
import { ListForm } from './list-form.tsx'
import { ListPage } from './list-page.tsx'
import { ListsPart } from './lists-part.tsx'

const TABS = [
  { name: 'contacts', label: 'Contacts' },
  { name: 'lists', label: 'Lists' },
] as const

/** People whom the workspace writes to, and the lists they are on. */
export function ContactsScreen() {
  const search = useSearch({ from: '/contacts' })
  return (
    <Guard scope="contacts:read" what="the contacts" title="Contacts">
      {search.id !== undefined ? (
        <ContactPage key={search.id} id={search.id} />
      ) : search.list !== undefined ? (
        <ListPage key={search.list} id={search.list} />
      ) : (
        <Overview search={search} />
      )}
    </Guard>
  )
}

function Overview({ search }: { readonly search: ContactsSearch }) {
  const navigate = useNavigate()
  const mayNot = useAllowed('contacts:write', 'write')
  const [isNew, setIsNew] = useState(false)
  const tab = search.view ?? 'contacts'
  return (
    <Page
      title="Contacts"
      lead="People whom broadcasts go to, and the lists they are on. What is known of them is stored sealed; at most 20,000 are read in an hour."
      actions={
        <Button look="main" onClick={() => setIsNew(true)} disabledReason={mayNot}>
          <PlusIcon className="size-3.5" /> {tab === 'lists' ? 'New list' : 'New contact'}
        </Button>
      }
    >
      <div className="border-b border-line">
        <Tabs
          label="Contacts or lists"
          tabs={TABS}
          chosen={tab}
          onChoose={(name) =>
            void navigate({ to: '/contacts', search: name === 'lists' ? { view: 'lists' } : {} })
          }
          idPrefix="contacts"
        />
      </div>
      <div
        id="contacts-panel"
        role="tabpanel"
        aria-labelledby={`contacts-tab-${tab}`}
        className="flex flex-col gap-4"
      >
        {tab === 'lists' ? <ListsPart /> : <ContactsPart search={search} />}
      </div>
      {isNew && tab === 'lists' && <ListForm onClose={() => setIsNew(false)} />}
      {isNew && tab === 'contacts' && <ContactForm onClose={() => setIsNew(false)} />}
    </Page>
  )
}
