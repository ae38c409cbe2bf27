import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useSession } from '../../session/session.ts'
import { Button } from '../../ui/button.tsx'
import { Guard, useMay } from '../../ui/guard.tsx'
import { LockIcon } from '../../ui/icons.tsx'
import { Listing } from '../../ui/listing.tsx'
import { Page } from '../../ui/page.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Empty } from '../../ui/states.tsx'
import { ContainForm } from './contain-form.tsx'
import { ContainmentRow } from './containment-row.tsx'
import { containmentQueries } from './containment-queries.ts'

/** What is cut off, and the way to cut off and to lift. */
export function ContainmentScreen() {
  const { contain } = useSearch({ from: '/security/containment' })
  const navigate = useNavigate({ from: '/security/containment' })
  const [isOpen, setIsOpen] = useState(contain !== undefined)
  const mayNot = useMay('containments:write')
  const close = (): void => {
    setIsOpen(false)
    void navigate({ search: {}, replace: true })
  }
  return (
    <Page
      title="Containment"
      lead="Cut something off, for a time and with a reason. Nothing else changes, and a lift restores exactly what was."
      actions={
        !isOpen && (
          <Button look="danger" onClick={() => setIsOpen(true)} disabledReason={mayNot}>
            <LockIcon /> Contain
          </Button>
        )
      }
    >
      <Guard scope="containments:read" what="what is contained">
        {isOpen && mayNot === undefined && (
          <ContainForm key={contain ?? ''} credential={contain} onClose={close} />
        )}
        <Containments />
      </Guard>
    </Page>
  )
}

function Containments() {
  const { api } = useSession()
  const query = useInfiniteQuery(containmentQueries.list(api))
  return (
    <Panel title="Containments" lead="Newest first. Two people end one: the first asks, the second lifts.">
      <Listing
        query={query}
        label="containments"
        empty={
          <Empty icon={<LockIcon className="size-6" />} title="Nothing is cut off">
            And nothing ever was. If a key leaks or an account behaves strangely, contain it here first and
            look into it afterwards: accepted mail waits and is not lost.
          </Empty>
        }
      >
        {(rows) => (
          <ul aria-label="Containments, newest first">
            {rows.map((row) => (
              <ContainmentRow key={row.id} containment={row} />
            ))}
          </ul>
        )}
      </Listing>
    </Panel>
  )
}
