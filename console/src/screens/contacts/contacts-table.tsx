import type { ReactNode } from 'react'
import type { Contact } from '@bulkhead/sdk'
import { Chip } from '../../ui/chip.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Time } from '../../ui/time.tsx'

/** Contacts as a list shows them; `act` is what can be done with each there. */
export function ContactsTable({
  rows,
  act,
}: {
  readonly rows: readonly Contact[]
  readonly act?: (row: Contact) => ReactNode
}) {
  return (
    <DataTable
      label="Contacts"
      rows={rows}
      rowKey={(row) => row.id}
      linkTo={(row) => ({ to: '/contacts', search: { id: row.id } })}
      columns={[
        { id: 'email', header: 'Address', cell: (row) => <span className="break-all">{row.email}</span> },
        { id: 'name', header: 'Name', hideBelow: 'sm', cell: (row) => nameOfContact(row) ?? '–' },
        { id: 'state', header: 'Broadcasts', hideBelow: 'sm', cell: (row) => <OptedOut contact={row} /> },
        { id: 'at', header: 'Added', hideBelow: 'md', cell: (row) => <Time at={row.createdAt} /> },
        ...(act === undefined ? [] : [{ id: 'act', header: '', align: 'end', cell: act } as const]),
      ]}
    />
  )
}

export function OptedOut({ contact }: { readonly contact: Contact }) {
  return contact.unsubscribed ? <Chip tone="warn">unsubscribed</Chip> : <Chip tone="ok">gets them</Chip>
}

export function nameOfContact({ firstName, lastName }: Contact): string | undefined {
  const name = [firstName, lastName].filter((part) => part !== null && part !== '').join(' ')
  return name === '' ? undefined : name
}
